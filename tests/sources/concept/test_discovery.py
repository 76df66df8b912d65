"""Vocabulary and discovery: nearest names, close names as one type, a schema that can be read."""

import numpy as np
import pytest

from silversmith.core import DataError, ModelError, Schema
from silversmith.models.concepts import Background, Vocabulary, load_vocabulary, save_vocabulary
from silversmith.sources.concept.discovery import discover, schema_text

NAMES = ("city", "port city", "drug", "person")
AXES = np.eye(4, 8, dtype=np.float32)
AXES[1] = 0.8 * AXES[0] + 0.6 * AXES[1]
BACKGROUND = Background(np.zeros(8, np.float32), 0.01 * np.eye(8, dtype=np.float32))
FORMS = ["Oslo", "Bergen", "oslo", "Hull", "aspirin", 'Ada "Countess"\n Lovelace', "noise", "unsure"]
PLACES = [0, 0, 0, 1, 2, 3, None, 0]


def world():
    vocabulary = Vocabulary.of(NAMES, AXES, np.array([9, 5, 7, 8]), BACKGROUND)
    vectors = np.stack([np.full(8, 0.01) if n is None else AXES[n] for n in PLACES]).astype(np.float32)
    mention = np.array([0.9] * 7 + [0.1], np.float32)
    return vocabulary, vectors, mention


def test_nearest_names():
    vocabulary, vectors, _ = world()
    assert [name for name, _ in vocabulary.nearest(vectors[3], 2)] == ["port city", "city"]
    assert vocabulary.nearest(vectors[4], 1)[0][1] == pytest.approx(10.0, abs=0.01)


def test_close_names_are_one_type_and_unlikely_mentions_none():
    vocabulary, vectors, mention = world()
    found = discover(vectors, mention, FORMS, vocabulary)
    assert [(one.name, one.mentions, one.forms) for one in found] == [
        ("city", 4, 3), ("drug", 1, 1), ("person", 1, 1)
    ]  # fmt: skip
    assert found[0].concepts == ("city", "port city")
    assert set(found[0].examples) == {"Oslo", "Bergen", "Hull"}
    assert len(discover(vectors, mention, FORMS, vocabulary, types=1)) == 1


def test_the_proposal_is_a_schema(tmp_path):
    vocabulary, vectors, mention = world()
    path = tmp_path / "schema.toml"
    path.write_text(schema_text(discover(vectors, mention, FORMS, vocabulary)), encoding="utf-8")
    assert [one.concepts for one in Schema.read(path).types] == [
        ("city", "port city"),
        ("drug",),
        ("person",),
    ]


def test_nothing_near_is_told():
    vocabulary, vectors, _ = world()
    with pytest.raises(DataError, match="O030"):
        discover(vectors, np.full(8, np.nan, np.float32), FORMS, vocabulary)


def test_a_vocabulary_goes_round_in_eight_bits(tmp_path):
    path = tmp_path / "names.safetensors"
    known = Vocabulary.of(NAMES, AXES, np.array([9, 5, 7, 8]), BACKGROUND)
    save_vocabulary(path, known)
    assert load_vocabulary(path, BACKGROUND).mentions == ()
    assert load_vocabulary(path, BACKGROUND).nearest_mentions(AXES[0]) == []
    mentions = [("Oslo", "city"), ("Tromsø", "port city"), ("aspirin", "drug")]
    save_vocabulary(path, known.with_mentions(mentions, AXES[:3]))
    again = load_vocabulary(path, BACKGROUND)
    assert again.mentions == tuple(mentions)
    assert again.nearest_mentions(AXES[2], top=1) == [("aspirin", "drug")]
    assert [text for text, _ in again.nearest_mentions(AXES[0], top=2)] == ["Oslo", "Tromsø"]
    assert again.names == NAMES
    assert again.counts.tolist() == [9, 5, 7, 8]
    assert np.abs(again.vectors - AXES).max() < 0.01
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelError, match="S072"):
        load_vocabulary(path, BACKGROUND)


def test_minis_own_names_say_what_a_span_is_near():
    from silversmith import Document
    from silversmith.sources.concept.opening import open_names, schema_of

    source = open_names(schema_of("person, city"))
    document = Document("d", "Ada Lovelace lived in London.")
    (votes,) = source.label([document])
    told = {vote.label: source.explain(document, vote).support[0] for vote in votes}
    near = {label: one["nearest concepts"] for label, one in told.items()}
    assert near["city"].startswith("city")
    assert "person" in near["person"]
