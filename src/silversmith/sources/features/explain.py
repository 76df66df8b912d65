"""Reasons: the latents that fired in a span, what each adds to each label, and what happens without them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from silversmith.core import Evidence, Leaf
from silversmith.sources.features.cues import cue_name
from silversmith.sources.features.mapping import Mapping
from silversmith.sources.features.pooling import drop_columns
from silversmith.sources.features.table import Csr, SpanTable

__all__ = ["ablated", "explain_span", "latent_link"]

REMOVED, DRAWS = 10, 10
"""Latents taken out to show that they matter; draws of as many random ones."""


def explain_span(mapping: Mapping, matrix: Csr, table: SpanTable, source: dict[str, Any]) -> Evidence:
    """The evidence of one span (a table of one row) over its document's activations.

    Leaves: one a latent and role, and the bias; their sum is the score before calibration, exactly.
    Support: the ablation test, then example spans of the strongest latents. source: the
    autoencoder's origin, for links.
    """
    x = mapping.vectors(matrix, table)
    terms = mapping.linear.terms(x)
    found = mapping.judge(x)
    winner = int(np.argmax(found.p[0]))
    parts = terms.data[:, None] * mapping.linear.weights[terms.indices]
    columns = mapping.linear.columns[terms.indices]
    value = dict(zip(x.indices.tolist(), x.data.tolist(), strict=True))
    order = np.argsort(-np.abs(parts[:, winner]), kind="stable")
    leaves = [_leaf(mapping, int(columns[i]), parts[i], value[int(columns[i])], source) for i in order]
    leaves.append(Leaf("bias", dict(zip(mapping.labels, map(float, mapping.linear.bias), strict=True))))
    evidence = Evidence(tuple(leaves))
    logs = np.log(np.maximum(found.p[0], 1e-300))
    calibration = {label: float(logs[i]) - evidence.score(label) for i, label in enumerate(mapping.labels)}
    support = [_ablation(mapping, matrix, table, columns[order], parts[order, winner], winner)]
    support += _examples(mapping, columns[order], parts[order, winner])
    if not found.evident[0]:
        support.insert(0, {"kind": "no evidence", "text": "no mapped latent is active in this span"})
    return Evidence(tuple(leaves), calibration, tuple(support))


def latent_link(source: dict[str, Any], latent: int) -> str | None:
    """The latent's page at Neuronpedia, if the autoencoder is there (its source says "neuronpedia")."""
    name = source.get("neuronpedia")
    return f"https://www.neuronpedia.org/{name}/{latent}" if name else None


def _leaf(
    mapping: Mapping, column: int, parts: NDArray[np.float64], value: float, source: dict[str, Any]
) -> Leaf:
    """One latent in one role, or one cue."""
    named = dict(zip(mapping.labels, map(float, parts), strict=True))
    place = column - len(mapping.options.roles) * mapping.latents
    if place >= 0:
        return Leaf(cue_name(place), named, {"cue": place})
    role, latent = mapping.options.roles[column // mapping.latents], column % mapping.latents
    detail: dict[str, Any] = {"latent": latent, "role": role, "value": value}
    if latent in mapping.descriptions:
        detail["described as"] = mapping.descriptions[latent]
    link = latent_link(source, latent)
    if link:
        detail["link"] = link
    return Leaf(f"latent {latent}, {role}", named, detail)


def ablated(matrix: Csr, latents: NDArray[np.int64]) -> Csr:
    """Activations with some latents set to zero."""
    gone = np.zeros(matrix.shape[1], np.bool_)
    gone[latents] = True
    return drop_columns(matrix, gone)


def _ablation(
    mapping: Mapping,
    matrix: Csr,
    table: SpanTable,
    columns: NDArray[np.int64],
    parts: NDArray[np.float64],
    winner: int,
) -> dict[str, Any]:
    """The winner's probability without the latents that speak most for it, and without random ones.

    columns, parts: the active columns and what each adds to the winner.
    """
    real = columns < len(mapping.options.roles) * mapping.latents  # cues are no latents
    latents, parts = columns[real] % mapping.latents, parts[real]
    order = np.argsort(-parts, kind="stable")[: int((parts > 0).sum())]
    best = np.array(list(dict.fromkeys(latents[order].tolist()))[:REMOVED], np.int64)
    random = np.random.default_rng(0)
    removed = [best[:0], best]
    for among in (np.unique(latents), mapping.mapped_latents()):
        size = min(len(best), len(among))
        removed += [random.choice(among, size, replace=False) for _ in range(DRAWS)]
    chances = _chances(mapping, *_cut(matrix, table), removed)[:, winner]
    return {
        "kind": "ablation",
        "label": mapping.labels[winner],
        "latents": best.tolist(),
        "probability": float(chances[0]),
        "without": float(chances[1]),
        "without_random_active": float(chances[2 : 2 + DRAWS].mean()),
        "without_random": float(chances[2 + DRAWS :].mean()),
    }


def _chances(
    mapping: Mapping, rows: Csr, table: SpanTable, removed: list[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """Probabilities [sets, classes] of one span without each set of latents, read in one go."""
    copies = csr_array(vstack([ablated(rows, latents) for latents in removed], format="csr"))
    many = table.take(np.zeros(len(removed), np.int64))
    shift = np.arange(len(removed)) * rows.shape[0]
    places = {name: getattr(many, name) + shift for name in ("first", "last", "low", "high")}
    return mapping.predict(copies, replace(many, **places)).p


def _cut(matrix: Csr, table: SpanTable) -> tuple[Csr, SpanTable]:
    """The rows of one span and its neighbours, and its table over them."""
    low = max(int(table.first[0]) - 1, int(table.low[0]))
    high = min(int(table.last[0]) + 1, int(table.high[0]))
    moved = replace(
        table,
        first=table.first - low,
        last=table.last - low,
        low=table.low * 0,
        high=table.high * 0 + high - low,
    )
    return csr_array(matrix[low:high]), moved


def _examples(
    mapping: Mapping, columns: NDArray[np.int64], parts: NDArray[np.float64], count: int = 5
) -> list[dict[str, Any]]:
    """Example spans of the latents that speak most for the winner."""
    found: list[dict[str, Any]] = []
    for column in columns[np.argsort(-parts, kind="stable")]:
        spans = mapping.examples.get(int(column))
        if spans and column < len(mapping.options.roles) * mapping.latents:
            role = mapping.options.roles[column // mapping.latents]
            found.append(
                {"kind": "examples", "latent": int(column % mapping.latents), "role": role, "spans": spans}
            )
        if len(found) == count:
            break
    return found
