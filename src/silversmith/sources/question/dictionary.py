"""The pseudo-dictionary: survivors with their counts by type and where the best of each comes from.

It is a table that a person can edit: take a line out, change its type, add one; the next run uses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from silversmith.core import DataError
from silversmith.sources.question.retrieval import Answer, Found
from silversmith.text.matching import Matcher

__all__ = ["HEAD", "PseudoDictionary", "Row", "collect", "read_rows", "write_rows"]

HEAD = ("term", "type", "count", "probability", "question", "rank", "score", "raw", "passage")


@dataclass(frozen=True, slots=True)
class Row:
    """One term with one type. count: places where it was found. probability: of the likeliest. The rest is of
    that place: question, rank, fused score, the phrase before the rules, its sentence; empty in a row that a
    person wrote."""

    term: str
    type: str
    count: float = 1.0
    probability: float = 0.9
    question: str = ""
    rank: int = 0
    score: float = 0.0
    raw: str = ""
    passage: str = ""


def collect(found: Found) -> list[Row]:
    """The rows of a retrieval: by type as asked, then by probability."""
    best: dict[tuple[str, str], Answer] = {}
    counts: Counter[tuple[str, str]] = Counter()
    places: set[tuple[str, str, int, int]] = set()
    for one in found.answers:
        kind = found.questions[one.question].type
        key = (kind, one.text.lower())
        place = (kind, one.document, one.start, one.end)
        counts[key] += place not in places  # two questions of a type may find one place
        places.add(place)
        if key not in best or one.probability > best[key].probability:
            best[key] = one
    rows = [_row(found, kind, one, counts[kind, form]) for (kind, form), one in best.items()]
    order = {kind: n for n, kind in enumerate(dict.fromkeys(one.type for one in found.questions))}
    return sorted(rows, key=lambda row: (order[row.type], -row.probability, row.term))


def _row(found: Found, kind: str, one: Answer, count: int) -> Row:
    low = one.sentence[0]
    raw = one.passage[one.raw[0] - low : one.raw[1] - low]
    text = found.questions[one.question].text
    p, score = round(one.probability, 4), round(one.score, 6)
    return Row(one.text, kind, float(count), p, text, one.rank, score, raw, one.passage)


def write_rows(rows: Iterable[Row], path: Path) -> None:
    """The table: tab-separated, with a head."""
    with path.open("w", encoding="utf-8") as file:
        file.write("\t".join(HEAD) + "\n")
        for row in rows:
            cells = [row.term, row.type, f"{row.count:g}", f"{row.probability:g}", row.question]
            cells += [str(row.rank), f"{row.score:g}", row.raw, row.passage]
            file.write("\t".join(" ".join(cell.split()) for cell in cells) + "\n")


def read_rows(path: Path, types: Sequence[str] | None = None) -> list[Row]:
    """The table, edited or not; two columns are enough. Raises DataError Y040, Y041 (file and line named)."""
    rows = []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("Y040", f"no table of terms: {error}", path=path) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#") or line.split("\t")[0] == HEAD[0]:
            continue
        cells = line.split("\t")
        if len(cells) < 2 or not cells[0].strip() or not cells[1].strip():
            raise DataError("Y041", f"expected term, tab, type; found {line[:60]!r}", path=path, line=number)
        if types is not None and cells[1].strip() not in types:
            raise DataError(
                "Y041",
                f"there is no type {cells[1].strip()!r}",
                path=path,
                line=number,
                remedy=f"one of: {', '.join(types)}",
            )
        rows.append(_parsed(cells, path, number))
    if not rows:
        raise DataError("Y040", "no term in it", path=path, remedy="ask for something the corpus has")
    return rows


def _parsed(cells: Sequence[str], path: Path, number: int) -> Row:
    """One line's row."""
    given = [cell.strip() for cell in cells] + [""] * (len(HEAD) - len(cells))
    try:
        count, p = float(given[2] or 1), float(given[3] or 0.9)
        if not (0 < count < float("inf") and 0 < p <= 1):
            raise ValueError("a count above 0 and a probability in (0, 1] expected")
        rank, score = int(given[5] or 0), float(given[6] or 0)
    except ValueError as error:
        raise DataError("Y041", str(error), path=path, line=number) from None
    return Row(given[0], given[1], count, p, given[4], rank, score, given[7], given[8])


class PseudoDictionary:
    """Rows ready to be matched: of each term as it is compared, its rows by type."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        self.matcher = Matcher(one.term for one in rows)
        self.types = tuple(sorted({one.type for one in rows}))
        self.entries: list[dict[str, Row]] = [{} for _ in self.matcher.numbers]
        empty = set(self.matcher.empty)
        for place, one in enumerate(rows):
            if place in empty:
                continue
            known = self.entries[self.matcher.numbers[self.matcher.key(one.term)]]
            other = known.get(one.type)
            known[one.type] = one if other is None else _joined(other, one)

    def find(self, term: str) -> dict[str, Row] | None:
        """The rows of a string; None if it is no term."""
        number = self.matcher.numbers.get(self.matcher.key(term))
        return None if number is None else self.entries[number]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def _joined(one: Row, other: Row) -> Row:
    """Two spellings of a term: the likelier's row with both counts."""
    from dataclasses import replace

    better = one if one.probability >= other.probability else other
    return replace(better, count=one.count + other.count)
