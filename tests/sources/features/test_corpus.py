"""Gold spans, candidates, negatives and cues."""

import numpy as np
from features_toy import TYPES

from silversmith.core import Document, Span
from silversmith.sources.features.cues import CUES, cue_matrix, cue_name, span_cues
from silversmith.sources.features.negatives import best_iou, mapping_spans
from silversmith.sources.features.options import Options
from silversmith.sources.features.reading import coverage


def test_candidates_take_the_label_of_an_equal_gold_span(corpus):
    table = corpus.gold
    columns = zip(table.document, table.start, table.end, table.label, strict=True)
    gold = {place: label for *place, label in columns for place in [tuple(place)]}
    proposed = corpus.proposed
    for row in range(len(proposed)):
        key = (proposed.document[row], proposed.start[row], proposed.end[row])
        assert proposed.label[row] == gold.get(key, len(TYPES))


def test_negatives_are_counted_by_lambda_and_never_gold(corpus):
    everything = mapping_spans(corpus, Options())
    outside = int((corpus.proposed.label == corpus.outside).sum())
    assert len(everything) == len(corpus.gold) + outside
    half = mapping_spans(corpus, Options(negatives=0.2))
    assert len(half) == len(corpus.gold) + round(0.2 * len(corpus.gold))
    none = mapping_spans(corpus, Options(negatives=0.0))
    assert (none.label != corpus.outside).all()
    again = mapping_spans(corpus, Options(negatives=0.2))
    np.testing.assert_array_equal(half.start, again.start)
    other = mapping_spans(corpus, Options(negatives=0.2, seed=1))
    assert not np.array_equal(half.start, other.start)


def test_overlapping_negatives_can_be_left_out(corpus):
    table = mapping_spans(corpus, Options(negative_iou=0.5))
    negatives = table.take(table.label == corpus.outside)
    assert (best_iou(negatives, corpus.gold) <= 0.5).all()
    assert len(table) < len(mapping_spans(corpus, Options()))


def test_only_some_documents(corpus):
    part = corpus.only(np.array([3, 1]))
    assert set(part.gold.document) == {1, 3}
    assert set(part.proposed.document) == {1, 3}
    assert part.matrix is corpus.matrix
    assert list(part.chosen) == [1, 3]


def test_cues_name_shapes_length_and_mention():
    document = Document("x", "in 1843 Ada Lovelace wrote")
    spans = np.array([(8, 20), (3, 7)], np.int32)
    cues = span_cues(document, spans, np.array([0.9, np.nan], np.float32))
    names = [cue_name(int(column)) for column in cues[0]]
    assert names[:4] == [
        "first word: capitalised", "last word: capitalised", "word before: digits", "word after: lower case",
    ]  # fmt: skip
    assert names[4:] == ["length: 2 or more words", "mention head: log-odds about 2.5"]
    assert cues[1, -1] == -1
    matrix = cue_matrix(cues)
    assert matrix.shape == (2, CUES)
    assert matrix.nnz == 11


def test_cues_at_the_edges_of_a_text():
    cues = span_cues(Document("x", "Ada"), np.array([(0, 3)], np.int32), np.array([0.5], np.float32))
    assert cue_name(int(cues[0, 2])) == "word before: none"
    assert cue_name(int(cues[0, 3])) == "word after: none"
    assert len({cue_name(column) for column in range(CUES)}) == CUES


def test_coverage_ignores_blanks():
    document = Document("x", "ab  cd\u2003e")
    offsets = np.array([(0, 2), (4, 6)], np.int32)
    assert coverage(document, offsets) == 4 / 5
    assert coverage(Document("y", " \n"), np.empty((0, 2), np.int32)) == 1.0


def test_a_span_that_meets_no_piece_is_counted(reader):
    from silversmith.sources.features.corpus import read_corpus

    document = Document("x", "Ada  met", (Span(3, 5, "PERSON"), Span(0, 3, "PERSON")))
    corpus = read_corpus([document], TYPES, reader)
    assert len(corpus.gold) == 1
    assert corpus.dropped["gold span meets no piece"] == 1
