"""Retrieval: the answers of a corpus to questions (METHODS 2.5), down to k sentences or the last likely one.

The original searches once for 1.2 k phrases and keeps what comes; here the ranking is walked down until k
distinct sentences hold a surviving phrase. One sentence is one sentence, whatever question found it, and a
phrase is known by its place in the document.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Schema, track
from silversmith.models.concepts import ConceptEncoder
from silversmith.models.concepts.calibration import Calibration
from silversmith.sources.question.index import PhraseIndex, Place
from silversmith.sources.question.likelihood import Likelihood, likelihoods
from silversmith.sources.question.options import AskOptions, Rules
from silversmith.sources.question.questions import Question
from silversmith.sources.question.rules import asked_names, normalise
from silversmith.sources.question.signals import FUSED, fuse, reciprocal, score_signals

__all__ = ["Answer", "Found", "Tally", "answer", "rules_of", "sentence_key"]

BATCH = 2000
JUDGED, LIKELY, CAPITALS = 100, 0.3, 0.6
"""Best phrases of a type that the choice of rules looks at, the least probability of one; share with a
capital that makes names."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One survivor. question: its number. rank: of the phrase, from 1. start, end: of the survivor; raw: of
    the phrase it is left of. probability: that it is of the type. terms: signal -> its part of the score."""

    question: int
    rank: int
    document: str
    start: int
    end: int
    raw: tuple[int, int]
    sentence: tuple[int, int]
    text: str
    passage: str
    key: str
    probability: float
    terms: dict[str, float]

    @property
    def score(self) -> float:
        """The fused score: the sum of its terms."""
        return sum(self.terms.values())


@dataclass
class Tally:
    """Of one question. looked: phrases walked down. sentences: distinct ones kept. duplicates: survivors at a
    place that is taken. capped: survivors of a form that is full. dropped: rule -> phrases. stopped: why it
    ended ("k", "unlikely", "end")."""

    looked: int = 0
    sentences: int = 0
    duplicates: int = 0
    capped: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    stopped: str = "end"


@dataclass(frozen=True)
class Found:
    """Answers of all questions, question by question, best first; a tally a question; rules of each type."""

    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    tallies: tuple[Tally, ...]
    rules: dict[str, Rules]


def answer(
    index: PhraseIndex,
    encoder: ConceptEncoder,
    questions: Sequence[Question],
    options: AskOptions,
    schema: Schema | None = None,
) -> Found:
    """Ask an index. Raises ConfigError Y032; ModelError Y020 if the encoder is another one."""
    known = likelihoods(index, encoder, questions, schema)
    least = Calibration.of(encoder.facts).threshold if options.least is None else options.least
    rules = {kind: rules_of(index, known, kind, options, least) for kind in known.types}
    names = asked_names(questions)
    answers: list[Answer] = []
    tallies = []
    for number in track(range(len(questions)), "ask", len(questions)):
        walk = _Walk(number, known, options, least, rules[questions[number].type], names)
        answers += walk.go(index, encoder)
        tallies.append(walk.tally)
    return Found(tuple(questions), tuple(answers), tuple(tallies), rules)


def rules_of(index: PhraseIndex, known: Likelihood, kind: str, options: AskOptions, least: float) -> Rules:
    """The rules for a type: as given, by profile, or by how its best phrases are written (those that are
    likely enough; names where there are none)."""
    if options.rules is not None:
        return options.rules
    if options.profile != "auto":
        return Rules.of(options.profile)
    odds = known.probability[known.types.index(kind)]
    best = np.argsort(-odds, kind="stable")[:JUDGED]
    best = best[odds[best] >= max(least, LIKELY)]
    capital = [place.phrase != place.phrase.lower() for place in index.places(best.tolist())]
    return Rules.of("names" if sum(capital) >= CAPITALS * len(capital) else "terms")


def sentence_key(text: str) -> str:
    """What two sentences have in common if they are one: NFC, blanks collapsed."""
    plain = unicodedata.normalize("NFC", " ".join(text.split()))
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:24]


class _Walk:
    """Down the ranking of one question."""

    def __init__(
        self,
        number: int,
        known: Likelihood,
        options: AskOptions,
        least: float,
        rules: Rules,
        names: frozenset[str],
    ) -> None:
        self.number, self.options, self.least, self.rules, self.names = number, options, least, rules, names
        self.question = known.questions[number]
        self.odds = known.odds[number]
        self.probability = known.probability[known.place[number]]
        self.tally = Tally()
        self.taken: dict[str, list[tuple[int, int]]] = {}
        self.forms: Counter[str] = Counter()
        self.sentences: set[str] = set()

    def go(self, index: PhraseIndex, encoder: ConceptEncoder) -> Iterator[Answer]:
        """The answers."""
        rank = 0
        for numbers, scores in self._batches(index, encoder):
            places = list(index.places(numbers.tolist()))
            for at, (number, place) in enumerate(zip(numbers.tolist(), places, strict=True)):
                if len(self.sentences) >= self.options.k:
                    self.tally.stopped = "k"
                    return
                rank += 1
                self.tally.looked += 1
                terms = {name: float(values[at]) for name, values in scores.items()}
                yield from self._survivors(place, rank, float(self.probability[number]), terms)

    def _batches(
        self, index: PhraseIndex, encoder: ConceptEncoder
    ) -> Iterator[tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]]:
        """(phrases, signal -> terms) from the best down; only phrases that are likely enough.

        The first `pool` are ranked by all signals, what comes after them by the first alone.
        """
        (likely,) = np.nonzero(self.probability >= self.least)
        order = likely[np.argsort(-self.odds[likely], kind="stable")]
        self.tally.stopped = "unlikely" if len(likely) < len(index) else "end"
        pool, rest = order[: self.options.pool], order[self.options.pool :]
        if len(pool):
            places = list(index.places(pool.tolist()))
            found = score_signals(
                index, encoder, self.question, pool, self.odds[pool], places, self.options.signals
            )
            best = np.argsort(-fuse(found), kind="stable")
            yield pool[best], {name: reciprocal(values)[best] for name, values in found.items()}
        for low in range(0, len(rest), BATCH):
            numbers = rest[low : low + BATCH]
            rank = len(pool) + low + 1 + np.arange(len(numbers))
            yield numbers, {"name": np.asarray(1.0 / (FUSED + rank), np.float64)}

    def _survivors(self, place: Place, rank: int, p: float, terms: dict[str, float]) -> Iterator[Answer]:
        """What the rules leave of a phrase, if its place is free."""
        low, high = place.sentence
        for start, end in normalise(
            place.text, place.start, place.end, self.rules, self.names, self.tally.dropped
        ):
            taken = self.taken.setdefault(place.document, [])
            if any(a < end and start < b for a, b in taken):
                self.tally.duplicates += 1
                continue
            form = place.text[start:end].lower()
            if self.forms[form] >= self.options.most_a_form:
                self.tally.capped += 1
                continue
            self.forms[form] += 1
            taken.append((start, end))
            passage = place.text[low:high]
            key = sentence_key(passage)
            self.sentences.add(key)
            self.tally.sentences = len(self.sentences)
            raw, text = (place.start, place.end), place.text[start:end]
            yield Answer(
                self.number,
                rank,
                place.document,
                start,
                end,
                raw,
                place.sentence,
                text,
                passage,
                key,
                p,
                terms,
            )
