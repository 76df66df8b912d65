"""Plots as inline SVG, without dependencies: lines with bands, bars, grouped bars, reliability.

Each function returns one `<svg>` element as str, to be put into a page as it is. Lines and text take
`currentColor`; series take the CSS variables --series-1 ... --series-8 (a palette for light and dark
pages is built in), so a page sets colours in one place. Every text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from silversmith.evaluation.calibration import Bin
from silversmith.reports.axes import (
    LINE_HEIGHT,
    Frame,
    axes,
    make_frame,
    number_text,
    padded,
    segment,
    svg_element,
    text_at,
    ticks_between,
    x_ticks,
)

__all__ = ["Series", "bar_plot", "grouped_bars", "line_plot", "reliability_plot"]

COLOURS = ("#3b7dd8", "#e07b39", "#3a9d6e", "#c24b6e", "#8a63c9", "#9a8423", "#2b9aa8", "#7f7f7f")
LETTER = 6.6  # mean width of a letter at size 12; a legend needs no more than that


@dataclass(frozen=True, slots=True)
class Series:
    """A named line. points: (x, y), NaN in y leaves a gap. band: (low, high) of each point, or empty."""

    name: str
    points: Sequence[tuple[float, float]]
    band: Sequence[tuple[float, float]] = field(default=())

    def __post_init__(self) -> None:
        if self.band and len(self.band) != len(self.points):
            raise ValueError(f"series {self.name!r}: {len(self.points)} points, {len(self.band)} bounds")
        if not all(math.isfinite(x) for x, _ in self.points):
            raise ValueError(f"series {self.name!r}: an x is not finite")


def line_plot(
    series: Sequence[Series],
    *,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    log_x: bool = False,
    y_range: tuple[float, float] | None = None,
    size: tuple[int, int] = (640, 360),
) -> str:
    """Curves, with bands where a series has one. Raises ValueError if log_x meets x <= 0."""
    xs = [x for one in series for x, _ in one.points]
    if log_x and any(x <= 0 for x in xs):
        raise ValueError("a logarithmic axis takes only x > 0")
    ys = [y for one in series for _, y in one.points] + [y for one in series for two in one.band for y in two]
    low, high = y_range or padded(ys)
    scale = math.log10 if log_x else float
    begin, end = (scale(min(xs)), scale(max(xs))) if xs else (0.0, 1.0)
    frame = make_frame(size, (begin, end), (low, high), scale)
    ticks = x_ticks(xs, log_x)
    body = [axes(frame, ticks, ticks_between(low, high), x_label, y_label)]
    for number, one in enumerate(series):
        body.append(_band(one, frame, _colour(number)) + _curve(one, frame, _colour(number)))
    body.append(_legend([one.name for one in series], frame))
    return svg_element(frame, title, body)


def bar_plot(
    values: Mapping[str, float],
    *,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    title: str = "",
    y_label: str = "",
    y_range: tuple[float, float] | None = None,
    size: tuple[int, int] = (640, 360),
) -> str:
    """One bar a name; bounds: (low, high) drawn as a whisker."""
    inner = {name: {"": value} for name, value in values.items()}
    whiskers = {name: {"": pair} for name, pair in (bounds or {}).items()}
    return grouped_bars(inner, bounds=whiskers, title=title, y_label=y_label, y_range=y_range, size=size)


def grouped_bars(
    groups: Mapping[str, Mapping[str, float]],
    *,
    bounds: Mapping[str, Mapping[str, tuple[float, float]]] | None = None,
    title: str = "",
    y_label: str = "",
    y_range: tuple[float, float] | None = None,
    size: tuple[int, int] = (640, 360),
) -> str:
    """Bars side by side. groups: group -> series -> value; a group may lack a series.

    bounds: group -> series -> (low, high), drawn as whiskers.
    """
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    whiskers = [pair for group in (bounds or {}).values() for pair in group.values()]
    ys = [y for group in groups.values() for y in group.values()] + [y for pair in whiskers for y in pair]
    low, high = y_range or padded([0.0, *ys])
    frame = make_frame(size, (0.0, max(1, len(groups))), (low, high), float)
    ticks = [(at + 0.5, name) for at, name in enumerate(groups)]
    body = [axes(frame, ticks, ticks_between(low, high), "", y_label)]
    step = 0.8 / max(1, len(names))
    for at, (group, values) in enumerate(groups.items()):
        for name, value in values.items():
            number = names.index(name)
            begin = at + 0.1 + number * step
            pair = (bounds or {}).get(group, {}).get(name)
            note = f"{group} {name} {value:.4g}".replace("  ", " ")
            body.append(_bar(frame, begin, begin + step, value, _colour(number), note, pair))
    body.append(_legend_below(names if names != [""] else [], frame))
    return svg_element(frame, title, body)


def reliability_plot(
    bins: Sequence[Bin], *, ece: float | None = None, title: str = "", size: tuple[int, int] = (400, 400)
) -> str:
    """Accuracy of each probability bin against the diagonal; fainter bars hold fewer spans."""
    frame = make_frame(size, (0.0, 1.0), (0.0, 1.0), float)
    ticks = ticks_between(0.0, 1.0)
    marks = [(value, number_text(value)) for value in ticks]
    body = [axes(frame, marks, ticks, "probability", "share right")]
    most = max((one.count for one in bins), default=1)
    for one in bins:
        note = f"{one.count} spans: probability {one.confidence:.3f}, right {one.accuracy:.3f}"
        opacity = 0.25 + 0.75 * one.count / most
        body.append(_bar(frame, one.low, one.high, one.accuracy, _colour(0), note, None, opacity))
        body.append(_dot(frame.x(one.confidence), frame.y(one.accuracy), "currentColor", note))
    body.append(segment(frame.x(0), frame.y(0), frame.x(1), frame.y(1), 'stroke-dasharray="4 4"'))
    if ece is not None:
        body.append(text_at(frame.left + 8, frame.top + LINE_HEIGHT, f"ECE {ece:.3f}", "start"))
    return svg_element(frame, title, body)


def _curve(one: Series, frame: Frame, colour: str) -> str:
    """Line and markers, broken where a value is NaN."""
    parts, path, pen = [], "", "M"
    for x, y in one.points:
        if math.isnan(y):
            pen = "M"
            continue
        path += f"{pen}{frame.x(x):.1f} {frame.y(y):.1f}"
        pen = "L"
        note = f"{one.name}: {number_text(x)}, {y:.4g}"
        parts.append(_dot(frame.x(x), frame.y(y), colour, note))
    line = f'<path d="{path}" fill="none" stroke-width="2" style="stroke:{colour}"/>' if path else ""
    return line + "".join(parts)


def _dot(x: float, y: float, colour: str, note: str) -> str:
    """A marker that shows its note on hover."""
    title = f"<title>{escape(note)}</title>"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" style="fill:{colour}">{title}</circle>'


def _band(one: Series, frame: Frame, colour: str) -> str:
    """The area between the bounds."""
    edges = [(x, *pair) for (x, _), pair in zip(one.points, one.band or [], strict=bool(one.band))]
    edges = [edge for edge in edges if not any(map(math.isnan, edge))]
    if not edges:
        return ""
    points = [(x, high) for x, _, high in edges] + [(x, low) for x, low, _ in reversed(edges)]
    text = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in points)
    return f'<polygon points="{text}" opacity="0.18" style="fill:{colour}"/>'


def _bar(
    frame: Frame,
    begin: float,
    end: float,
    value: float,
    colour: str,
    note: str,
    bounds: tuple[float, float] | None,
    opacity: float = 0.9,
) -> str:
    """A bar from zero to the value, its note shown on hover, and a whisker."""
    if math.isnan(value):
        return ""
    left, right = frame.x(begin) + 1, frame.x(end) - 1
    top, bottom = sorted((frame.y(value), frame.y(0.0)))
    bar = (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 1):.1f}" height="{bottom - top:.1f}" '
        f'opacity="{opacity:.2f}" style="fill:{colour}"><title>{escape(note)}</title></rect>'
    )
    if bounds is None:
        return bar
    middle = (left + right) / 2
    return bar + segment(middle, frame.y(bounds[0]), middle, frame.y(bounds[1]), 'stroke-width="2"')


def _legend(names: Sequence[str], frame: Frame) -> str:
    """Names with their colours, in the lower right corner where curves that rise leave room."""
    x, last = frame.right - 18, frame.floor - 10 - (len(names) - 1) * LINE_HEIGHT
    marks = [_mark(number, x, last + number * LINE_HEIGHT) for number in range(len(names))]
    texts = [text_at(x - 4, last + at * LINE_HEIGHT, name, "end") for at, name in enumerate(names)]
    return "".join(marks + texts)


def _legend_below(names: Sequence[str], frame: Frame) -> str:
    """Names with their colours in one line under the axis, where no bar can stand."""
    parts, x, y = [], frame.left, frame.height - 8.0
    for number, name in enumerate(names):
        parts += [_mark(number, x, y), text_at(x + 14, y, name, "start")]
        x += 30 + LETTER * len(name)
    return "".join(parts)


def _mark(number: int, x: float, y: float) -> str:
    """A small square in the colour of a series, standing on the line of a text at y."""
    return f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="10" height="10" style="fill:{_colour(number)}"/>'


def _colour(number: int) -> str:
    """The colour of a series as CSS."""
    place = number % len(COLOURS)
    return f"var(--series-{place + 1},{COLOURS[place]})"
