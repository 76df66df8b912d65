"""Mining a corpus: the ranking, the bounds, going on after a kill, what is refused."""

import json

import pytest
from example_toy import TEXTS, all_sentences, fast, make_documents, names, options

from silversmith.core import DataError, Document, ModelError, Schema
from silversmith.sources.example import Mining, mine
from silversmith.sources.example.journal import Journal
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.ranking import Ranked, Ranking
from silversmith.sources.example.run import _Run

pytestmark = pytest.mark.usefixtures("quiet")
LOW = 0.004


def ranked(mining):
    return [(one.document, one.start, one.end, mining.types[one.type]) for one in mining.ranking]


def small_blocks(monkeypatch, size=2):
    monkeypatch.setattr("silversmith.sources.example.journal.SENTENCES", size)


def test_all_spans_under_the_threshold_in_order(model, schema):
    chosen = options(threshold=LOW)
    mining = mine(schema, make_documents(), model=model, options=chosen)
    everything = fast(model, schema, all_sentences(TEXTS, chosen), chosen, [LOW, LOW])
    assert ranked(mining) == names(everything)
    assert mining.counts["documents"] == len(TEXTS)
    assert mining.counts["survivors"] < mining.counts["pairs"]


def test_where_none_is_chosen_the_threshold_is_the_models_own(model, schema):
    from dataclasses import replace

    own = replace(model, threshold=LOW)
    mining = mine(schema, make_documents(), model=own, options=options())
    assert mining.options.threshold == LOW
    assert set(mining.thresholds()) == {LOW}
    assert ranked(mining) == ranked(
        mine(schema, make_documents(), model=model, options=options(threshold=LOW))
    )
    assert ExampleOptions(threshold=0.2).settled(LOW).threshold == 0.2


def test_the_best_of_each_type_whatever_the_blocks(model, schema, monkeypatch):
    everything = fast(model, schema, all_sentences(TEXTS, options()), options())
    small_blocks(monkeypatch)
    mining = mine(schema, make_documents(), model=model, options=options(top=3))
    for label in schema.names:
        best = [one for one in names(everything) if one[-1] == label][:3]
        assert [one for one in ranked(mining) if one[-1] == label] == best
    assert mining.calibrations["PER"].method == "top"
    assert mining.counts["pairs"] == len(everything)


def test_equal_sentences_are_tested_once_and_ranked_each(model, schema):
    chosen = options(threshold=LOW)
    once = mine(schema, make_documents(), model=model, options=chosen)
    twice = mine(schema, make_documents(TEXTS * 2), model=model, options=chosen)
    assert len(twice.ranking) == 2 * len(once.ranking)
    assert twice.counts["pieces"] == once.counts["pieces"]
    assert twice.counts["repeated"] == len(TEXTS)


def test_a_killed_run_goes_on_and_ends_the_same(model, schema, monkeypatch, tmp_path):
    small_blocks(monkeypatch)
    chosen = options(threshold=LOW)
    whole = mine(schema, make_documents(), model=model, options=chosen)
    path = tmp_path / "part.jsonl"
    test, calls = _Run._test, []

    def killed(self, *arguments):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(1)
        test(self, *arguments)

    monkeypatch.setattr(_Run, "_test", killed)
    with pytest.raises(KeyboardInterrupt):
        mine(schema, make_documents(), model=model, options=chosen, journal=path)
    with path.open("ab") as file:
        file.write(b'{"digest": "cut off')
    calls.clear()
    monkeypatch.setattr(_Run, "_test", lambda *a: (calls.append(1), test(*a)))
    again = mine(schema, make_documents(), model=model, options=chosen, journal=path)
    assert len(calls) == 1  # of three blocks
    assert again.ranking == whole.ranking
    assert again.empty == whole.empty
    assert {**again.counts, "seconds": 0} == {**whole.counts, "seconds": 0}
    last = mine(schema, make_documents(), model=model, options=chosen, journal=path)
    assert (last.ranking, last.empty) == (again.ranking, again.empty)
    assert len(calls) == 1  # a run that was finished tests nothing again


def test_the_journal_of_another_corpus_or_other_options_is_put_aside(model, schema, monkeypatch, tmp_path):
    small_blocks(monkeypatch)
    path = tmp_path / "part.jsonl"
    mine(schema, make_documents(), model=model, options=options(threshold=LOW), journal=path)
    other = make_documents(["Greta met Lima .", *TEXTS[1:]])
    fresh = mine(schema, other, model=model, options=options(threshold=LOW))
    with_old = mine(schema, other, model=model, options=options(threshold=LOW), journal=path)
    assert with_old.ranking == fresh.ranking
    assert any("journal" in line for line in with_old.warnings)
    assert list(Journal(path, {"other": 1}).records()) == []


def test_memory_is_bounded():
    ranking = Ranking([1.0], 2)
    for n in (5, 3, 4, 1, 9):
        ranking.add(Ranked(n / 10, n, 0, 1, 0, "d", 0, 0, n / 10, "x"))
    assert [one.document for one in ranking] == [1, 3]
    assert ranking.bounds == [0.3]


def test_ties_go_by_place():
    ranking = Ranking([1.0], 2)
    for document, start in ((2, 0), (1, 5), (1, 2)):
        ranking.add(Ranked(0.5, document, start, 9, 0, "d", 0, 0, 0.5, "x"))
    assert [(one.document, one.start) for one in ranking] == [(1, 2), (1, 5)]


@pytest.mark.parametrize(
    "documents", [[], [Document("d", "")], [Document("d", "the")], [Document("d", "Bob " * 40)]]
)
def test_a_corpus_without_anything_to_test_is_refused(model, schema, documents):
    with pytest.raises(DataError, match="X030"):
        mine(schema, documents, model=model)


def test_several_examples_are_scaled_and_a_stranger_is_left_out(model):
    schema = Schema.model_validate({"types": [{"name": "T", "examples": ["Ada Lovelace", "Bob", "Oslo"]}]})
    mining = mine(schema, make_documents(), model=model, options=options(threshold=LOW, share=0.0))
    assert len(mining.scales) == 3
    assert mining.scales[0] == type(mining.scales[0])()
    assert mining.scales[1] != mining.scales[0]
    gone = mine(schema, make_documents(), model=model, options=options(threshold=LOW, share=1.0))
    assert len(gone.schema.types[0].examples) < 3
    assert any("left out" in line for line in gone.warnings)


def test_decoys_set_the_threshold_where_they_can(model, schema):
    texts = ["the red bank won .", "Ada met Bob .", "a small red river won", "Oslo won at the bank"] * 6
    mining = mine(schema, make_documents(texts), model=model, options=options(calibrate="decoys"))
    for name in schema.names:
        assert mining.calibrations[name].method == "decoys" or any(name in one for one in mining.warnings)


def test_a_corpus_without_capitals_keeps_a_fixed_share(model, schema):
    texts = ["the red bank won", "small red river", "ada met bob at the big bank"]
    chosen = options(calibrate="decoys", lower_case=True)
    mining = mine(schema, make_documents(texts), model=model, options=chosen)
    assert {one.method for one in mining.calibrations.values()} == {"decoys"}
    assert all(row["kept"] >= 1 for row in mining.summary().values())


def test_the_artefact_round_trips_and_knows_its_model(model, schema, tmp_path):
    mining = mine(schema, make_documents(), model=model, options=options(threshold=LOW))
    mining.save(tmp_path / "m", command="test")
    assert Mining.open(tmp_path / "m", model.identity()) == mining
    with pytest.raises(ModelError, match="X021"):
        Mining.open(tmp_path / "m", {"name": "other"})
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text())
    assert manifest["summary"]["PER"]["kept"] == mining.summary()["PER"]["kept"]
