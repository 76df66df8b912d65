"""Evaluation: span matching, scores, MUC, typing, calibration, intervals, error tables, noise profiles."""

from silversmith.evaluation.calibration import (
    Bin,
    expected_calibration_error,
    fit_temperature,
    nll,
    reliability,
    softmax,
)
from silversmith.evaluation.counts import (
    Counts,
    DocumentCounts,
    document_counts,
    exact_counts,
    iou_counts,
)
from silversmith.evaluation.error_tables import ErrorRow, ErrorTable, TypingError, error_table, typing_errors
from silversmith.evaluation.intervals import (
    Interval,
    bootstrap,
    bootstrap_difference,
    bootstrap_mean,
    seed_interval,
)
from silversmith.evaluation.links import Link, link_spans
from silversmith.evaluation.matching import iou_matches
from silversmith.evaluation.muc import MucCounts, muc_counts, muc_tally
from silversmith.evaluation.noise import NoiseProfile, TypeNoise, noise_profile
from silversmith.evaluation.pairing import keep_types, pair_documents
from silversmith.evaluation.render import render, render_errors, render_profile
from silversmith.evaluation.scores import Score, Scores, evaluate, score
from silversmith.evaluation.tokens import token_counts
from silversmith.evaluation.typing import Confusion, confusion, gold_votes, top_n_accuracy, typing_counts

__all__ = [
    "Bin",
    "Confusion",
    "Counts",
    "DocumentCounts",
    "ErrorRow",
    "ErrorTable",
    "Interval",
    "Link",
    "MucCounts",
    "NoiseProfile",
    "Score",
    "Scores",
    "TypeNoise",
    "TypingError",
    "bootstrap",
    "bootstrap_difference",
    "bootstrap_mean",
    "confusion",
    "document_counts",
    "error_table",
    "evaluate",
    "exact_counts",
    "expected_calibration_error",
    "fit_temperature",
    "gold_votes",
    "iou_counts",
    "iou_matches",
    "keep_types",
    "link_spans",
    "muc_counts",
    "muc_tally",
    "nll",
    "noise_profile",
    "pair_documents",
    "reliability",
    "render",
    "render_errors",
    "render_profile",
    "score",
    "seed_interval",
    "softmax",
    "token_counts",
    "top_n_accuracy",
    "typing_counts",
    "typing_errors",
]
