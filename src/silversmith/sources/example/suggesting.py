"""Suggesting: for each type of a mining the second example that would add most, in words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from silversmith.core import Document
from silversmith.models.masked import MaskedModel
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.seeds import make_seeds
from silversmith.sources.example.subtypes import mentions_of, subtypes, suggestion

__all__ = ["suggest"]

MENTIONS = 500
"""Ranked spans of a type that are looked at, evenly over its ranking."""


def suggest(mining: Mining, documents: Iterable[Document], model: MaskedModel) -> list[str]:
    """A line a type. documents: the mined corpus.

    The spans looked at are those of the ranking, so a mining with `band` above 1 (near misses) tells more.
    """
    templates = make_seeds(mining.schema, mining.options, model).templates
    told = []
    for kind, one in enumerate(mining.schema.types):
        spans = [span for span in mining.ranking if span.type == kind]
        if not spans:
            continue
        chosen = np.unique(np.linspace(0, len(spans) - 1, min(MENTIONS, len(spans))).round().astype(int))
        mentions = mentions_of([spans[n] for n in chosen], documents, mining.options)
        limit = mining.calibrations[one.name].threshold
        given = " ".join(one.examples[0].split())
        picks = subtypes(mentions, templates[kind], model, mining.options, limit, given=given)
        told.append(suggestion(one.name, mining, picks, len(mentions)))
    return told
