"""Rules that weigh a latent for every label: additive, like the paper's, but not one label a latent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from silversmith.sources.features.counts import Cached
from silversmith.sources.features.cues import CUES
from silversmith.sources.features.linear import Linear
from silversmith.sources.features.logistic import fit_logistic
from silversmith.sources.features.method import inference_matrix
from silversmith.sources.features.options import Options

__all__ = ["fit_rule"]

Floats = NDArray[np.float64]


def fit_rule(cached: Cached, options: Options) -> Linear:
    """The evidence of `options.rule`."""
    rules = {
        "precision": inference_matrix,
        "shrunk": _shrunk,
        "log_odds": _log_odds,
        "naive_bayes": _naive_bayes,
        "logistic": _logistic,
    }
    return rules[options.rule](cached, options)


def _mapped(cached: Cached, hits: Floats, options: Options) -> NDArray[np.bool_]:
    """The latents with enough cached values [latents]."""
    return np.asarray((cached.support >= options.n_min) & (hits.sum(axis=1) >= options.n_hits))


def _shrunk(cached: Cached, options: Options) -> Linear:
    """(hits + kappa pi) / (active + kappa), for all classes; pi = 1 / C."""
    hits = cached.hits(cached.thresholds(options.q))
    active = hits.sum(axis=1, keepdims=True)
    share = (hits + options.kappa / cached.classes) / np.maximum(active + options.kappa, 1e-9)
    share[~_mapped(cached, hits, options)] = 0.0
    return Linear.of(share, np.zeros(cached.classes))


def _rates(cached: Cached, tau: Floats, options: Options) -> tuple[Floats, NDArray[np.bool_]]:
    """(r_fy = (n_fy + alpha r_f) / (N_y + alpha), mapped); r_f: the mean rate, every class counting alike."""
    hits = cached.hits(tau)
    there = np.maximum(cached.per_class, 1.0)
    mean = (hits / there).mean(axis=1, keepdims=True)
    rates = (hits + options.alpha * mean) / (there + options.alpha)
    return rates, _mapped(cached, hits, options)


def _prior(cached: Cached, options: Options) -> Floats:
    """Bias: the log prior."""
    if options.prior == "uniform":
        return np.zeros(cached.classes)
    counts = cached.per_class + 1.0
    return np.asarray(np.log(counts / counts.sum()))


def _log_odds(cached: Cached, options: Options) -> Linear:
    """w_fy = log r_fy - log (mean of r_fy' over the other labels), for latents above their threshold."""
    tau = cached.thresholds(options.q)
    rates, mapped = _rates(cached, tau, options)
    others = (rates.sum(axis=1, keepdims=True) - rates) / max(1, cached.classes - 1)
    weights = np.zeros_like(rates)
    weights[mapped] = np.log(rates[mapped]) - np.log(others[mapped])
    return Linear.of(weights, _prior(cached, options), tau, "one")


def _naive_bayes(cached: Cached, options: Options) -> Linear:
    """w_fy = log r_fy - mean of log r_fy' over all labels; absent latents say nothing."""
    tau = cached.thresholds(options.q)
    rates, mapped = _rates(cached, tau, options)
    weights = np.zeros_like(rates)
    logs = np.log(rates[mapped])
    weights[mapped] = logs - logs.mean(axis=1, keepdims=True)
    return Linear.of(weights, _prior(cached, options), tau, options.gate, options.rho)


def _logistic(cached: Cached, options: Options) -> Linear:
    """Weights learned jointly: latents are correlated, so that counting each alone counts twice."""
    columns = np.flatnonzero(cached.support >= options.min_support)
    weight = None
    if options.class_weight == "balanced":
        share = len(cached.y) / (np.maximum(cached.per_class, 1.0) * cached.classes)
        weight = share[cached.y]
    # A column scaled by s is penalised like 1 / s^2 times as hard (L2; 1 / s in L1).
    scale = np.ones(len(columns), np.float32)
    if options.cues:
        root = 0.5 if options.penalty == "l2" else 1.0
        scale[columns >= cached.x.shape[1] - CUES] = options.cue_penalty**-root
    x = cached.x[:, columns]
    w, bias = fit_logistic(
        csr_array((x.data * scale[x.indices], x.indices, x.indptr), shape=x.shape),
        cached.y,
        cached.classes,
        penalty=options.penalty,
        strength=options.strength,
        tolerance=options.tolerance,
        weight=weight,
    )
    weights = np.zeros((cached.x.shape[1], cached.classes))
    weights[columns] = w * scale[:, None]
    return Linear.of(weights, bias)
