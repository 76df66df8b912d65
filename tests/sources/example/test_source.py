"""The source: the shared battery, reasons, silver."""

import pytest
from example_toy import TEXTS, make_documents, make_schema, options

from silversmith.core import Document, Schema, Span, find_source
from silversmith.sources.example import Example, silver_sentences
from silversmith.sources.example.mining import Mining
from silversmith.testing.check_source import check_source

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture(scope="module")
def source(model):
    import os

    os.environ["SILVERSMITH_QUIET"] = "1"
    return Example.prepare(
        make_schema(), make_documents(), model=model, options=options(threshold=0.004, longest=14)
    )


ROUNDING = 1e-4
"""Of probabilities: the tiny model's divergences are near 0.004, where float32 has four digits."""


def test_battery(source, model, tmp_path):
    documents = [*make_documents(), Document("blank", " "), Document("long", "Ada met Bob . " * 40)]
    check_source(
        lambda: source,
        documents=documents,
        save=lambda one, folder: one.save(folder),
        load=lambda folder: Example.open(folder, model),
        folder=tmp_path,
        missing={"an example": lambda: Example.prepare(Schema.of(["PER"]), documents, model=model)},
        block=256,
        tolerance=ROUNDING,
    )


def test_it_survives_the_nasty_corpus(source):
    from silversmith.testing import nasty_documents

    before = source.uncovered
    assert len(list(source.label(nasty_documents(huge_words=60)))) == len(nasty_documents(huge_words=60))
    assert source.uncovered > before


def test_labels_are_those_of_the_mining(source):
    votes = [vote for some in source.label(make_documents()) for vote in some]
    kept = {(one.document_id, one.start, one.end) for one in source.mining.accepted()}
    assert {(vote.document_id, vote.start, vote.end) for vote in votes} <= kept


def test_leaves_are_the_masked_places(source):
    document = make_documents()[0]
    vote = next(iter(source.label([document])))[0]
    evidence = source.explain(document, vote)
    label = vote.label
    score = source.mining.calibrations[label]
    names = [leaf.name for leaf in evidence.leaves]
    assert names[:2] == ["before it", "after it"]
    assert names[2:6] == [f"template {n}" for n in range(1, 5)]
    assert evidence.leaves[3].detail["piece"] == "person"
    assert score.probability(-evidence.score(label)) == pytest.approx(vote.probabilities[label], abs=ROUNDING)


def test_supervisors_add_up_to_their_place(source):
    document = make_documents()[0]
    vote = next(iter(source.label([document])))[0]
    evidence = source.explain(document, vote)
    plots = [item for item in evidence.support if item["kind"] == "supervisors"]
    assert plots
    for item in plots:
        assert sum(one["share"] for one in item["words"]) == pytest.approx(item["divergence"], abs=1e-5)
        assert sum(one["before"] for one in item["words"]) == pytest.approx(1, abs=1e-5)
        assert len(item["words"]) == 11
        assert "%" in item["text"]


def test_any_span_can_be_explained(source):
    document = make_documents()[0].with_spans([Span(13, 16, "asked"), Span(0, 1, "asked")])
    votes = next(source.type_spans([document], outside=True))
    assert [(vote.start, vote.end) for vote in votes] == [(0, 1), (13, 16)]
    for vote in votes:
        assert set(vote.probabilities) <= {"PER", "LOC"}
        assert source.explain(document, vote).leaves
    nowhere = Document("d", "Bob   ", (Span(4, 5, "asked"),))
    (vote,) = next(source.type_spans([nowhere], outside=True))
    assert vote.label == "O"
    assert source.explain(nowhere, vote).leaves


def test_scaled_examples_add_up_too(model):
    schema = Schema.model_validate({"types": [{"name": "T", "examples": ["Ada Lovelace", "Bob"]}]})
    for rule in ("standardised", "mean"):
        chosen = options(threshold=0.01, share=0.0, several=rule)
        one = Example.prepare(schema, make_documents(), model=model, options=chosen)
        document = make_documents()[0]
        for vote in next(iter(one.label([document]))):
            evidence = one.explain(document, vote)
            p = one.mining.calibrations["T"].probability(-evidence.score("T"))
            assert p == pytest.approx(vote.probabilities["T"], abs=1e-4)


def test_the_source_says_what_decides_its_votes(source):
    assert {"model", "options", "calibrations"} <= source.settings().keys()


def test_silver_is_sentences_with_spans_and_as_many_without(source):
    documents = [*make_documents(), Document("two", "Ada Lovelace met Bob in Oslo. Nobody won.")]
    mining = source.mining
    silver = list(silver_sentences(documents, mining))
    with_spans = [one for one in silver if one.spans]
    assert with_spans
    for one in silver:
        assert all(span.source == "example" for span in one.spans)
    empty = [one for one in silver if not one.spans]
    assert len(empty) <= len(with_spans)
    assert len({one.text for one in silver}) == len(silver)
    assert all("#" in one.id or one.id in {document.id for document in documents} for one in silver)


def test_a_sentence_of_a_longer_document_is_cut_out(model):
    text = "Nobody won.  Ada Lovelace met Bob."
    one = Example.prepare(
        make_schema(), [Document("two", text)], model=model, options=options(top=1, max_words=2)
    )
    (silver, *_) = [made for made in silver_sentences([Document("two", text)], one.mining) if made.spans]
    assert silver.id in {"two#1", "two#2"}
    assert silver.covered(silver.spans[0]) in text
    assert isinstance(one.mining, Mining)


def test_it_comes_in_by_the_door():
    from silversmith.core import source_names

    if "example" not in source_names():
        pytest.skip("installed before this source was there")
    assert find_source("example") is Example
    assert TEXTS
