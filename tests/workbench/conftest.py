"""A review."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def store(tmp_path):
    from review_silver import silver

    from silversmith.workbench.store import Store

    return Store.create(tmp_path / "review.sqlite", silver())
