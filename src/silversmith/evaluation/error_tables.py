"""Error tables: the mistakes of a prediction one by one, sorted into the kinds of the SAE-NER paper.

Exact scoring counts a span that is nearly right twice, as a false positive and as a false negative
(a double error): wrong boundaries, a wrong type, or both. "Both" is the paper's typing contamination:
other words in the span ("the cruiser Bogatyr") pull the type away from that of the gold span.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from silversmith.core import OUTSIDE, Document, Span, Vote
from silversmith.evaluation.links import KINDS, Kind, Link, link_spans
from silversmith.evaluation.pairing import Pair
from silversmith.evaluation.typing import gold_votes
from silversmith.evaluation.units import Unit

__all__ = ["ErrorRow", "ErrorTable", "TypingError", "error_row", "error_table", "typing_errors"]

COMMENTS: dict[Kind, str] = {
    "correct": "correct",
    "wrong_boundary": "wrong boundary",
    "wrong_type": "wrong type",
    "wrong_both": "typing contamination",
    "missing": "missing",
    "spurious": "spurious",
}


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One mistake. gold, predicted: the covered texts (None: no such span); p_*: probabilities if known.

    p_predicted: of the predicted type; p_gold: of the gold type, on the predicted span.
    gold_range, predicted_range: characters of the document's text.
    """

    document: str
    kind: Kind
    predicted: str | None
    gold: str | None
    predicted_label: str | None
    gold_label: str | None
    p_predicted: float | None
    p_gold: float | None
    iou: float
    predicted_range: tuple[int, int] | None
    gold_range: tuple[int, int] | None

    @property
    def comment(self) -> str:
        """The kind in the paper's words."""
        return COMMENTS[self.kind]

    def to_json(self) -> dict[str, Any]:
        """All fields by name, and the comment."""
        return {**asdict(self), "comment": self.comment}


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """rows: mistakes of the kinds asked for, in the documents' order. kinds: how many of each kind in all."""

    rows: tuple[ErrorRow, ...]
    kinds: Mapping[str, int]

    @property
    def double(self) -> int:
        """Mistakes that exact scoring counts twice."""
        return self.kinds["wrong_boundary"] + self.kinds["wrong_type"] + self.kinds["wrong_both"]

    @property
    def false_positives(self) -> int:
        """Predicted spans that exact scoring counts as wrong."""
        return self.double + self.kinds["spurious"]

    @property
    def false_negatives(self) -> int:
        """Gold spans that exact scoring counts as missed."""
        return self.double + self.kinds["missing"]

    def to_json(self) -> dict[str, Any]:
        """kinds, double, false_positives, false_negatives, rows."""
        return {
            "kinds": dict(self.kinds),
            "double": self.double,
            "false_positives": self.false_positives,
            "false_negatives": self.false_negatives,
            "rows": [row.to_json() for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class TypingError:
    """A gold span that got another label: the two probabilities and the second-ranked label (Tables 4, 5)."""

    document: str
    text: str
    gold: str
    predicted: str
    p_predicted: float
    p_gold: float
    second: str
    p_second: float

    def to_json(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def error_table(
    pairs: Iterable[Pair],
    votes: Iterable[Vote] = (),
    *,
    kinds: Iterable[Kind] = KINDS[1:],
    limit: int | None = None,
    unit: Unit = "words",
) -> ErrorTable:
    """Link gold and predicted spans (`link_spans`) and list the mistakes.

    votes: those behind the predicted spans, if kept: they give p_gold (else only the span's own score is
    known). kinds: which rows to keep; the numbers cover all. limit: rows kept of each kind, the first.
    """
    known = {(vote.document_id, vote.start, vote.end): vote for vote in votes}
    wanted = set(kinds)
    numbers: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    rows: list[ErrorRow] = []
    for pair in pairs:
        for link in link_spans(*pair, unit=unit):
            numbers[link.kind] += 1
            if link.kind in wanted and (limit is None or numbers[link.kind] <= limit):
                rows.append(error_row(link, pair[0], known))
    return ErrorTable(tuple(rows), dict(numbers))


def error_row(
    link: Link, document: Document, votes: Mapping[tuple[str, int, int], Vote] | None = None
) -> ErrorRow:
    """A link as a row that can be read without the document."""
    gold, predicted = link.gold, link.predicted
    vote = votes.get((document.id, predicted.start, predicted.end)) if votes and predicted else None
    p_predicted = predicted.score if predicted else None
    if vote and predicted:
        p_predicted = vote.probabilities.get(predicted.label, 0.0)
    return ErrorRow(
        document=document.id,
        kind=link.kind,
        predicted=document.covered(predicted) if predicted else None,
        gold=document.covered(gold) if gold else None,
        predicted_label=predicted.label if predicted else None,
        gold_label=gold.label if gold else None,
        p_predicted=p_predicted,
        p_gold=vote.probabilities.get(gold.label, 0.0) if vote and gold else None,
        iou=link.iou,
        predicted_range=_range(predicted),
        gold_range=_range(gold),
    )


def typing_errors(documents: Iterable[Document], votes: Iterable[Iterable[Vote]]) -> list[TypingError]:
    """Gold spans whose most probable label (O included) is not their type.

    votes: one list a document, in order. A span without vote is an O with certainty.
    Raises DataError E006, E007 as `gold_votes`.
    """
    rows: list[TypingError] = []
    for document, span, vote in gold_votes(documents, votes):
        ranked = vote.top(2) if vote else [(OUTSIDE, 1.0)]
        (label, p), (second, p_second) = ranked[0], ranked[-1]
        if label != span.label:
            p_gold = vote.probabilities.get(span.label, 0.0) if vote else 0.0
            text = document.covered(span)
            rows.append(TypingError(document.id, text, span.label, label, p, p_gold, second, p_second))
    return rows


def _range(span: Span | None) -> tuple[int, int] | None:
    """A span's offsets."""
    return (span.start, span.end) if span else None
