"""Blocks and the door for plugins."""

from __future__ import annotations

import pytest

from silversmith.core import BLOCK, ConfigError, blocks, find_source, source_names


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 10])
def test_blocks_keep_every_item_in_order(count):
    made = list(blocks(range(count), 5))
    assert [item for block in made for item in block] == list(range(count))
    assert all(len(block) == 5 for block in made[:-1])


def test_blocks_read_no_further_than_asked():
    items = iter(range(100))
    next(blocks(items, 5))
    assert next(items) == 5


def test_the_house_block():
    assert BLOCK == 256


def test_unknown_sources_are_refused_with_the_valid_names():
    assert "features" in source_names()
    with pytest.raises(ConfigError, match=r'C010.*did you mean "features"'):
        find_source("feature")
