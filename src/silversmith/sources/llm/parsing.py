"""Parsing: from whatever a model answered to (phrase, category) pairs; what can't be read is counted."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

__all__ = ["LONGEST", "MOST", "parse_answer"]

LONGEST = 5
"""Words of a category; longer ones are sentences."""
MOST = 200
"""Pairs of one answer; what follows is a model that doesn't stop."""
BANNED = frozenset({"concept", "entity", "thing", "noun", "verb", "adjective", "phrase", "word", "none"})
BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
OBJECT = re.compile(r"\{[^{}]*\}")
FENCE = re.compile(r"^\s*```\w*\s*|\s*```\s*$")
QUOTES = "\"'`“”‘’«»"


def parse_answer(
    answer: str, types: tuple[str, ...] | None = None
) -> tuple[list[tuple[str, str]], Counter[str]]:
    """(distinct pairs in order, reason -> what was left out).

    types: the allowed categories, compared without case; None: free ones, lower-cased. Reads lines "phrase <>
    category", and JSON, whole or broken off.
    """
    found: dict[tuple[str, str], None] = {}
    left: Counter[str] = Counter()
    allowed = None if types is None else {name.lower(): name for name in types}
    text = FENCE.sub("", answer).strip()
    if text.upper().strip(".") == "NONE":
        return [], left
    raw = _objects(text) if text[:1] in "[{" else _lines(text, left)
    for phrase, category in raw:
        if len(found) == MOST:
            left["too many"] += 1
            continue
        name = " ".join(category.split()).strip(QUOTES).rstrip(".")
        phrase = phrase.strip().strip(QUOTES).strip()
        if not phrase or not name:
            left["empty"] += 1
        elif allowed is not None:
            if name.lower() in allowed:
                found[phrase, allowed[name.lower()]] = None
            else:
                left["not a type"] += 1
        elif name.lower() in BANNED or len(name.split()) > LONGEST or name.lower() == phrase.lower():
            left["uninformative"] += 1
        else:
            found[phrase, name.lower()] = None
    return list(found), left


def _lines(text: str, left: Counter[str]) -> Iterator[tuple[str, str]]:
    """Pairs of lines with "<>"; a line without is no answer."""
    for line in text.splitlines():
        if not line.strip():
            continue
        fields = BULLET.sub("", line).split("<>")
        if len(fields) < 2:
            left["no pair"] += 1
        else:
            yield fields[0], fields[1]


def _objects(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of the innermost JSON objects; of an answer that was cut off, those that are complete."""
    for part in OBJECT.findall(text):
        try:
            one: Any = json.loads(part)
        except ValueError:
            continue
        values = {str(key).lower(): str(value) for key, value in one.items()}
        phrase = next((values[key] for key in ("phrase", "text", "entity", "name") if key in values), "")
        kind = next((values[key] for key in ("type", "category", "label", "concept") if key in values), "")
        yield phrase, kind
