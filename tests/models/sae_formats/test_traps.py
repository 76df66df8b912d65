"""Each known trap, put back into the loader, is seen by a check that passes without it."""

import pytest
from sae_traps import LOADER_TRAPS, run


@pytest.mark.parametrize(
    "trap", LOADER_TRAPS, ids=lambda trap: f"{trap.number}-{trap.name.replace(' ', '-')}"
)
def test_trap_is_seen(trap, tmp_path):
    before, after = run(trap, tmp_path)
    assert before == []
    assert after != []
