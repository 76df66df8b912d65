"""Labelling functions, patterns and other tools' models as sources."""

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import ConfigError, DataError, Document
from silversmith.integrations.functions import Functions, labelling_function
from silversmith.integrations.patterns import pattern, read_patterns
from silversmith.integrations.pipelines import OtherModel
from silversmith.testing.check_source import check_source

sys.path.insert(0, str(Path(__file__).parent.parent / "tagger"))


@labelling_function("YEAR", "NUM")
def years(document):
    for match in re.finditer(r"\d+", document.text):
        if len(match[0]) == 4:
            yield (*match.span(), "YEAR", 0.6)
        yield (*match.span(), "NUM", 0.5)


@labelling_function("NAME", name="capitals")
def names(document):
    for match in re.finditer(r"[A-Z]\w+(?: [A-Z]\w+)*", document.text):
        yield (*match.span(), "NAME")


def found(source, text):
    (votes,) = source.label([Document("d", text)])
    return [(text[one.start : one.end], one.label) for one in votes]


def test_battery():
    check_source(lambda: Functions([years, names]), missing={"a function": lambda: Functions([])})
    check_source(
        lambda: OtherModel(
            lambda text: [(m.start(), m.end(), "N", 0.7) for m in re.finditer(r"\w+", text)], "words"
        )
    )


def test_several_functions_name_a_span_and_the_evidence_names_them():
    source = Functions([years, names])
    document = Document("d", "In 1843 Ada Lovelace wrote 7 letters.")
    (votes,) = source.label([document])
    assert found(source, document.text) == [
        ("In", "NAME"),
        ("1843", "YEAR"),
        ("Ada Lovelace", "NAME"),
        ("7", "NUM"),
    ]
    year = next(vote for vote in votes if vote.label == "YEAR")
    assert year.probabilities == pytest.approx({"YEAR": 0.6 / 1.1, "NUM": 0.5 / 1.1})
    assert {leaf.name for leaf in source.explain(document, year).leaves} == {"function years"}
    assert "capitals" in source.settings()


@pytest.mark.parametrize(
    "given", [(3, 3, "A"), (0, 99, "A"), (0, 1, "B"), (0, 1), (0, 1, "A", 2.0), "span", (0, 1, "A", 0.5, 1)]
)
def test_a_span_that_is_none_names_function_and_document(given):
    @labelling_function("A")
    def wrong(document):
        yield given

    with pytest.raises(DataError, match=r"I010.*'wrong'.*'d'"):
        list(Functions([wrong]).label([Document("d", "some text")]))


def test_a_function_without_a_type_is_refused():
    with pytest.raises(ConfigError, match="I001"):
        labelling_function()
    with pytest.raises(ConfigError, match="I001"):
        labelling_function(len)


def test_patterns_of_a_table(tmp_path):
    path = tmp_path / "rules.tsv"
    path.write_text("# rules\nDOSE\t(\\d+) mg\t0.8\nDRUG\t(?P<span>[a-z]+)(in|ol)\\b\n\n", encoding="utf-8")
    assert found(read_patterns(path), "take 20 mg aspirin") == [("20", "DOSE"), ("aspir", "DRUG")]
    for line in ("DOSE", "DOSE\t(", "DOSE\t\\d\tmuch", "\t\\d", "DOSE\t\\d\t7"):
        path.write_text(f"DOSE\t\\d\n{line}\n", encoding="utf-8")
        with pytest.raises(DataError, match=r"I020.*rules\.tsv:2"):
            read_patterns(path)
    path.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(DataError, match="I021"):
        read_patterns(path)


@given(st.text(max_size=60))
def test_an_empty_match_is_no_span(text):
    source = Functions([pattern("A", "a*")])
    for start, _ in [(one.start, one.end) for one in next(iter(source.label([Document("d", text)])))]:
        assert text[start] == "a"


def test_labels_are_renamed_or_left_out_and_blanks_cut():
    source = OtherModel(
        lambda text: [(0, 4, "GPE", 1.0), (4, 6, "X", 0.5), (6, 7, "GPE", 0.0)], "t", {"GPE": "LOC"}
    )
    (votes,) = source.label([Document("d", "abc de f")])
    assert [(one.start, one.end, one.label) for one in votes] == [(0, 3, "LOC")]


def test_a_hugging_face_pipeline(tmp_path):
    transformers = pytest.importorskip("transformers")
    from tiny_tagger import tiny_documents, tiny_encoder

    from silversmith.tagger.export.huggingface import export_huggingface
    from silversmith.tagger.opening import open_tagger
    from silversmith.tagger.options import make_train_options
    from silversmith.tagger.train import train_tagger

    options = {
        "budget": 120,
        "rate": 2e-3,
        "dropout": 0.0,
        "window": 60,
        "overlap": 16,
        "train_embeddings": True,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("silversmith.tagger.encoders.load_encoder", lambda source: tiny_encoder())
        made = make_train_options(**options, steps=120, loss="cross-entropy", shapes=False)
        train_tagger(tiny_documents(60), tmp_path / "tagger", made)
    export_huggingface(tmp_path / "tagger", tmp_path / "hf")
    pipeline = transformers.pipeline("token-classification", model=str(tmp_path / "hf"))
    source = OtherModel.of_transformers(pipeline)
    documents = [one.with_spans(()) for one in tiny_documents(10, seed=4)]
    theirs = [[(v.start, v.end, v.label) for v in votes] for votes in source.label(documents)]
    ours = [
        [(s.start, s.end, s.label) for s in one.spans]
        for one in open_tagger(tmp_path / "tagger").tag(documents)
    ]
    assert sum(map(len, theirs)) > 0
    assert sum(a == b for a, b in zip(theirs, ours, strict=True)) >= 8


def test_a_spacy_pipeline():
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "GPE", "pattern": "London"}])
    source = OtherModel.of_spacy(nlp, {"GPE": "LOC"})
    assert found(source, "He left London.") == [("London", "LOC")]
    check_source(lambda: source, documents=[Document("d", "London, London"), Document("e", "")])


def test_the_shape_of_gliner():
    class Stand:
        """What GLiNER's predict_entities gives; the real one is tried in an environment of its own."""

        def predict_entities(self, text, labels, threshold):
            assert labels == ["city"]
            at = text.find("London")
            return [{"start": at, "end": at + 6, "label": "city", "score": 0.8}] if at >= 0 else []

    assert found(OtherModel.of_gliner(Stand(), {"city": "LOC"}), "in London") == [("London", "LOC")]
