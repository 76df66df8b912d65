"""Losses of a tagger, one a file, each with its equation; `make_loss` finds them by name."""

from silversmith.tagger.losses.base import Loss, Step
from silversmith.tagger.losses.registry import LOSSES, make_loss

__all__ = ["LOSSES", "Loss", "Step", "make_loss"]
