"""The tagger: probabilities, streaming, windows, spans in spans, refusals."""

import itertools

import numpy as np
import pytest
from tiny_tagger import folder_bytes, long_document, tiny_documents

from silversmith.core import Document, ModelError, Span, write_artefact
from silversmith.evaluation import evaluate
from silversmith.tagger.decoders import SpanDecoder
from silversmith.tagger.opening import open_tagger
from silversmith.tagger.train import train_tagger
from silversmith.testing.nasty import nasty_documents


def test_it_tags_what_it_learned_with_probabilities(trained):
    gold = tiny_documents(20, seed=7)
    tagger = open_tagger(trained)
    votes = list(tagger.label(gold))
    assert evaluate(gold, tagger.tag(gold)).micro.f1 > 0.95
    for document, found in zip(gold, votes, strict=True):
        for vote in found:
            assert vote.document_id == document.id
            assert set(vote.probabilities) == {"LOC", "PER"}
            assert vote.probability > 0.5


def test_batches_and_neighbours_change_no_label(trained):
    documents = [*tiny_documents(12, seed=3), long_document()]
    tagger = open_tagger(trained)
    together = list(tagger.label(documents))
    alone = [next(tagger.label([one])) for one in documents]
    tagger.budget = 20
    small = list(tagger.label(documents))
    for other in (alone, small):
        for one, two in zip(itertools.chain(*together), itertools.chain(*other), strict=True):
            assert (one.start, one.end, one.label) == (two.start, two.end, two.label)
            assert one.probabilities == pytest.approx(two.probabilities, abs=1e-5)


def test_no_word_is_lost_in_a_document_longer_than_any_window(trained):
    document = long_document(200)
    tagged = next(open_tagger(trained).tag([document]))
    assert evaluate([document], [tagged]).micro.recall > 0.9
    assert max(span.end for span in tagged.spans) > len(document.text) - 20


def test_it_reads_lazily(trained):
    read = 0

    def endless():
        nonlocal read
        for read in itertools.count(1):  # noqa: B007 - counts what was taken
            yield tiny_documents(1)[0]

    first = list(itertools.islice(open_tagger(trained).tag(endless()), 3))
    assert len(first) == 3
    assert read <= 512


@pytest.mark.parametrize("document", nasty_documents(huge_words=400), ids=lambda one: one.id)
def test_nasty_texts_are_tagged(trained, document):
    (votes,) = open_tagger(trained).label([document])
    for vote in votes:
        assert 0 <= vote.start < vote.end <= len(document.text)


def test_a_threshold_leaves_the_unsure_out(trained):
    documents = tiny_documents(20, seed=11)
    everything = [vote for votes in open_tagger(trained).label(documents) for vote in votes]
    limit = float(np.median([vote.probability for vote in everything]))
    kept = [vote for votes in open_tagger(trained, least=limit).label(documents) for vote in votes]
    assert kept == [vote for vote in everything if vote.probability >= limit]


def test_damaged_and_foreign_folders_are_refused(trained, tmp_path):
    with pytest.raises(ModelError, match="A001"):
        open_tagger(tmp_path / "nothing")
    with write_artefact(tmp_path / "mapping", "mapping"):
        pass
    with pytest.raises(ModelError, match="K031"):
        open_tagger(tmp_path / "mapping")
    for name, content in folder_bytes(trained).items():
        (tmp_path / "cut").mkdir(exist_ok=True)
        (tmp_path / "cut" / name).write_bytes(
            content[: len(content) // 2] if name == "weights.safetensors" else content
        )
    with pytest.raises(ModelError, match=r"A004.*weights\.safetensors"):
        open_tagger(tmp_path / "cut")


@pytest.mark.usefixtures("tiny")
def test_a_span_tagger_finds_spans_in_spans(quick, tmp_path):
    documents = []
    for one in tiny_documents(60, sentences=1):
        person = one.spans[0]
        whole = Span(0, one.spans[1].end, "EVENT")
        documents.append(Document(one.id, one.text, (*one.spans, whole)))
        assert person.start == 0
    options = {"width": 5, "rate": 3.0}
    train_tagger(
        documents, tmp_path / "out", quick(loss="negative-sampling", steps=200, loss_options=options)
    )
    from silversmith.tagger.tagger import Tagger

    nested = list(Tagger.open(tmp_path / "out", nested=True).tag(documents))
    assert evaluate(documents, nested).types["EVENT"].f1 > 0.9
    assert evaluate(documents, nested).types["PER"].f1 > 0.9
    for one in Tagger.open(tmp_path / "out").tag(documents):
        assert all(a.end <= b.start for a, b in itertools.pairwise(one.spans))


def test_span_scores_of_numpy_are_those_of_torch():
    import torch
    from tiny_tagger import tiny_encoder

    from silversmith.tagger.span_network import HIDDEN, SpanNetwork

    network = SpanNetwork(tiny_encoder().trunk, 2, width=3).eval()
    torch.nn.init.normal_(network.size.weight)
    roles = torch.randn(6, 4 * HIDDEN)
    weights = [one.detach().numpy() for one in (network.size.weight, network.last.weight, network.last.bias)]
    decoder = SpanDecoder(("LOC", "PER"), *weights, nested=True)
    for size in (1, 2, 3):
        first = torch.arange(7 - size)
        expected = torch.softmax(network.spans(roles, first, first + size), 1).detach().numpy()
        np.testing.assert_allclose(
            decoder._probabilities(roles.numpy(), size, 7 - size), expected, rtol=1e-4, atol=1e-6
        )
