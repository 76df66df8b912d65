"""One colour a type: the same on every page and in the terminal, well apart within a set of types."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

from silversmith.core import OUTSIDE

__all__ = ["colour_css", "hues", "terminal_style"]

USUAL = {
    ("PER", "PERS", "PERSON"): 255,
    ("ORG", "ORGANISATION", "ORGANIZATION"): 40,
    ("LOC", "GPE", "LOCATION", "PLACE"): 150,
    ("TIME", "DATE"): 310,
    ("NUM", "NUMBER", "QUANTITY"): 85,
    ("MISC", "OTHER"): 350,
}
"""Hues of names that almost every data set has."""
FIXED = {name: hue for names, hue in USUAL.items() for name in names}
STEPS = 24


def hues(labels: Iterable[str]) -> dict[str, int]:
    """Label -> hue in degrees [0, 360) of the OKLCH circle, in alphabetical order of the labels.

    A label's own hue is fixed by its name; where it comes too near one already given, the next hue far
    enough from all is taken. "O" has no hue and is left out.
    """
    names = sorted(set(labels) - {OUTSIDE})
    chosen = {name: FIXED[name.upper()] for name in names if name.upper() in FIXED}
    for name in names:
        if name not in chosen:
            chosen[name] = _free(name, list(chosen.values()))
    return {name: chosen[name] for name in names}


def colour_css(chosen: dict[str, int]) -> str:
    """CSS that sets the custom property --h (hue) for the classes t0, t1 ..., one a label, in order."""
    return "".join(f".t{number}{{--h:{hue}}}" for number, hue in enumerate(chosen.values()))


def terminal_style(hue: int) -> str:
    """A rich style: black on a pale tint of the hue, readable on light and dark terminals."""
    red, green, blue = _rgb(0.86, 0.09, hue)
    return f"black on #{red:02x}{green:02x}{blue:02x}"


def _free(name: str, taken: list[int]) -> int:
    """The first hue from the name's own on that keeps the widest gap still to be had."""
    first = int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:4], "big") % STEPS
    wheel = [(first + step) % STEPS * 360 // STEPS for step in range(STEPS)]
    for gap in (45, 30, 15):
        for hue in wheel:
            if all(min((hue - other) % 360, (other - hue) % 360) >= gap for other in taken):
                return hue
    return wheel[0]


def _rgb(lightness: float, chroma: float, hue: int) -> tuple[int, int, int]:
    """OKLCH as sRGB bytes: the published matrices of Oklab and sRGB's gamma."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    red, green, blue = (round(255 * _gamma(min(1.0, max(0.0, part)))) for part in linear)
    return red, green, blue


def _gamma(part: float) -> float:
    """sRGB's transfer function."""
    return float(12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055)
