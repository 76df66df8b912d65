from collections import Counter

import pytest
from silver_toy import corpus

from silversmith.core import ConfigError, DataError, Document, Span
from silversmith.silver import draw_gold, mix, stratified_ids

GOLD = corpus(20, seed=1)
SILVER = [one.with_spans(one.spans[:1]) for one in GOLD]


def test_replacing_keeps_places_and_texts():
    part = draw_gold(GOLD, 0.3)
    mixed = list(mix(SILVER, part))
    chosen = {one.id for one in part}
    assert [one.id for one in mixed] == [one.id for one in SILVER]
    assert len(chosen) == 6
    for one, silver, gold in zip(mixed, SILVER, GOLD, strict=True):
        assert one.spans == (gold if one.id in chosen else silver).spans
        assert one.meta["origin"] == ("gold" if one.id in chosen else "silver")


def test_gold_that_silver_lacks_comes_last():
    mixed = list(mix(SILVER[:2], GOLD[1:3]))
    assert [(one.id, one.meta["origin"]) for one in mixed] == [
        ("d0", "silver"), ("d1", "gold"), ("d2", "gold")
    ]  # fmt: skip


def test_concatenation_keeps_both():
    mixed = list(mix(SILVER, GOLD[:2], "concatenate"))
    assert len(mixed) == 22
    assert [one.id for one in mixed[-2:]] == ["d0#gold", "d1#gold"]
    assert len({one.id for one in mixed}) == 22


def test_draws_hang_on_ids_alone_and_grow():
    small, large = ({one.id for one in draw_gold(GOLD, share)} for share in (0.1, 0.3))
    assert small < large
    assert {one.id for one in draw_gold(GOLD[::-1], 0.1)} == small
    assert {one.id for one in draw_gold(GOLD, 0.1, seed=1)} != small
    assert draw_gold(GOLD, 0) == []
    assert len(draw_gold(GOLD, 1)) == 20


def test_stratified_fills_the_types_that_gold_lacks():
    gold = [Document("g", "x" * 40, tuple(Span(at, at + 1, "PER") for at in range(6)))]
    rich = [Document(f"m{at}", "x" * 40, tuple(Span(i, i + 1, "MISC") for i in range(3))) for at in range(5)]
    poor = [Document(f"p{at}", "x" * 40, tuple(Span(i, i + 1, "PER") for i in range(3))) for at in range(5)]
    mixed = list(mix([*poor, *rich], gold, "stratified"))
    assert Counter(span.label for one in mixed for span in one.spans) == {"PER": 6, "MISC": 6}
    assert [one.meta["origin"] for one in mixed] == ["gold", "silver", "silver"]
    assert stratified_ids({"PER": 6}, [("m", {"MISC": 3}), ("p", {"PER": 3})], {"PER": 9}) == {"p"}
    assert stratified_ids({"PER": 6}, [("half", {"MISC": 2, "PER": 3})]) == frozenset()


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_shares_outside(share):
    with pytest.raises(ConfigError, match="N005"):
        draw_gold(GOLD, share)


def test_refusals():
    with pytest.raises(ConfigError, match="N006"):
        list(mix(SILVER, GOLD, "shuffle"))
    with pytest.raises(DataError, match="N007"):
        list(mix([*SILVER, SILVER[0]], GOLD))
