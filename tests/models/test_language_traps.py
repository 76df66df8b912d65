"""Each known trap, put back into the language model's hooks, is seen by a check that passes without it."""

import pytest
from language_traps import LANGUAGE_TRAPS, run


@pytest.mark.parametrize(
    "trap", LANGUAGE_TRAPS, ids=lambda trap: f"{trap.number}-{trap.name.replace(' ', '-')}"
)
def test_trap_is_seen(trap):
    before, after = run(trap)
    assert before == []
    assert after != []
