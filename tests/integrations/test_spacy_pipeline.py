"""The spaCy component; skipped where spaCy isn't installed."""

import sys
from pathlib import Path

import pytest

spacy = pytest.importorskip("spacy")
sys.path.insert(0, str(Path(__file__).parent.parent / "tagger"))
from tiny_tagger import tiny_documents, tiny_encoder  # noqa: E402

from silversmith.integrations import spacy_factory  # noqa: E402
from silversmith.integrations.spacy_pipeline import export_spacy  # noqa: E402
from silversmith.tagger.opening import open_tagger  # noqa: E402
from silversmith.tagger.options import make_train_options  # noqa: E402
from silversmith.tagger.train import train_tagger  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    assert spacy_factory.make_component
    out = tmp_path_factory.mktemp("spacy") / "tagger"
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
        train_tagger(tiny_documents(60), out, make_train_options(**options, steps=120, loss="cross-entropy"))
    return out


def test_entities_and_scores_are_the_taggers(folder):
    nlp = spacy.blank("en")
    nlp.add_pipe("silversmith", config={"tagger": str(folder)})
    documents = tiny_documents(8, seed=3)
    docs = list(nlp.pipe([one.text for one in documents]))
    for doc, tagged in zip(docs, open_tagger(folder).tag(documents), strict=True):
        found = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
        assert found == [(span.start, span.end, span.label) for span in tagged.spans]
        assert doc.spans["silversmith"].attrs["scores"] == [span.score for span in tagged.spans]


def test_an_exported_pipeline_stands_alone(folder, tmp_path):
    export_spacy(folder, tmp_path / "nlp")
    moved = (tmp_path / "nlp").rename(tmp_path / "moved")
    assert str(folder) not in (moved / "config.cfg").read_text()
    (ada, bern) = spacy.load(moved)("Ada left Bern.").ents
    assert (ada.label_, bern.label_) == ("PER", "LOC")
