"""How likely each phrase of an index is an answer: the concept encoder's likeness to names (METHODS 2.6, e0).

With z the likeness of a phrase to a name in deviations of the background, of a question q of the type t:

    l(q) = a (z_q + z_t) / 2 + g m + h              m: log-odds that the phrase is a mention at all

and of a type l(t) = max over its questions, p(t) = exp l(t) / (1 + sum over types). a, g, h are the encoder's
calibration. Asked for a sub-type alone, a corpus that holds few of them answers with anything; the type's own
name keeps such answers of the right type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Schema
from silversmith.models.concepts import ConceptEncoder
from silversmith.models.concepts.calibration import Calibration, mention_odds
from silversmith.sources.question.index import PhraseIndex
from silversmith.sources.question.names import name_vectors
from silversmith.sources.question.questions import Question, called_of

__all__ = ["Likelihood", "deviations", "likelihoods", "type_names"]

Floats = NDArray[np.float32]
SMALL, NEAR = 300_000, 50_000
"""Phrases up to which all are scored by whole vectors; of a larger index, how many near each name."""


@dataclass(frozen=True)
class Likelihood:
    """odds: l of each question, float32 [questions, phrases]. probability: of each type, float32 [types,
    phrases]. types: their names; place: of each question, its type's row."""

    questions: tuple[Question, ...]
    types: tuple[str, ...]
    place: tuple[int, ...]
    odds: Floats
    probability: Floats


def type_names(schema: Schema | None, questions: Sequence[Question]) -> dict[str, str | None]:
    """Type -> the name it is called by beside its questions'; None where a question says it already."""
    called: dict[str, str | None] = {}
    for one in schema.types if schema else ():
        if any(question.type == one.name for question in questions):
            called[one.name] = called_of(one)
    for question in questions:
        called.setdefault(question.type, None)
    return called


def likelihoods(
    index: PhraseIndex, encoder: ConceptEncoder, questions: Sequence[Question], schema: Schema | None = None
) -> Likelihood:
    """l and p of all phrases. schema: whose types the questions are of."""
    called = type_names(schema, questions)
    types = tuple(called)
    names = list(dict.fromkeys([*(one.name for one in questions), *filter(None, called.values())]))
    weights = Calibration.of(encoder.facts)
    z = deviations(index, encoder, names)
    row = {name: n for n, name in enumerate(names)}
    m = mention_odds(index.mention).astype(np.float32)
    odds = np.empty((len(questions), len(index)), np.float32)
    for n, one in enumerate(questions):
        own = z[row[one.name]]
        name = called[one.type]
        both = own if name is None else (own + z[row[name]]) / 2
        odds[n] = weights.deviation * both + weights.mention * m + weights.constant
    place = tuple(types.index(one.type) for one in questions)
    best = np.stack(
        [odds[[n for n, at in enumerate(place) if at == t]].max(axis=0) for t in range(len(types))]
    )
    top = np.maximum(best.max(axis=0), 0)
    raised = np.exp(best - top)
    return Likelihood(tuple(questions), types, place, odds, raised / (raised.sum(axis=0) + np.exp(-top)))


def deviations(index: PhraseIndex, encoder: ConceptEncoder, names: Sequence[str]) -> Floats:
    """z of all phrases to each name, float32 [names, phrases].

    Of a large index the codes say which phrases come near a name; only those are scored by whole vectors. An
    inverted file says nothing of the others: they have -inf.
    """
    vectors = name_vectors(index.folder, encoder, names)
    mean, deviation = encoder.background.of_names(vectors)
    scaled = (vectors / deviation[:, None]).astype(np.float32)
    if len(index) <= SMALL:
        found = index.exact(scaled)
    elif index.near is not None:
        near = np.unique(np.concatenate(index.candidates(scaled, NEAR)))
        found = np.full((len(names), len(index)), -np.inf, np.float32)
        found[:, near] = index.exact(scaled, near)
    else:
        found = index.scan(scaled)
        best = np.argpartition(found, len(index) - NEAR, axis=1)[:, len(index) - NEAR :]
        near = np.unique(best)
        found[:, near] = index.exact(scaled, near)
    found -= (mean / deviation).astype(np.float32)[:, None]
    return found
