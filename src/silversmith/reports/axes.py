"""The frame of a plot in SVG: scales, ticks, axes, texts and lines in the page's own colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

__all__ = [
    "LINE_HEIGHT",
    "Frame",
    "axes",
    "make_frame",
    "number_text",
    "padded",
    "segment",
    "svg_element",
    "text_at",
    "ticks_between",
    "x_ticks",
]

LEFT, RIGHT, TOP, BOTTOM = 56, 12, 30, 46
LINE_HEIGHT = 16
"""Pixels from one line of text to the next."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The plotting area in pixels, and the scales from values to pixels."""

    width: int
    height: int
    x: Callable[[float], float]
    y: Callable[[float], float]

    @property
    def left(self) -> float:
        """Pixels to the y axis."""
        return LEFT

    @property
    def right(self) -> float:
        """Pixels to the right end of the x axis."""
        return self.width - RIGHT

    @property
    def top(self) -> float:
        """Pixels to the upper end of the y axis."""
        return TOP

    @property
    def floor(self) -> float:
        """Pixels to the x axis."""
        return self.height - BOTTOM


def make_frame(
    size: tuple[int, int], xs: tuple[float, float], ys: tuple[float, float], scale: Callable[[float], float]
) -> Frame:
    """Linear scales over the (already scaled) x range and the y range."""
    width, height = size
    (left, right), (low, high) = xs, ys
    across, up = (right - left) or 1.0, (high - low) or 1.0
    return Frame(
        width,
        height,
        lambda value: LEFT + (scale(value) - left) / across * (width - LEFT - RIGHT),
        lambda value: height - BOTTOM - (min(max(value, low), high) - low) / up * (height - TOP - BOTTOM),
    )


def axes(
    frame: Frame, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[float], x_label: str, y_label: str
) -> str:
    """Both axes with grid lines, tick labels and names."""
    left, right, top, floor = frame.left, frame.right, frame.top, frame.floor
    parts = [segment(left, floor, right, floor), segment(left, top, left, floor)]
    for value in y_ticks:
        y = frame.y(value)
        parts.append(segment(left, y, right, y, 'opacity="0.15"'))
        parts.append(text_at(left - 6, y + 4, number_text(value), "end"))
    for value, name in x_ticks:
        parts.append(text_at(frame.x(value), floor + LINE_HEIGHT, name, "middle"))
    if x_label:
        parts.append(text_at((left + right) / 2, frame.height - 8, x_label, "middle"))
    if y_label:
        middle = (top + floor) / 2
        parts.append(text_at(14, middle, y_label, "middle", f'transform="rotate(-90 14 {middle:.1f})"'))
    return "".join(parts)


def svg_element(frame: Frame, title: str, body: Sequence[str]) -> str:
    """The element, with its title both for eyes and for screen readers."""
    head = f"<title>{escape(title)}</title>" if title else ""
    label = f' aria-label="{escape(title)}"' if title else ""
    shown = text_at(frame.width / 2, 18, title, "middle", 'font-weight="bold"') if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {frame.width} {frame.height}" '
        f'role="img"{label} '
        f'style="max-width:{frame.width}px;width:100%;color:inherit" font-family="system-ui,sans-serif" '
        f'font-size="12">{head}{shown}{"".join(body)}</svg>'
    )


def text_at(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    """A text in the page's own colour."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="currentColor" {more}>{escape(text)}</text>'


def segment(x1: float, y1: float, x2: float, y2: float, more: str = "") -> str:
    """A straight line in the page's own colour."""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="currentColor" {more}/>'


def padded(values: Sequence[float]) -> tuple[float, float]:
    """The range of the values (NaN left out) with a little air; bars keep their zero."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    air = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return (low if low == 0 else low - air), (high if high == 0 else high + air)


def ticks_between(low: float, high: float, about: int = 5) -> list[float]:
    """Round values inside [low, high]: steps of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / about or 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def x_ticks(xs: Sequence[float], log: bool) -> list[tuple[float, str]]:
    """The measured values themselves if they are few and lie apart, else round ones."""
    distinct = sorted(set(xs))
    if not distinct:
        return []
    places = [math.log10(x) if log else x for x in distinct]
    gap = min((b - a for a, b in pairwise(places)), default=1.0)
    if gap >= (places[-1] - places[0]) / 14:
        values = distinct
    elif log:
        powers = range(math.ceil(places[0]), math.floor(places[-1]) + 1)
        values = [10.0**power for power in powers] or [distinct[0], distinct[-1]]
    else:
        values = ticks_between(distinct[0], distinct[-1])
    return [(value, number_text(value)) for value in values]


def number_text(value: float) -> str:
    """A tick label: no more digits than needed."""
    return f"{value:,.0f}" if abs(value) >= 1000 and value == int(value) else f"{value:.4g}"
