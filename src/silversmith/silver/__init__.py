"""Silver: selection from votes, mixtures with gold, noise on purpose, quality without gold."""

from silversmith.silver.manifest import find_manifest, manifest_path, read_manifest, write_silver
from silversmith.silver.mixing import draw_gold, mix, stratified_ids
from silversmith.silver.noise import Noise, NoiseTally, perturb, perturb_all
from silversmith.silver.overlaps import resolve
from silversmith.silver.selection import Selection, document_votes, make_selection, select, select_all
from silversmith.silver.statistics import NoiseStatistics, noise_statistics

__all__ = [
    "Noise",
    "NoiseStatistics",
    "NoiseTally",
    "Selection",
    "document_votes",
    "draw_gold",
    "find_manifest",
    "make_selection",
    "manifest_path",
    "mix",
    "noise_statistics",
    "perturb",
    "perturb_all",
    "read_manifest",
    "resolve",
    "select",
    "select_all",
    "stratified_ids",
    "write_silver",
]
