"""The rules of normalisation: what of a retrieved phrase is an entry (GeNER, appendix C), offsets kept.

The original repairs offsets afterwards, by the first place where the survivor's string stands in the phrase.
Here each rule moves the offsets itself, so nothing has to be found again.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from silversmith.sources.question.options import Rules
from silversmith.sources.question.questions import Question, plural

__all__ = ["STOP_WORDS", "asked_names", "normalise"]

AND, THE = " and ", "the"
OPEN = {")": "(", "]": "[", "}": "{"}
CLOSE = {open: close for close, open in OPEN.items()}
STOP_WORDS = frozenset([
    "a", "about", "above", "after", "again", "against", "ain", "all", "am", "an", "and", "any", "are",
    "aren", "as", "at", "be", "because", "been", "before", "being", "below", "between", "both", "but",
    "by", "can", "couldn", "d", "did", "didn", "do", "does", "doesn", "doing", "don", "down", "during",
    "each", "few", "for", "from", "further", "had", "hadn", "has", "hasn", "have", "haven", "having",
    "he", "her", "here", "hers", "herself", "him", "himself", "his", "how", "i", "if", "in", "into", "is",
    "isn", "it", "its", "itself", "just", "ll", "m", "ma", "me", "mightn", "more", "most", "mustn", "my",
    "myself", "needn", "no", "nor", "not", "now", "o", "of", "off", "on", "once", "only", "or", "other",
    "our", "ours", "ourselves", "out", "over", "own", "re", "s", "same", "shan", "she", "should",
    "shouldn", "so", "some", "such", "t", "than", "that", "the", "their", "theirs", "them", "themselves",
    "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "until", "up",
    "ve", "very", "was", "wasn", "we", "were", "weren", "what", "when", "where", "which", "while", "who",
    "whom", "why", "will", "with", "won", "wouldn", "y", "you", "your", "yours", "yourself", "yourselves",
])  # fmt: skip
"""English grammar (rule 6)."""

Range = tuple[int, int]


def asked_names(questions: Iterable[Question]) -> frozenset[str]:
    """The names of all questions and their plurals, lower case (rule 7)."""
    names = {one.name.lower() for one in questions}
    return frozenset(names | {plural(name) for name in names})


def normalise(
    text: str, start: int, end: int, rules: Rules, names: Collection[str], dropped: Counter[str]
) -> Iterator[Range]:
    """What is left of text[start:end], from left to right; `dropped` counts reasons ("3: no capital")."""
    for low, high in _parts(text, start, end, rules):
        if rules.strip_signs:
            low, high = _stripped(text, low, high, faithful=rules.faithful)
        if low >= high:
            dropped["2: signs only"] += 1
            continue
        if rules.drop_lower and text[low:high] == text[low:high].lower():
            dropped["3: no capital"] += 1
            continue
        if rules.drop_the and text[low : low + 3].lower() == THE and not text[low + 3 : low + 4].strip():
            low += 3
            while low < high and text[low].isspace():
                low += 1
        lowered = text[low:high].lower()
        if len(lowered) < rules.shortest:
            dropped["5: too short"] += 1
        elif rules.stop_words and lowered in STOP_WORDS:
            dropped["6: stop word"] += 1
        elif rules.drop_names and lowered in names:
            dropped["7: what was asked for"] += 1
        else:
            yield low, high


def _parts(text: str, start: int, end: int, rules: Rules) -> Iterator[Range]:
    """Rule 1."""
    if not rules.split_and:
        yield start, end
        return
    at = text.find(AND, start, end)
    while at >= 0:
        yield start, at
        start = at + len(AND)
        at = text.find(AND, start, end)
    yield start, end


def _stripped(text: str, low: int, high: int, *, faithful: bool) -> Range:
    """Rule 2. Ours keeps "U.S.", "Hepatitis (B)"; not "Yahoo!", whose sign may be the sentence's."""
    while low < high:
        if text[high - 1].isspace():
            high -= 1
        elif text[low].isspace():
            low += 1
        elif text[high - 1] in string.punctuation and (faithful or not _belongs(text, low, high)):
            high -= 1
        elif text[low] in string.punctuation and (faithful or not _paired(text, low, high)):
            low += 1
        else:
            break
    return low, high


def _belongs(text: str, low: int, high: int) -> bool:
    """Whether the last sign is part of the phrase: of an acronym, a bracket that is closed, C++."""
    last, inner = text[high - 1], text[low : high - 1]
    if last == ".":
        return "." in inner and all(len(one) <= 2 for one in inner.split("."))
    if last in OPEN:
        return inner.count(OPEN[last]) > inner.count(last)
    return last in "+#" and text[high - 2 : high - 1] not in {"", " "}


def _paired(text: str, low: int, high: int) -> bool:
    """Whether the first sign is a bracket that is closed inside, before the end."""
    close = CLOSE.get(text[low])
    return close is not None and close in text[low + 1 : high - 1]
