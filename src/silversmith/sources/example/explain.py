"""Reasons: the divergence at each masked place, and the words whose probability moved most ("supervisors").

A leaf is one masked place; its value for a type is minus its share of the mean divergence, so the leaves
add up to minus the score. Supervisors follow the paper's appendix D, with the logarithm that its printed
formula lacks: word v counts p(v) log(p(v) / q(v)), and all words together give the place's divergence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from silversmith.core import OUTSIDE, Evidence, Leaf, Vote
from silversmith.sources.example.filled import Filled, fill
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.pairs import Pair
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.sentence_side import SPAN
from silversmith.sources.example.sentences import Sentence
from silversmith.sources.example.windows import Window

__all__ = ["Part", "explain_span", "supervisors"]

SHOWN = 10
"""Supervisors of a place: those with the largest probability before the swap."""
NAMED = 3
"""Supervisors that the sentence in words names."""
BESIDE = {"left": "before it", "right": "after it", SPAN: "span"}


@dataclass(frozen=True, slots=True)
class Part:
    """One masked place of one comparison: its divergence, its log-probabilities before and after.

    name: where it is; piece: what stands there.
    """

    name: str
    value: float
    piece: str = ""
    before: Any = None
    after: Any = None


def explain_span(
    scorer: Scorer, mining: Mining, place: tuple[Sentence, Window] | None, vote: Vote
) -> Evidence:
    """The evidence of a vote, for the types it lists and "no entity". place: None if no word is there."""
    leaves: dict[str, dict[str, float]] = {}
    details: dict[str, dict[str, Any]] = {}
    support: list[dict[str, Any]] = []
    for label in vote.probabilities:
        pairs = _pairs(scorer, mining, place, mining.types.index(label)) if place else []
        for pair, weight in pairs:
            slope = weight * pair.scale.slope / pair.count
            parts = list(_parts(scorer, pair))
            for part in parts:
                details.setdefault(part.name, {}).setdefault("piece", part.piece)
                values = leaves.setdefault(part.name, {})
                values[label] = values.get(label, 0.0) - slope * part.value
            if pair.scale.shift:
                name = f"scale of {pair.seed.text!r}"
                leaves.setdefault(name, {})[label] = -weight * pair.scale.shift
            support.append(_compared(mining, label, pair))
            support += _moved(scorer, label, pair, parts)
    made = [Leaf(name, values, details.get(name, {})) for name, values in leaves.items()] or [
        Leaf("no word to test here", {})
    ]
    evidence = Evidence(tuple(made))
    chances = {**vote.probabilities, OUTSIDE: vote.outside}
    calibration = {
        label: math.log(chance) - evidence.score(label) for label, chance in chances.items() if chance > 0
    }
    return Evidence(tuple(made), calibration, tuple(support))


def supervisors(model: Any, before: Any, after: Any) -> list[dict[str, Any]]:
    """The likeliest words before the swap: word, p, q and share p log(p / q); last the rest of all words.

    before, after: log-probabilities float32 [vocabulary]. The shares add up to the divergence.
    """
    p, gaps = np.exp(before.astype(np.float64)), (before - after).astype(np.float64)
    shares = p * gaps
    order = np.argsort(-p, kind="stable")[:SHOWN]
    found: list[dict[str, Any]] = [
        {
            "word": model.show(int(n)),
            "before": float(p[n]),
            "after": float(np.exp(float(after[n]))),
            "share": float(shares[n]),
        }
        for n in order
    ]
    rest = float(shares.sum() - shares[order].sum())
    left = [1.0 - math.fsum(one[key] for one in found) for key in ("before", "after")]
    found.append(
        {"word": "all other words", "before": max(0.0, left[0]), "after": max(0.0, left[1]), "share": rest}
    )
    return found


def _pairs(
    scorer: Scorer, mining: Mining, place: tuple[Sentence, Window], kind: int
) -> list[tuple[Pair, float]]:
    """The complete pairs that make a type's score, with their weights."""
    sentence, window = place
    work = scorer.open_at(sentence, window)
    found = scorer.complete_pairs(work, kind)
    found.sort(key=lambda pair: (pair.score, pair.seed.number))
    if mining.options.several == "mean" and len(found) > 1:
        return [(pair, 0.5) for pair in found[:2]]
    return [(pair, 1.0) for pair in found[:1]]


def _parts(scorer: Scorer, pair: Pair) -> Iterator[Part]:
    """The values whose mean is the pair's score, with their distributions."""
    if scorer.options.ways != "template":
        for side in scorer.beside.sides:
            rows = scorer.beside.original(pair, side), scorer.beside.replaced(pair, side)
            if rows[0] is not None and rows[1] is not None:
                pieces = _pieces(scorer, pair.filled, rows[0].positions) if side != SPAN else [""]
                yield from _part(scorer, BESIDE[side], rows[0], rows[1], pieces, together=True)
    if scorer.options.ways != "sentence":
        kind = pair.seed.type
        both = (scorer.template.rows(kind, pair.seed.text), scorer.template.rows(kind, pair.window.text))
        filled = fill(scorer.model, *scorer.seeds.templates[kind].fill(pair.seed.text))
        for number, (one, other) in enumerate(zip(*both, strict=True), start=1):
            pieces = _pieces(scorer, filled, one.positions)
            yield from _part(scorer, f"template {number}", one, other, pieces, together=False)


def _pieces(scorer: Scorer, filled: Filled | None, places: Sequence[int]) -> list[str]:
    """What stands at some places; a causal model may look past the end."""
    if filled is None:
        return [""] * len(places)
    ids = filled.ids.tolist()
    return [scorer.model.show(ids[place]) if place < len(ids) else "(the end)" for place in places]


def _part(
    scorer: Scorer, name: str, known: Any, row: Any, pieces: Sequence[str], *, together: bool
) -> Iterator[Part]:
    """The parts of one row; together: its places count as one, by their mean."""
    read = scorer.measure.known([known])[0]
    values = scorer.measure.compare([row], [[read]])[0][0]
    if not isinstance(read, tuple):
        yield Part(name, float(values.mean()))
        return
    after = scorer.measure.known([row])[0][0]
    if together:
        yield Part(name, float(values.mean()), " ".join(pieces), read[0][0], after[0])
        return
    for n, value in enumerate(values):
        one = name if len(values) == 1 else f"{name}.{n + 1}"
        yield Part(one, float(value), pieces[n], read[0][n], after[n])


def _compared(mining: Mining, label: str, pair: Pair) -> dict[str, Any]:
    """With which example, and how near."""
    limit = mining.calibrations[label]
    text = (
        f"{pair.window.text!r} beside the example {pair.seed.text!r} of {label}: mean divergence "
        f"{pair.total / pair.count:.3f} over {pair.count} places"
    )
    if pair.scale != type(pair.scale)():
        text += f", {pair.score:.3f} on the scale of the first example"
    return {
        "kind": "example",
        "label": label,
        "text": f"{text}; kept up to {limit.threshold:.3f} ({limit.method})",
    }


def _moved(scorer: Scorer, label: str, pair: Pair, parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """The supervisors of each place."""
    for part in parts:
        if part.before is None:
            continue
        words = supervisors(scorer.model, part.before, part.after)
        ranked = sorted(words[:-1], key=lambda one: -abs(one["share"]))[:NAMED]
        named = ", ".join(f"{_quoted(one)} {_change(one)}" for one in ranked)
        where = f"in place of “{part.piece}” "
        where += part.name if part.name in BESIDE.values() else f"({part.name})"
        yield {
            "kind": "supervisors",
            "label": label,
            "leaf": part.name,
            "divergence": part.value,
            "words": words,
            "text": f"{label}, {where}: {named} ({part.value:.3f} in all)",
        }


def _quoted(one: dict[str, Any]) -> str:
    """A word in quotes."""
    return f"“{one['word']}”"


def _change(one: dict[str, Any]) -> str:
    """How its probability changed."""
    return f"{100 * one['before']:.1f} % to {100 * one['after']:.1f} %"
