import json

from silversmith.core import Document, Span, Vote
from silversmith.evaluation import error_table, noise_profile

TEXT = "the cruiser Bogatyr met Ann near Rome in May"


def span(words, label, **more):
    start = TEXT.index(words)
    return Span(start, start + len(words), label, **more)


GOLD = Document(
    "a", TEXT, (span("Bogatyr", "MISC"), span("Ann", "PER"), span("Rome", "LOC"), span("May", "TIME"))
)
SILVER = Document(
    "a",
    TEXT,
    (
        span("the cruiser Bogatyr", "PER", score=0.85),
        span("Ann", "LOC"),
        span("near Rome", "LOC"),
        span("met", "PER"),
    ),
)


def test_error_table_names_the_papers_kinds():
    vote = Vote("a", 0, 19, {"PER": 0.85, "MISC": 0.1}, "test")
    table = error_table([(GOLD, SILVER)], [vote])
    assert table.kinds == {
        "correct": 0,
        "wrong_boundary": 1,
        "wrong_type": 1,
        "wrong_both": 1,
        "missing": 1,
        "spurious": 1,
    }
    assert (table.double, table.false_positives, table.false_negatives) == (3, 4, 4)
    row = next(row for row in table.rows if row.kind == "wrong_both")
    assert row.comment == "typing contamination"
    assert (row.predicted, row.gold, row.predicted_label, row.gold_label) == (
        "the cruiser Bogatyr",
        "Bogatyr",
        "PER",
        "MISC",
    )
    assert (row.p_predicted, row.p_gold, row.iou) == (0.85, 0.1, 1 / 3)
    json.dumps(table.to_json())


def test_error_table_without_votes_knows_the_spans_own_score():
    rows = {row.kind: row for row in error_table([(GOLD, SILVER)]).rows}
    assert (rows["wrong_both"].p_predicted, rows["wrong_both"].p_gold) == (0.85, None)
    assert rows["missing"].predicted is None


def test_error_table_keeps_only_what_is_asked_for():
    table = error_table([(GOLD, SILVER)] * 3, kinds=["spurious"], limit=2)
    assert [row.kind for row in table.rows] == ["spurious"] * 2
    assert table.kinds["spurious"] == 3


def test_profile_by_type():
    profile = noise_profile([(GOLD, SILVER)])
    types = profile.types
    assert (types["MISC"].gold, types["MISC"].wrong_both, types["MISC"].silver) == (1, 1, 0)
    assert (types["PER"].wrong_type, types["PER"].spurious, types["PER"].stolen) == (1, 1, 1)
    assert (types["LOC"].wrong_boundary, types["LOC"].silver, types["LOC"].stolen) == (1, 2, 1)
    assert types["TIME"].rates()["missing"] == 1
    assert profile.confusion == {("MISC", "PER"): 1, ("PER", "LOC"): 1}
    assert profile.shifts == {(-12, 0): 1, (-5, 0): 1}
    total = profile.total
    parts = (total.correct, total.wrong_boundary, total.wrong_type, total.wrong_both, total.missing)
    assert sum(parts) == total.gold == 4
    assert sum(parts[:4]) + total.spurious == total.silver == 4


def test_profile_of_gold_is_clean():
    profile = noise_profile([(GOLD, GOLD)])
    assert profile.total.correct == profile.total.gold == profile.total.silver == 4
    assert not any(profile.total.rates().values())
    assert profile.examples == ()


def test_profiles_add_up():
    pairs = [(GOLD, SILVER), (SILVER, GOLD), (GOLD, Document("a", TEXT))]
    together = noise_profile(pairs)
    assert noise_profile(pairs[:1]) + noise_profile(pairs[1:]) == together
    assert (together.documents, together.empty) == (3, 1)
    json.dumps(together.to_json())


def test_examples_are_few_of_each_kind_and_type():
    profile = noise_profile([(GOLD, SILVER)] * 20, examples=2)
    assert len(profile.examples) == 2 * 5
