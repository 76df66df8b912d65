import json
import warnings
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nervaluate import Evaluator
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

from silversmith.core import Document, Span
from silversmith.evaluation import (
    document_counts,
    evaluate,
    exact_counts,
    iou_counts,
    muc_counts,
    pair_documents,
    score,
    token_counts,
)
from silversmith.evaluation.counts import Counts

WORDS = 12
TEXT = " ".join("w" * WORDS)
RULES = {
    "exact": exact_counts,
    "iou": partial(iou_counts, threshold=0.5),
    "muc": muc_counts,
    "muc7": partial(muc_counts, variant="muc7"),
    "tokens": token_counts,
}


@st.composite
def flat_documents(draw, size=3):
    """Documents whose spans don't overlap, on the same text."""
    documents = []
    for number in range(size):
        spans, at = [], 0
        for gap, length, label in draw(
            st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("XYZ")), max_size=5)
        ):
            start = at + gap
            if start + length > WORDS:
                break
            spans.append(Span(2 * start, 2 * (start + length) - 1, label))
            at = start + length
        documents.append(Document(str(number), TEXT, tuple(spans)))
    return documents


def as_tags(document):
    tags = ["O"] * WORDS
    for span in document.spans:
        words = range(span.start // 2, (span.end + 1) // 2)
        for at in words:
            tags[at] = ("B-" if at == words[0] else "I-") + span.label
    return tags


@given(flat_documents(), flat_documents())
def test_exact_scores_equal_seqeval(gold, predicted):
    ours = evaluate(gold, predicted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns of 0/0
        for average in ("micro", "macro", "weighted"):
            theirs = precision_recall_fscore_support(
                [as_tags(one) for one in gold],
                [as_tags(one) for one in predicted],
                average=average,
                zero_division=0,
            )
            mine = getattr(ours, average)
            if ours.types:
                assert (mine.precision, mine.recall, mine.f1) == pytest.approx(theirs[:3])


@given(flat_documents(), flat_documents())
def test_exact_counts_equal_nervaluate(gold, predicted):
    sides = [
        [[{"label": s.label, "start": s.start, "end": s.end - 1} for s in one.spans] for one in side]
        for side in (gold, predicted)
    ]
    theirs = Evaluator(*sides, tags=["X", "Y", "Z"], loader="dict").evaluate()
    counts = evaluate(gold, predicted).counts
    assert sum(counts.tp.values()) == theirs["overall"]["strict"].correct
    for name in counts.types:
        one = theirs["entities"][name]["strict"]
        assert (counts.tp[name], counts.fp[name], counts.fn[name]) == (
            one.correct,
            one.actual - one.correct,
            one.possible - one.correct,
        )


@given(flat_documents(), st.sampled_from(sorted(RULES)))
def test_identity_is_perfect(gold, rule):
    scores = score(RULES[rule](pair_documents(gold, gold)))
    for one in (
        *scores.types.values(),
        *((scores.micro, scores.macro, scores.weighted) if scores.types else ()),
    ):
        assert one.precision == one.recall == one.f1 == pytest.approx(1)


@given(flat_documents(), flat_documents(), st.sampled_from(sorted(RULES)))
def test_swapping_the_sides_swaps_precision_and_recall(gold, predicted, rule):
    there = score(RULES[rule](pair_documents(gold, predicted)))
    back = score(RULES[rule](pair_documents(predicted, gold)))
    assert there.micro.precision == back.micro.recall
    assert there.micro.f1 == back.micro.f1
    assert {name: one.precision for name, one in there.types.items()} == {
        name: one.recall for name, one in back.types.items()
    }


@given(flat_documents(), flat_documents(), st.integers(0, 3), st.sampled_from(sorted(RULES)))
def test_shards_add_up(gold, predicted, cut, rule):
    pairs = list(pair_documents(gold, predicted))
    count = RULES[rule]
    assert count(pairs[:cut]) + count(pairs[cut:]) == count(pairs)
    apart = document_counts(pairs[:cut], count) + document_counts(pairs[cut:], count)
    assert len(apart.table) == len(pairs)
    assert apart.total() == count(pairs) == document_counts(pairs, count).total()


@given(flat_documents(), flat_documents())
def test_a_looser_threshold_never_loses_a_match(gold, predicted):
    pairs = list(pair_documents(gold, predicted))
    hits = [sum(iou_counts(pairs, threshold).tp.values()) for threshold in (0.1, 0.3, 0.5, 0.7, 1)]
    assert hits == sorted(hits, reverse=True)


def test_summaries_by_hand():
    scores = score(Counts({"A": 8, "B": 1}, {"A": 2, "B": 0}, {"A": 0, "B": 9}))
    assert scores.types["A"].f1 == pytest.approx(16 / 18)
    assert scores.types["B"].f1 == pytest.approx(2 / 11)
    assert scores.micro.f1 == pytest.approx(18 / 29)
    assert scores.macro.f1 == pytest.approx((16 / 18 + 2 / 11) / 2)
    assert scores.weighted.f1 == pytest.approx((8 * 16 / 18 + 10 * 2 / 11) / 18)
    weighted = scores.weighted
    harmonic = 2 * weighted.precision * weighted.recall / (weighted.precision + weighted.recall)
    assert weighted.f1 != pytest.approx(harmonic)


def test_a_type_that_only_one_side_has():
    gold = [Document("a", TEXT, (Span(0, 1, "X"),))]
    predicted = [Document("a", TEXT, (Span(0, 1, "Y"),))]
    scores = evaluate(gold, predicted)
    assert (scores.types["X"].recall, scores.types["Y"].precision) == (0, 0)
    assert (scores.types["Y"].gold, scores.types["Y"].predicted) == (0, 1)
    assert list(evaluate(gold, predicted, types=["X"]).types) == ["X"]


def test_nothing_at_all_is_zero_without_a_warning():
    scores = evaluate([Document("a", TEXT)], [Document("a", TEXT)])
    assert scores.micro.f1 == scores.macro.f1 == scores.weighted.f1 == 0
    assert scores.types == {}


def test_scores_are_json():
    document = Document("a", TEXT, (Span(0, 1, "X"),))
    value = json.loads(json.dumps(evaluate([document], [document], iou=0.5).to_json()))
    assert value["matching"] == "iou 0.5 (words)"
    assert value["types"]["X"] == {"precision": 1, "recall": 1, "f1": 1, "gold": 1, "predicted": 1}
    assert value["counts"]["tp"] == {"X": 1}
