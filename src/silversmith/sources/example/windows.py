"""Windows: the spans of a sentence that are tested (METHODS of the paper's code: up to three words)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.sentences import Sentence

__all__ = ["Window", "default_stop_words", "stops_of", "windows_of"]


@dataclass(frozen=True, slots=True)
class Window:
    """Words [first, last) of a sentence: characters [start, end) of its text. digit: whether one is in it."""

    first: int
    last: int
    start: int
    end: int
    text: str
    digit: bool


@cache
def default_stop_words() -> frozenset[str]:
    """179 English stop words and 18 signs, from the data file."""
    content = (files("silversmith") / "sources" / "example" / "stop_words.txt").read_text(encoding="utf-8")
    return frozenset(content.split())


def stops_of(options: ExampleOptions) -> frozenset[str]:
    """The words that no span may hold."""
    return default_stop_words() if options.stop_words is None else frozenset(options.stop_words)


def windows_of(sentence: Sentence, options: ExampleOptions) -> list[Window]:
    """All windows of at most `max_words` words without a stop word, the longest first.

    Windows with a digit are there only if some type may have them.
    """
    stops = stops_of(options)
    digits = not options.skip_digits or bool(options.digit_types)
    text, words = sentence.text, sentence.words
    stopped = [text[start:end].lower() in stops for start, end in words]
    digit = [any(sign.isdigit() for sign in text[start:end]) for start, end in words]
    found = []
    for size in range(min(options.max_words, len(words)), 0, -1):
        for first in range(len(words) - size + 1):
            last = first + size
            with_digit = any(digit[first:last])
            if any(stopped[first:last]) or (with_digit and not digits):
                continue
            start, end = words[first][0], words[last - 1][1]
            covered = text[start:end]
            if covered.strip() == covered:
                found.append(Window(first, last, start, end, covered, with_digit))
    return found
