"""Signals: what speaks for a phrase as an answer, each a score over the phrases of a question's pool.

| signal | what it reads |
|---|---|
| name | likeness of phrase and question (likelihood.py) |
| pattern | the sentence says it: "diseases such as X", "X is a disease", "the drug X" |
| words | words of question and condition in the sentence (BM25 over the pool, k1 1.2, b 0.75) |
| context | likeness of the sentence to the whole question |
| more | likeness to the best 50 so far, against any phrase (bootstrapped twice, linear discriminant) |

They are fused by reciprocal rank: sum of 1 / (60 + rank), METHODS 2.6.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from silversmith.core import ConfigError
from silversmith.core.errors import nearest
from silversmith.models.concepts import ConceptEncoder
from silversmith.sources.question.index import PhraseIndex, Place
from silversmith.sources.question.names import name_vectors
from silversmith.sources.question.questions import Question, plural

__all__ = ["FUSED", "SIGNALS", "fuse", "more", "patterns", "reciprocal", "score_signals", "words"]

SIGNALS = ("name", "pattern", "words", "context", "more")
FUSED = 60
K1, B = 1.2, 0.75
POSITIVES, ROUNDS, RIDGE = 50, 2, 0.05

Floats = NDArray[np.float64]


def score_signals(
    index: PhraseIndex,
    encoder: ConceptEncoder,
    question: Question,
    pool: NDArray[np.int64],
    name: NDArray[np.float32],
    places: Sequence[Place],
    chosen: Sequence[str],
) -> dict[str, Floats]:
    """Signal -> scores float64 [pool]. name: scores of the first signal. places: of the pool's phrases.

    Raises ConfigError Y032 for a signal that isn't one.
    """
    for one in chosen:
        if one not in SIGNALS:
            raise ConfigError("Y032", f"no signal {one!r}", remedy=nearest(one, SIGNALS))
    found: dict[str, Floats] = {"name": name.astype(np.float64)}
    if "pattern" in chosen:
        found["pattern"] = patterns(question, places)
    if "words" in chosen:
        found["words"] = words(question, places)
    if "context" in chosen or question.condition:
        asked = f"{question.name} {question.condition}".strip()
        (vector,) = name_vectors(index.folder, encoder, [asked])
        found["context"] = (index.contexts(index.sentence[pool]) @ vector).astype(np.float64)
    if "more" in chosen:
        found["more"] = more(index, encoder, pool, fuse(found))
    return found


def reciprocal(scores: Floats) -> Floats:
    """1 / (60 + rank) of each; equal scores have equal ranks; what has no score (0 of a count) still counts
    as ranked last together."""
    order = np.sort(-scores)
    rank = np.searchsorted(order, -scores, side="left") + 1
    return np.asarray(1.0 / (FUSED + rank))


def fuse(signals: dict[str, Floats]) -> Floats:
    """The sum over signals."""
    return np.asarray(sum(reciprocal(one) for one in signals.values()))


def patterns(question: Question, places: Sequence[Place]) -> Floats:
    """How often the texts say that a surface form is one: Hearst's patterns around its places, and its own
    head word."""
    name, many = re.escape(question.name), re.escape(plural(question.name))
    before = re.compile(
        rf"(?:\b(?:{many}|{name})\s*,?\s*(?:such as|including|like|especially|e\.g\.,?)\s+"
        r"(?:[^.;]{0,60}(?:,|and|or)\s+)?"
        rf"|\b(?:the|a|an)\s+{name}\s+(?:called\s+|named\s+|of\s+)?)$",
        re.IGNORECASE,
    )
    after = re.compile(
        rf"^\s*(?:\([^)]*\)\s*)?(?:,?\s*(?:and|or)\s+(?:other|many other|some other)\s+{many}\b"
        rf"|,?\s*(?:is|was|are|were|,)\s+(?:an?|the|one of the)\s+(?:[\w-]+\s+){{0,3}}?(?:{name}|{many})\b)",
        re.IGNORECASE,
    )
    head = re.compile(rf"\w.*\s(?:{name}|{many})$", re.IGNORECASE)
    said: Counter[str] = Counter()
    for place in places:
        low, high = place.sentence
        form = place.phrase.lower()
        hit = bool(before.search(place.text[low : place.start])) + bool(
            after.match(place.text[place.end : high])
        )
        said[form] += hit
        if head.fullmatch(place.phrase):
            said[form] = max(said[form], 1)
    return np.array([math.log1p(said[place.phrase.lower()]) for place in places])


def words(question: Question, places: Sequence[Place]) -> Floats:
    """BM25 of the sentences."""
    asked = {one for one in _split(f"{question.name} {question.condition}") if len(one) > 2}
    asked |= {plural(one) for one in asked}
    sentences = [_split(place.text[slice(*place.sentence)]) for place in places]
    usual = max(1.0, float(np.mean([len(one) for one in sentences]))) if sentences else 1.0
    counts = [Counter(one) for one in sentences]
    found = np.zeros(len(places))
    for word in sorted(asked):
        holding = sum(word in one for one in counts)
        weight = math.log(1 + (len(places) - holding + 0.5) / (holding + 0.5))
        for n, (one, sentence) in enumerate(zip(counts, sentences, strict=True)):
            if times := one[word]:
                found[n] += weight * times * (K1 + 1) / (times + K1 * (1 - B + B * len(sentence) / usual))
    return found


def more(index: PhraseIndex, encoder: ConceptEncoder, pool: NDArray[np.int64], scores: Floats) -> Floats:
    """Likeness to the best: linear discriminant of the best 50 against the background of any phrase."""
    vectors = index.vectors(pool).astype(np.float64)
    background = encoder.background
    spread = background.covariance.astype(np.float64)
    spread = spread + RIDGE * np.trace(spread) / len(spread) * np.eye(len(spread))
    for _ in range(ROUNDS):
        best = np.argsort(-scores, kind="stable")[:POSITIVES]
        direction = np.linalg.solve(spread, vectors[best].mean(axis=0) - background.mean)
        found = vectors @ direction
        scores = reciprocal(scores) + reciprocal(found)
    return np.asarray(found)


def _split(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
