"""Pre-training: what counts as a negative, the same bits after a stop, and what is kept on disk."""

import numpy as np
import pytest
import torch
from concept_toy import ToyModel, Words, annotated
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from silversmith.core import DataError, Document, ModelError, Span
from silversmith.models.concepts import Background, load_concept_part
from silversmith.sources.concept.annotations import Annotations, normal_concept
from silversmith.sources.concept.backbone import FrozenModel
from silversmith.sources.concept.batches import Nearness, Sampler, read_batch
from silversmith.sources.concept.pretraining import PretrainOptions, average_precision
from silversmith.sources.concept.run import prepare
from silversmith.sources.concept.states import States
from silversmith.sources.concept.table import make_table, suffix_pairs

pytestmark = pytest.mark.usefixtures("quiet")

OPTIONS = PretrainOptions(epochs=2, texts=8, names=8, project=16, hidden=24, size=16, near=None)


def begin(work, options=OPTIONS):
    texts = Annotations.of(annotated(60))
    rest, held = texts.split([document.id for document in texts.documents[-15:]])
    return prepare(rest, held, FrozenModel(ToyModel(), (1, 2), 2), (ToyModel(), Words()), options, work)


def weights(run):
    return {name: one.clone() for name, one in run.trainer.modules.state_dict().items()}


def test_a_stopped_training_ends_with_the_same_bits(tmp_path):
    whole = begin(tmp_path / "whole")
    assert whole.trainer.run()
    for _ in range(100):  # each call stops after one step
        if begin(tmp_path / "cut").trainer.run(minutes=0.0):
            break
    cut = begin(tmp_path / "cut")
    assert cut.trainer.run()
    assert cut.trainer.step == whole.trainer.step
    for name, one in weights(whole).items():
        assert torch.equal(one, weights(cut)[name]), name


def test_other_options_begin_anew(tmp_path):
    begin(tmp_path).trainer.run(minutes=0.0)
    other = begin(tmp_path, PretrainOptions(**{**vars(OPTIONS), "rate": 5e-4}))
    other.trainer.run(minutes=0.0)
    assert other.trainer.step == 1


def test_training_brings_names_and_spans_together(trained):
    run, _ = trained
    assert run.trainer.curve[-1]["map"] > 0.95
    assert run.trainer.curve[-1]["loss"] < 0.5 * run.trainer.curve[0]["loss"]


def test_the_file_gives_the_same_vectors_but_for_eight_bits(trained):
    run, encoder = trained
    names = np.arange(3, dtype=np.int64)
    ours = run.trainer.all_names(names)
    theirs = encoder.names(run.annotations[0].concepts)
    assert (ours * theirs).sum(axis=1).min() > 0.999
    (encoded,) = ToyModel().encode(["We saw the otter near Bergen ."], [1, 2])
    spans = encoder.spans(encoded, np.array([[11, 16], [22, 28], [0, 0]], np.int32), np.ones(3, np.int64))
    np.testing.assert_allclose(np.linalg.norm(spans, axis=1), [1, 1, 0], atol=1e-5)


def test_a_damaged_file_is_refused(trained, tmp_path):
    (tmp_path / "concept.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="S070"):
        load_concept_part(tmp_path / "concept.safetensors", ToyModel())


def test_unmarked_strings_and_near_names_are_no_negatives(tmp_path):
    texts = ["the red otter swam", "an otter slept"]
    documents = [
        Document("a", texts[0], (Span(8, 13, "water animal"),)),
        Document("b", texts[1], ()),
    ]
    concepts = ("water animal", "animal", "town")
    model = FrozenModel(ToyModel(), (1, 2), 2)
    states = States.make(tmp_path / "s", texts, model.read(texts), model.width, {}, "read")
    proposed = [Words().propose(document) for document in documents]
    table = make_table(documents, states.offsets, concepts, proposed)
    nearness = Nearness.of(np.eye(3, dtype=np.float32), suffix_pairs(concepts), 0.8)
    batch = read_batch(table, states, [0, 1], np.arange(3), nearness, 0)
    rows = {}
    for text, document in enumerate(documents):
        for row in range(table.rows(text).start, table.rows(text).stop):
            piece = states.offsets[text][table.first[row]]
            rows[text, document.text[piece[0] : piece[1]]] = row
    marked, unmarked, other = rows[0, "otter"], rows[1, "otter"], rows[1, "slept"]
    assert batch.target[marked].tolist() == [True, False, False]
    assert batch.counted[marked].tolist() == [True, False, True]  # "animal" ends "water animal"
    assert batch.counted[unmarked].tolist() == [False, True, True]  # the string is marked elsewhere
    assert batch.counted[other].tolist() == [True, True, True]


def test_covered_rows_are_the_pieces_of_marked_spans(trained):
    corpus = trained[0].trainer.corpus
    batch = read_batch(corpus.table, corpus.states, [0, 3, 5], np.arange(3), None, 0)
    pairs = set(zip(batch.covers[0].tolist(), batch.covers[1].tolist(), strict=True))
    wanted = {
        (span, row)
        for span in range(len(batch.target))
        if batch.target[span].any()
        for row in range(int(batch.places.first[span]), int(batch.places.last[span]))
    }
    assert pairs == wanted


@given(st.integers(0, 10_000))
def test_a_step_draws_the_same_whatever_came_before(step):
    class Table:
        bounds = np.arange(41)

    one = Sampler(Table(), [5, 3, 1], texts=8, names=4, seed=1)
    other = Sampler(Table(), [5, 3, 1], texts=8, names=4, seed=1)
    for earlier in range(step % 7):
        other.texts_of(earlier)
    assert one.texts_of(step) == other.texts_of(step)
    epoch = step - step % one.steps
    seen = [text for n in range(epoch, epoch + one.steps) for text in one.texts_of(n)]
    assert sorted(seen) == list(range(40))


@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=1, max_size=30))
def test_average_precision_is_sklearns(pairs):
    scores = np.array([score for score, _ in pairs])
    scores += np.arange(len(scores)) * 1e-6  # no ties: sklearn counts them together
    right = np.array([one for _, one in pairs])
    if right.any() and len(set(scores)) == len(scores):
        assert average_precision(scores, right) == pytest.approx(average_precision_score(right, scores))


def test_background_needs_no_second_look_at_the_spans():
    draw = np.random.default_rng(0)
    spans = draw.normal(size=(500, 6)).astype(np.float32)
    names = draw.normal(size=(4, 6)).astype(np.float32)
    mean, deviation = Background.of(spans).of_names(names)
    likeness = spans @ names.T
    np.testing.assert_allclose(mean, likeness.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(deviation, likeness.std(axis=0), rtol=1e-3)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Water  Animal.", "water animal"),
        ("entity", ""),
        ("a b c d e f", ""),
        ("plant_variety", "plant variety"),
    ],
)
def test_concepts_are_normalised(raw, name):
    assert normal_concept(raw) == name


def test_annotations_are_counted_and_repeats_go():
    one = Document("a", "An otter swam .", (Span(3, 8, "Animal"), Span(3, 8, "animal."), Span(3, 8, "thing")))
    found = Annotations.of([one, Document("b", one.text, one.spans)])
    assert found.concepts == ("animal",)
    assert found.dropped == {"same text": 1, "uninformative concept": 1, "repeated": 1}
    assert found.statistics()["tail"] == 1.0
    with pytest.raises(DataError, match="O001"):
        Annotations.of([Document("c", "nothing")])
    with pytest.raises(DataError, match="O002"):
        found.split(["a"])
