"""Documents with coloured spans, as HTML and for the terminal; nested and crossing spans are drawn too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from silversmith.core import Document, Span
from silversmith.reports.colour import hues, terminal_style

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Mark", "compare", "escaped", "highlight_html", "highlight_text"]

CONTROLS = {code: 0x2400 + code for code in range(32) if code not in (9, 10)} | {127: 0x2421}
LONGEST = 24
"""A longer word may be parted from its chip, or it would leave a narrow page."""
STATES = {
    "right": "as in the gold",
    "type-wrong": "the gold has another type",
    "extra": "not in the gold",
    "missed": "in the gold, not found",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A span as drawn. state: "" (no gold known), "right", "type-wrong", "extra" or "missed"."""

    span: Span
    state: str = ""


def escaped(text: str) -> str:
    """Text for HTML, attributes included: markup is shown as text, control characters as their pictures."""
    shown = text.replace("\r\n", "\n").translate(CONTROLS)
    return escape(shown.encode("utf-8", "replace").decode("utf-8"))


def compare(found: Iterable[Span], gold: Iterable[Span]) -> list[Mark]:
    """Found spans marked right, of another type, or extra; gold spans that nobody found as missed."""
    wanted: dict[tuple[int, int], set[str]] = {}
    for span in gold:
        wanted.setdefault((span.start, span.end), set()).add(span.label)
    marks, seen = [], set()
    for span in found:
        labels = wanted.get((span.start, span.end), set())
        state = "right" if span.label in labels else "type-wrong" if labels else "extra"
        seen.add((span.start, span.end))
        marks.append(Mark(span, state))
    missed = [
        Mark(Span(start, end, label), "missed")
        for (start, end), labels in wanted.items()
        if (start, end) not in seen
        for label in sorted(labels)
    ]
    return marks + missed


def highlight_html(
    document: Document, marks: Sequence[Mark], classes: Mapping[str, int], number: int, why: frozenset[int]
) -> str:
    """The document's text with one <mark> a span, each closed by a chip with type and probability.

    classes: label -> number of its colour class (t0, t1 ...). number: of the document on the page; a mark's
    data-k is "number:index of the mark". why: the marks that have evidence; their chips are buttons.
    """
    parts = []
    for text, event, index in _walk(document.text, marks):
        if event == "open":
            parts.append(escaped(text) + _opening(marks[index], classes, f"{number}:{index}"))
        elif event == "end":
            head, word = _last_word(text)
            chip = _chip(marks[index], index in why)
            parts.append(f'{escaped(head)}<span class="tail">{escaped(word)}{chip}</span></mark>')
        else:
            parts.append(escaped(text) + ("</mark>" if event else ""))
    return "".join(parts)


def highlight_text(document: Document, marks: Sequence[Mark] | None = None, *, colour: bool = True) -> Text:
    """The document for a terminal: spans tinted, followed by type and probability.

    marks: default, the document's own spans. colour: False writes [brackets] instead, for pipes and logs.
    """
    from rich.text import Text

    marks = [Mark(span) for span in document.spans] if marks is None else marks
    styles = {label: terminal_style(hue) for label, hue in hues(mark.span.label for mark in marks).items()}
    result, stack = Text(), list[int]()
    for text, event, index in _walk(document.text, marks):
        style = styles[marks[stack[-1]].span.label] if stack and colour else ""
        result.append(text.replace("\r\n", "\n").translate(CONTROLS), style)
        if event == "open":
            stack.append(index)
            result.append("" if colour else "[")
        elif event:
            stack.pop()
            if event == "end":
                own = f"bold {styles[marks[index].span.label]}" if colour else ""
                result.append(_tail(marks[index], colour), own)
            else:
                result.append("" if colour else "]")
    return result


def _walk(text: str, marks: Sequence[Mark]) -> Iterator[tuple[str, str, int]]:
    """Properly nested events (text before, "open" | "pause" | "end" | "", mark): crossing spans are split.

    A mark that has to close because another one ends pauses and opens again; only its last piece says "end".
    """
    pieces = [
        (start, end, index)
        for index, mark in enumerate(marks)
        for start, end in (mark.span.fragments or ((mark.span.start, mark.span.end),))
    ]
    last: dict[int, int] = {}
    for _, end, index in pieces:
        last[index] = max(end, last.get(index, 0))
    opening: dict[int, list[tuple[int, int]]] = {}
    for start, end, index in sorted(pieces, key=lambda piece: (piece[0], -piece[1], piece[2])):
        opening.setdefault(start, []).append((end, index))
    stack: list[tuple[int, int]] = []
    done = 0
    for place in sorted({edge for start, end, _ in pieces for edge in (start, end)}):
        before, done = text[done:place], place
        again: list[tuple[int, int]] = []
        while any(end == place for end, _ in stack):
            end, index = stack.pop()
            if end != place:
                again.append((end, index))
            yield before, "end" if end == place == last[index] else "pause", index
            before = ""
        for end, index in [*reversed(again), *opening.get(place, [])]:
            stack.append((end, index))
            yield before, "open", index
            before = ""
    yield text[done:], "", -1


def _opening(mark: Mark, classes: Mapping[str, int], key: str) -> str:
    """The start tag of a mark."""
    percent = "" if mark.span.score is None else f' data-p="{100 * mark.span.score:.1f}"'
    state = f" {mark.state}" if mark.state else ""
    return f'<mark class="t{classes[mark.span.label]}{state}" data-k="{key}"{percent}>'


def _chip(mark: Mark, button: bool) -> str:
    """Type and probability; a button when there is evidence to open."""
    label, score = escaped(mark.span.label), mark.span.score
    spoken = f"{label}" + ("" if score is None else f", probability {100 * score:.0f} %")
    title = f' title="{STATES[mark.state]}"' if mark.state else ""
    spoken += f", {STATES[mark.state]}" if mark.state else ""
    shown = f"{label}" + ("" if score is None else f" <b>{100 * score:.0f}</b>")
    if button:
        return f'<button type="button" class="chip"{title} aria-label="{spoken}: show why">{shown}</button>'
    return f'<span class="chip"{title}>{shown}</span>'


def _last_word(text: str) -> tuple[str, str]:
    """Text before its last word, and that word: the chip must not wrap to a line of its own."""
    place = max(text.rfind(" "), text.rfind("\n"), text.rfind("\t")) + 1
    return (text[:place], text[place:]) if len(text) - place <= LONGEST else (text, "")


def _tail(mark: Mark, colour: bool) -> str:
    """Type and probability behind a span of the terminal version."""
    score = "" if mark.span.score is None else f" {100 * mark.span.score:.0f}%"
    sign = {"right": " ✓", "type-wrong": " ✗", "extra": " ✗", "missed": " missed"}.get(mark.state, "")
    return f" {mark.span.label}{score}{sign}" if colour else f" | {mark.span.label}{score}{sign}]"
