"""Fusing: the votes of several sources become one silver set, each source trusted as far as it deserves."""

from silversmith.silver.fusing.candidates import Table, make_table
from silversmith.silver.fusing.decode import schedule
from silversmith.silver.fusing.fuse import Fused, FusionOptions, fuse, make_fusion_options
from silversmith.silver.fusing.label_model import LabelModel, fit_label_model

__all__ = [
    "Fused",
    "FusionOptions",
    "LabelModel",
    "Table",
    "fit_label_model",
    "fuse",
    "make_fusion_options",
    "make_table",
    "schedule",
]
