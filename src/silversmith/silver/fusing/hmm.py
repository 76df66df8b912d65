"""The hidden Markov model of skweak (Lison et al. 2021), for comparison: over words, states are BIO tags.

Emission: product over sources of P_j(observed tag | state), silence = 1 (abstention). Start: counts of
majority votes with priors (diagonal 1, false positive 0.1, false negative 0.3); four rounds of Baum and
Welch. A span's q is the posterior of its first word's B tag times that of the following words' I tags,
against all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Document
from silversmith.silver.fusing.candidates import Table
from silversmith.text.words import split_words

__all__ = ["hmm_posterior"]

Floats = NDArray[np.float64]
ROUNDS = 4
HIT, FALSE_POSITIVE, FALSE_NEGATIVE = 1.0, 0.1, 0.3
ABSTAIN = -1


def hmm_posterior(table: Table, documents: Sequence[Document]) -> Floats:
    """q of the table's spans, float64 [spans, types + 1]."""
    words = [np.array(split_words(one.text), np.int64).reshape(-1, 2) for one in documents]
    tags = [_tags(table, number, one) for number, one in enumerate(words)]
    states = 1 + 2 * len(table.types)
    emission, start, move = _first(tags, states, len(table.sources))
    gammas: list[Floats] = []
    for _ in range(ROUNDS):
        gammas, start, move, emission = _round(tags, start, move, emission)
    return _spans(table, words, gammas)


def _tags(table: Table, document: int, words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Observed tags int64 [words, sources]: 0 O, 1 + 2 t B, 2 + 2 t I; a word no source names: abstain."""
    found = np.full((len(words), len(table.sources)), ABSTAIN, np.int64)
    votes = table.votes()
    low, high = np.searchsorted(table.document, [document, document + 1])
    for row in range(int(low), int(high)):
        first = int(np.searchsorted(words[:, 1], table.places[row, 0], side="right"))
        last = int(np.searchsorted(words[:, 0], table.places[row, 1], side="left"))
        for j in range(len(table.sources)):
            if (kind := votes[row, j]) >= 0 and last > first:
                found[first:last, j] = 2 + 2 * kind
                found[first, j] = 1 + 2 * kind
    some = np.asarray((found >= 0).any(axis=1))
    found[some[:, None] & (found < 0)] = 0  # where another source names something, silence is seen as O
    return found


def _first(tags: Sequence[NDArray[np.int64]], states: int, sources: int) -> tuple[Floats, Floats, Floats]:
    """(emission [sources, states, states], start [states], transitions [states, states]) of majority
    votes."""
    emission = np.full((sources, states, states), FALSE_POSITIVE)
    emission[:, :, 0] = FALSE_NEGATIVE
    emission[:, range(states), range(states)] = HIT
    emission[:, 0, 0] = HIT * 10
    start, move = np.ones(states), np.full((states, states), 0.1)
    for one in tags:
        if not len(one):
            continue
        votes = np.stack([np.equal(one, tag).sum(axis=1) for tag in range(states)], axis=1)
        votes[votes.sum(axis=1) == 0, 0] = 1
        best = votes.argmax(axis=1)
        start[best[0]] += 1
        for a, b in pairwise(best.tolist()):
            move[a, b] += 1
        for j in range(sources):
            seen = one[:, j] >= 0
            np.add.at(emission[j], (best[seen], one[seen, j]), 1)
    for tag in range(2, states, 2):  # I only after B or I of its type
        allowed = np.zeros(states, bool)
        allowed[[tag - 1, tag]] = True
        move[~allowed, tag] = 0
        start[tag] = 0
    return _rows(emission), start / start.sum(), _rows(move)


def _round(
    tags: Sequence[NDArray[np.int64]], start: Floats, move: Floats, emission: Floats
) -> tuple[list[Floats], Floats, Floats, Floats]:
    """One round of Baum and Welch: (posteriors of words, new parameters)."""
    states = len(start)
    fresh_start, fresh_move = np.full(states, 1e-6), np.full((states, states), 1e-6) * (move > 0)
    fresh = np.full_like(emission, 1e-2)
    gammas = []
    for one in tags:
        likely = np.ones((len(one), states))
        for j in range(one.shape[1]):
            seen = one[:, j] >= 0
            likely[seen] *= emission[j][:, one[seen, j]].T
        gamma, pairs = _forward_backward(likely, start, move)
        gammas.append(gamma)
        if len(one):
            fresh_start += gamma[0]
            fresh_move += pairs
        for j in range(one.shape[1]):
            seen = one[:, j] >= 0
            np.add.at(fresh[j].T, one[seen, j], gamma[seen])
    return gammas, fresh_start / fresh_start.sum(), _rows(fresh_move), _rows(fresh)


def _forward_backward(likely: Floats, start: Floats, move: Floats) -> tuple[Floats, Floats]:
    """(posteriors [words, states], expected transitions [states, states]), scaled."""
    count, states = likely.shape
    if not count:
        return likely, np.zeros((states, states))
    forward, backward, scale = np.empty_like(likely), np.ones_like(likely), np.empty(count)
    for n in range(count):
        forward[n] = (start if n == 0 else forward[n - 1] @ move) * likely[n]
        scale[n] = max(forward[n].sum(), 1e-300)
        forward[n] /= scale[n]
    for n in range(count - 2, -1, -1):
        backward[n] = move @ (likely[n + 1] * backward[n + 1]) / scale[n + 1]
    gamma = forward * backward
    gamma /= np.maximum(gamma.sum(axis=1, keepdims=True), 1e-300)
    pairs = np.zeros((states, states))
    for n in range(count - 1):
        pairs += forward[n][:, None] * move * (likely[n + 1] * backward[n + 1])[None] / scale[n + 1]
    return gamma, pairs


def _spans(table: Table, words: Sequence[NDArray[np.int64]], gammas: Sequence[Floats]) -> Floats:
    """q of spans from the posteriors of words."""
    kinds = len(table.types)
    q = np.zeros((len(table.document), kinds + 1))
    for row, (number, (start, end)) in enumerate(
        zip(table.document.tolist(), table.places.tolist(), strict=True)
    ):
        first = int(np.searchsorted(words[number][:, 1], start, side="right"))
        last = int(np.searchsorted(words[number][:, 0], end, side="left"))
        gamma = gammas[number]
        for kind in range(kinds):
            p = gamma[first, 1 + 2 * kind] if last > first else 0.0
            for n in range(first + 1, last):
                p *= gamma[n, 2 + 2 * kind] / max(
                    1e-12, gamma[n - 1, 1 + 2 * kind] + gamma[n - 1, 2 + 2 * kind]
                )
            if last < len(gamma) and last > first:  # and it ends there
                inside = max(1e-12, gamma[last - 1, 1 + 2 * kind] + gamma[last - 1, 2 + 2 * kind])
                p *= max(0.0, 1 - gamma[last, 2 + 2 * kind] / inside)
            q[row, kind] = min(1.0, p)
    q[:, -1] = np.maximum(1e-9, 1 - q[:, :-1].sum(axis=1))
    normal: Floats = q / q.sum(axis=1, keepdims=True)
    return normal


def _rows(matrix: Floats) -> Floats:
    found: Floats = matrix / np.maximum(matrix.sum(axis=-1, keepdims=True), 1e-300)
    return found
