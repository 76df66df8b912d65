"""Questions: some ranked spans put to the user, and thresholds from the answers.

One tab-separated line a span: type, score, document, start, end, context with the span in [[ ]], answer.
The user writes y or n in the last column; unanswered lines are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from silversmith.core import DataError, Document
from silversmith.core.errors import nearest
from silversmith.sources.example.calibration import Calibration, fit_answers
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.ranking import Ranked

__all__ = ["ask", "read_answers", "spread", "thresholds_from_answers"]

HEAD = "type\tscore\tdocument\tstart\tend\tspan in its context\tanswer (y or n)"
AROUND = 60
YES, NO = {"y", "yes", "1", "true"}, {"n", "no", "0", "false"}
FEW = 20
"""Answers of a type below which no threshold is drawn from them."""
Answers = dict[str, list[tuple[float, bool]]]


def ask(mining: Mining, documents: Iterable[Document], path: Path, count: int = 40) -> int:
    """Write `count` questions a type, spread evenly over its ranking; how many there are.

    documents: the mined corpus.
    """
    wanted: dict[int, list[Ranked]] = {}
    for kind in range(len(mining.types)):
        for one in spread([one for one in mining.ranking if one.type == kind], count):
            wanted.setdefault(one.document, []).append(one)
    lines: list[tuple[int, float, str]] = []
    for position, document in enumerate(documents):
        lines += [(one.type, one.score, _line(mining, document, one)) for one in wanted.get(position, ())]
    path.write_text("\n".join([HEAD, *(line for *_, line in sorted(lines))]) + "\n", encoding="utf-8")
    return len(lines)


def spread(spans: Sequence[Ranked], count: int) -> list[Ranked]:
    """`count` spans evenly over a ranking; all of a shorter one."""
    take = min(count, len(spans))
    return [spans[(2 * n + 1) * len(spans) // (2 * take)] for n in range(take)]


def read_answers(path: Path, types: Iterable[str]) -> Answers:
    """Type -> (score, right or wrong). Raises DataError X040 a line that is none, X041 an unknown type."""
    types, found = list(types), Answers()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("X040", f"can't read the answers: {error}", path=path) from None
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.split("\t")
        if not line.strip() or line.startswith("type\t"):
            continue
        if len(cells) < 7 or not _number(cells[1]):
            raise DataError("X040", "expected seven columns", path=path, line=number, remedy=HEAD)
        answer = cells[6].strip().lower()
        if cells[0] not in types:
            raise DataError(
                "X041", f"unknown type {cells[0]!r}", path=path, line=number, remedy=nearest(cells[0], types)
            )
        if answer and answer not in YES | NO:
            raise DataError("X040", f"the answer {cells[6]!r}", path=path, line=number, remedy="write y or n")
        if answer:
            found.setdefault(cells[0], []).append((float(cells[1]), answer in YES))
    return found


def thresholds_from_answers(answers: Answers, precision: float) -> tuple[dict[str, Calibration], list[str]]:
    """Calibrations of the types that have enough answers, and what to tell the user of each type."""
    made, told = {}, []
    for label, given in sorted(answers.items()):
        if len(given) < FEW:
            told.append(f"{label}: {len(given)} answers, at least {FEW} are needed: its threshold stays")
            continue
        found = fit_answers(given, precision)
        if found is None:
            told.append(f"{label}: even its best spans fall short of {precision:.0%}: its threshold stays")
            continue
        made[label] = found
        told.append(
            f"{label}: threshold {found.threshold:.3f}, precision {found.low:.0%} to {found.high:.0%} "
            f"by {len(given)} answers"
        )
    return made, told


def _line(mining: Mining, document: Document, one: Ranked) -> str:
    """One question."""
    text = document.text
    context = (
        f"{text[max(0, one.start - AROUND) : one.start]}[[{text[one.start : one.end]}]]"
        f"{text[one.end : one.end + AROUND]}"
    )
    cells = [mining.types[one.type], f"{one.score:.6f}", document.id, str(one.start), str(one.end)]
    return "\t".join(" ".join(cell.split()) for cell in [*cells, context]) + "\t"


def _number(word: str) -> bool:
    """Whether a cell is a number."""
    try:
        return float(word) == float(word)
    except ValueError:
        return False
