from __future__ import annotations

import pytest

from silversmith.candidates import Candidate, measure_candidates
from silversmith.core import Document, Span


def test_recall_by_type_and_candidates_a_word() -> None:
    document = Document(
        "d", "Ada Brisk came to Northport.", (Span(0, 9, "PER"), Span(18, 27, "LOC"), Span(0, 3, "PER"))
    )
    coverage = measure_candidates([(document, [Candidate(0, 9), Candidate(15, 27), Candidate(10, 14)])])
    assert coverage.exact_recall == pytest.approx(1 / 3)
    assert coverage.half_recall == pytest.approx(2 / 3)  # "to Northport" meets "Northport" by 9 of 12
    assert coverage.per_word == pytest.approx(3 / 6)
    assert coverage.by_type() == {
        "LOC": {"gold": 1, "exact": 0.0, "iou_0.5": 1.0},
        "PER": {"gold": 2, "exact": 0.5, "iou_0.5": 0.5},
    }


def test_the_documents_own_words_count() -> None:
    document = Document("d", "Ada's", words=((0, 5),))
    assert measure_candidates([(document, [Candidate(0, 3)])]).per_word == 1.0


def test_nothing_measured() -> None:
    coverage = measure_candidates([])
    assert (coverage.exact_recall, coverage.half_recall, coverage.per_word) == (0, 0, 0)
