import numpy as np
import pytest

from silversmith.core import ConfigError, DataError, Document, Span
from silversmith.silver.agreement import Agreement, count_agreement

TEXT = "abcdefghij" * 60


def documents(sets, text=TEXT):
    """One document of one-character spans for each set of positions."""
    return [[Document("a", text, tuple(Span(at, at + 1, "X") for at in sorted(one)))] for one in sets]


def independent(gold, recalls, spurious, seed=0):
    """Sets that find each of `gold` spans with their recall, and have false ones of their own."""
    rng = np.random.default_rng(seed)
    sets, free = [], gold
    for recall, false in zip(recalls, spurious, strict=True):
        found = set(np.flatnonzero(rng.random(gold) < recall).tolist())
        sets.append(found | set(range(free, free + false)))
        free += false
    return sets


def test_patterns():
    agreement = count_agreement(documents([{0, 1, 2}, {1, 2, 3}, {2, 9}]))
    assert agreement.patterns == {
        ("X", 0b001): 1,
        ("X", 0b011): 1,
        ("X", 0b111): 1,
        ("X", 0b010): 1,
        ("X", 0b100): 1,
    }
    assert (agreement.shared(0), agreement.shared(0, 1), agreement.shared(0, 1, 2)) == (3, 2, 1)
    assert (agreement + agreement).shared(1) == 6
    assert agreement.types == ("X",)
    assert agreement.only("Y").patterns == {}


def test_closed_form_by_hand():
    """m12 = 8, m13 = 6, m23 = 6, m123 = 4, n1 = 20: found 4/6, precision 48/80."""
    patterns = {("X", 0b111): 4, ("X", 0b011): 4, ("X", 0b101): 2, ("X", 0b110): 2, ("X", 0b001): 10}
    ratios = Agreement(3, patterns).ratios(0)
    assert ratios.found == ratios.recall == 4 / 6
    assert ratios.precision == 8 * 6 / (4 * 20)
    assert ratios.confirmed == (8 + 6) / 40
    assert (ratios.spans, ratios.agreed) == (20, 6)


@pytest.mark.parametrize("recalls", [(0.7, 0.5, 0.6), (0.9, 0.3, 0.5), (0.6, 0.6, 0.6, 0.4)])
def test_independent_errors_are_seen_through(recalls):
    spurious = (60, 20, 100, 10)[: len(recalls)]
    gold = 500
    sets = independent(gold, recalls, spurious)
    agreement = count_agreement(documents(sets, "x" * 900))
    for at, (mine, false) in enumerate(zip(sets, spurious, strict=True)):
        ratios = agreement.ratios(at)
        assert ratios.recall == pytest.approx((len(mine) - false) / gold, abs=0.07)
        assert ratios.precision == pytest.approx(1 - false / len(mine), abs=0.1)


def test_nothing_in_common():
    ratios = count_agreement(documents([{0}, {1}, set()])).ratios(2)
    assert (ratios.precision, ratios.recall, ratios.confirmed, ratios.spans) == (0, 0, 0, 0)


def test_wrong_type_is_no_agreement():
    sets = [[Document("a", "ab", (Span(0, 1, label),))] for label in ("X", "X", "Y")]
    assert count_agreement(sets).shared(0, 2) == 0


def test_order_of_documents_does_not_matter():
    first = [Document("a", "ab", (Span(0, 1, "X"),)), Document("b", "cd", (Span(0, 1, "X"),))]
    assert count_agreement([first, first[::-1], first]).patterns == {("X", 0b111): 2}


def test_refusals():
    one = [Document("a", "ab")]
    for number in (1, 17):
        with pytest.raises(ConfigError, match="Q001"):
            count_agreement([one] * number)
    with pytest.raises(ConfigError, match="Q001"):
        count_agreement([one, one]).ratios()
    with pytest.raises(DataError, match=r"Q002.*'b'"):
        count_agreement([one, [Document("b", "ab")]])
    with pytest.raises(DataError, match="Q002"):
        count_agreement([[*one, Document("b", "ab")], one])
    with pytest.raises(DataError, match=r"Q003.*'a'"):
        count_agreement([one, [Document("a", "ax")]])
