"""Template: the annotation-free context of an example, "The person name: {span}" (paper, section 4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from silversmith.core.errors import ConfigError

__all__ = ["CAUSAL", "MASKED", "PLACEHOLDER", "Template", "display_name", "make_template"]

PLACEHOLDER = "{span}"
"""Where the span goes. Not a letter: "X" would also be found in "Xbox game"."""
MASKED = "The {name} name: {span}"
CAUSAL = "{span} is a {name} name"
NAMES = {
    "PER": "person",
    "PERS": "person",
    "LOC": "location",
    "ORG": "organization",
    "MISC": "miscellaneous",
    "GPE": "country or city",
    "FAC": "building",
    "NORP": "nationality",
}
"""Display names of the labels that are no words."""


@dataclass(frozen=True, slots=True)
class Template:
    """A wording cut at its placeholder."""

    before: str
    after: str

    def fill(self, span: str) -> tuple[str, int, int]:
        """The text with a span in it, and the span's characters there."""
        start = len(self.before)
        return self.before + span + self.after, start, start + len(span)


def display_name(label: str) -> str:
    """A label as words, in lower case: "Restaurant_Name" -> "restaurant name", "PER" -> "person"."""
    known = NAMES.get(label.upper())
    return known or " ".join(re.split(r"[\s_/.-]+", label.strip())).lower()


def make_template(wording: str, label: str) -> Template:
    """A type's template. Raises ConfigError: X010 no placeholder or two, X011 nothing but the placeholder."""
    if wording.count(PLACEHOLDER) != 1:
        raise ConfigError(
            "X010",
            f"the template {wording!r} has {wording.count(PLACEHOLDER) or 'no'} {PLACEHOLDER}",
            where=f"type {label!r}",
            remedy=f"write it with one {PLACEHOLDER}, e.g. {MASKED!r}",
        )
    before, _, after = wording.partition(PLACEHOLDER)
    before, after = (part.replace("{name}", display_name(label)) for part in (before, after))
    if not (before + after).strip():
        raise ConfigError(
            "X011",
            f"the template {wording!r} has no word beside {PLACEHOLDER}",
            where=f"type {label!r}",
            remedy=f"e.g. {MASKED!r}",
        )
    return Template(before, after)
