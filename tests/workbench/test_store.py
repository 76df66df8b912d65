"""Decisions: order, undo, all alike, two people, a kill, what comes out."""

import multiprocessing
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silversmith.core import ConfigError, DataError, Document, Span
from silversmith.workbench.estimates import precision
from silversmith.workbench.exports import answers, reviewed, terms
from silversmith.workbench.store import Decision, Store


def labels(store):
    return [[(one.text[s.start : s.end], s.label, s.score) for s in one.spans] for one in reviewed(store)]


def test_the_least_certain_first(store):
    seen = []
    while (case := store.next("me")) is not None:
        seen.append(case.certainty)
        store.decide([Decision(case.number, "accept")], "me")
    assert len(seen) == 36
    assert seen == sorted(seen)
    assert store.progress().decided == 36


def test_decisions_show_in_the_export(store):
    case = store.next("me")
    assert case.label == "PER"
    store.decide([Decision(case.number, "change", "MISC", case.start - 2, case.end)], "me")
    second = store.next("me")
    store.decide([Decision(second.number, "reject")], "me")
    third = store.next("me")
    store.decide([Decision(third.number, "accept")], "me")
    found = [one for some in labels(store) for one in some]
    assert ("😀 Anna", "MISC", 1.0) in found
    assert len(found) == 35
    assert [one.action for _, one in answers(store)] == ["change", "reject", "accept"]
    assert set(terms(store)) == {("😀 Anna", "MISC", True), ("Anna", "PER", False), ("Anna", "PER", True)}


def test_undo_takes_back_step_by_step_and_only_ones_own(store):
    one = store.next("ann")
    store.decide([Decision(one.number, "reject")], "ann")
    other = store.next("bob")
    store.decide([Decision(other.number, "accept")], "bob")
    assert store.undo("ann") == [one.number]
    assert store.undo("ann") == []
    assert store.progress().accepted == 1
    assert store.next("ann").number == one.number


def test_all_alike_are_one_step(store):
    case = next(c for c in iter(lambda: store.next("me"), None) if c.label == "PER")
    alike = store.similar(case.number)
    assert len(alike) == case.similar == 12
    store.decide([Decision(one.number, "reject") for one in alike], "me")
    assert store.progress().rejected == 12
    assert len(store.undo("me")) == 12
    assert store.progress().decided == 0


def test_two_people_do_not_see_one_span(store):
    assert store.next("ann").number != store.next("bob").number
    mine = store.next("ann")
    assert store.next("ann", after=mine.number).number != mine.number


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (Decision(999, "accept"), "B010"),
        (Decision(0, "delete"), "B011"),
        (Decision(0, "change", "PERS"), "B011"),
        (Decision(0, "change", None, 5, 4), "B012"),
        (Decision(0, "change", None, 0, 9999), "B012"),
        (Decision(0, "change", None, 1, 6), "B012"),
    ],
)
def test_refusals_write_nothing(store, decision, code):
    with pytest.raises(DataError, match=code):
        store.decide([Decision(1, "accept"), decision], "me")
    assert store.progress().decided == 0


def test_a_decided_span_is_decided_once(store):
    store.decide([Decision(0, "accept")], "me")
    with pytest.raises(DataError, match="B012"):
        store.decide([Decision(0, "reject")], "you")


def test_the_file_belongs_to_its_set(store, tmp_path):
    from review_silver import silver

    again = Store.create(store.path, silver())
    again.decide([Decision(0, "accept")], "me")
    assert Store.create(store.path, silver()).progress().decided == 1
    with pytest.raises(ConfigError, match="B001"):
        Store.create(store.path, silver(3))
    with pytest.raises(DataError, match="B003"):
        Store.create(tmp_path / "new", [Document("d", "no span")])
    assert not (tmp_path / "new").exists()
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at")
    with pytest.raises(ConfigError, match="B002"):
        Store.open(tmp_path / "text")
    with sqlite3.connect(store.path) as db:
        db.execute("update meta set value = '9' where key = 'version'")
    with pytest.raises(ConfigError, match="newer"):
        Store.open(store.path)


def _work(path, ready):
    store = Store.open(path)
    while (case := store.next("worker")) is not None:
        store.decide([Decision(case.number, "accept")], "worker")
        ready.set()


def test_a_kill_at_any_moment_loses_nothing(store):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    worker = context.Process(target=_work, args=(store.path, ready))
    worker.start()
    assert ready.wait(60)
    worker.kill()
    worker.join()
    found = Store.open(store.path)
    before = found.progress().accepted
    assert before > 0
    case = found.next("me")
    if case is not None:
        found.decide([Decision(case.number, "reject")], "me")
    assert sqlite3.connect(store.path).execute("pragma integrity_check").fetchone() == ("ok",)
    assert found.progress().accepted == before


def test_a_full_disk_says_so_and_keeps_what_was_there(store):
    store.decide([Decision(0, "accept")], "me")
    pages = store._db.execute("pragma page_count").fetchone()[0]
    store._db.execute(f"pragma max_page_count = {pages}")
    many = [Decision(number, "accept") for number in range(1, 36)]
    with pytest.raises(DataError, match=r"B014.*full"):
        store.decide(many, "x" * 2000)
    found = Store.open(store.path)
    assert found.progress().accepted == 1
    assert [one.action for _, one in answers(found)] == ["accept"]


def test_nested_spans_stay_and_a_moved_one_wins():
    from silversmith.workbench.tables import apart

    spans = [Span(0, 10, "A"), Span(2, 5, "B"), Span(8, 14, "C", 1.0, "review")]
    assert [(s.start, s.end) for s in apart(spans)] == [(2, 5), (8, 14)]
    assert len(apart(spans[:2])) == 2


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([None, "accept", "reject", "change"])), max_size=40)
)
def test_estimated_precision_is_one(rows):
    before, now = precision(rows)
    assert 0 <= before <= 1 + 1e-9
    assert 0 <= now <= 1 + 1e-9


def test_answers_move_the_estimate_of_like_spans():
    rows = [(0.9, None)] * 80 + [(0.9, "reject")] * 20
    before, now = precision(rows)
    assert before < 0.2
    assert now < before + 0.3
    assert precision([(0.9, None)] * 10)[0] == pytest.approx(0.9)
