"""SAE-NER as published (Vuth, Sérasset and Schwab 2026, section 3.2): equations 3 to 10, in their order.

Equations 4 and 5 are `pooling.norm_weights` and `pooling.pool`, equation 6 `counts.Cached.thresholds`;
what the paper leaves open is a field of `Options`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from silversmith.evaluation import softmax
from silversmith.sources.features.counts import Cached
from silversmith.sources.features.linear import Linear
from silversmith.sources.features.options import Options

__all__ = ["decide", "inference_matrix", "precision", "probabilities", "wilson"]

Floats = NDArray[np.float64]


def precision(hits: Floats) -> Floats:
    """Equation 7: P(f, y) = #{v > tau_f, l = y} / #{v > tau_f}; 0 where the denominator is 0.

    hits: [latents, classes], as `Cached.hits` counts them.
    """
    active = hits.sum(axis=1, keepdims=True)
    return np.asarray(hits / np.maximum(active, 1.0))


def wilson(hits: Floats, z: float = 1.96) -> Floats:
    """Lower end of the Wilson interval of the precision: an option for latents with few spans."""
    active = np.maximum(hits.sum(axis=1, keepdims=True), 1.0)
    share = hits / active
    centre = share + z**2 / (2 * active)
    spread = z * np.sqrt(share * (1 - share) / active + z**2 / (4 * active**2))
    return np.asarray((centre - spread) / (1 + z**2 / active))


def inference_matrix(cached: Cached, options: Options) -> Linear:
    """Equations 6 to 8: the matrix M, as [latents, classes]: each latent speaks for at most one label."""
    tau = cached.thresholds(options.q)  # (6)
    hits = cached.hits(tau)
    share = precision(hits)  # (7)
    best = np.argmax(share, axis=1)  # (8): argmax over all classes, O among them
    latents = np.arange(len(best))
    tested = (wilson(hits) if options.bound == "wilson" else share)[latents, best]
    mapped = (tested >= options.t_p) & (hits.sum(axis=1) >= options.n_hits)
    mapped &= cached.support >= options.n_min
    if not options.outside_row:
        mapped &= best != cached.classes - 1
    m = np.zeros_like(share)
    m[latents[mapped], best[mapped]] = share[mapped, best[mapped]]
    return Linear.of(m, np.zeros(cached.classes))  # (9) is Linear.scores: S = M v'


def probabilities(scores: Floats, temperature: float, evident: NDArray[np.bool_]) -> Floats:
    """p = softmax(S / T) [spans, classes]; 1/C each where no mapped latent is active.

    The paper prints probabilities but no formula; this one gives its .083 = 1/12 and its row
    .989 + 6 x .0018 = 1 (the alternative S / sum S gives neither).
    """
    p = softmax(scores, temperature)
    p[~evident] = 1.0 / scores.shape[1]
    return p


def decide(scores: Floats, p: Floats, evident: NDArray[np.bool_], options: Options) -> NDArray[np.int64]:
    """Equation 10: the best label if it is sure enough, else O (the last class) [spans]."""
    outside = p.shape[1] - 1
    if options.confidence == "entity":
        best, sure = np.argmax(p[:, :-1], axis=1), 1.0 - p[:, -1]
    else:
        best = np.argmax(p, axis=1)
        table = scores if options.confidence == "score" else p
        sure = table[np.arange(len(best)), best]
    return np.asarray(np.where((sure >= options.t_conf) & evident, best, outside))
