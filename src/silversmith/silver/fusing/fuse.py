"""Fuse: from the votes of several sources to one set of spans with probabilities and reasons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from silversmith.core import OUTSIDE, ConfigError, Document, Evidence, Leaf, Vote
from silversmith.core.errors import nearest
from silversmith.silver.fusing.candidates import BESIDE, SILENT, Table, make_table
from silversmith.silver.fusing.decode import schedule
from silversmith.silver.fusing.hmm import hmm_posterior
from silversmith.silver.fusing.label_model import LabelModel, fit_label_model, majority

__all__ = ["NAME", "Fused", "FusionOptions", "fuse", "make_fusion_options", "said"]

NAME = "fused"
FEW_SOURCES, FEW_SPANS = 3, 200
Floats = NDArray[np.float64]


class FusionOptions(BaseModel):
    """method: label-model (default), majority, hmm (skweak's, for comparison). bins: of each source's
    confidence. weight: how many spans of each class the prior is worth. correlated: look for sources that
    copy one another. least: least probability of a span, beside being likelier than no entity.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["label-model", "majority", "hmm"] = "label-model"
    bins: int = Field(default=3, ge=1, le=10)
    weight: float = Field(default=10.0, gt=0)
    correlated: bool = True
    least: float = Field(default=0.5, ge=0, le=1)


def make_fusion_options(**values: Any) -> FusionOptions:
    """Checked options. Raises ConfigError: G010 an unknown option, G011 a bad value."""
    for name in values:
        if name not in FusionOptions.model_fields:
            raise ConfigError(
                "G010", f"unknown option {name!r}", remedy=nearest(name, FusionOptions.model_fields)
            )
    try:
        return FusionOptions(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError("G011", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


@dataclass(frozen=True)
class Fused:
    """What fusing found. q: float64 [spans, types + 1], O last. model: None for majority and hmm. method: the
    one that was used; why: in words, if it isn't the one asked for."""

    table: Table
    q: Floats
    model: LabelModel | None
    method: str
    why: str
    options: FusionOptions

    def votes(self, documents: Sequence[Document]) -> Iterator[list[Vote]]:
        """The chosen spans of each document as votes with evidence; none overlap."""
        table, edges = self.table, np.searchsorted(self.table.document, np.arange(len(documents) + 1))
        best = self.q[:, :-1].max(axis=1, initial=0.0)
        tiny = 1e-12
        gain = np.log(np.maximum(best, tiny)) - np.log(np.maximum(self.q[:, -1], tiny))
        gain[best < self.options.least] = -1.0
        parts = None if self.model is None else self.model.contributions(table)
        for number, document in enumerate(documents):
            low, high = int(edges[number]), int(edges[number + 1])
            places = [tuple(map(int, one)) for one in table.places[low:high]]
            chosen = schedule(places, gain[low:high].tolist())  # type: ignore[arg-type]
            yield [self._vote(document, low + at, parts) for at in chosen]

    def _vote(self, document: Document, row: int, parts: Floats | None) -> Vote:
        chances = dict(zip(self.table.types, self.q[row, :-1].tolist(), strict=True))
        total = max(1.0, math.fsum(chances.values()))
        chances = {name: p / total for name, p in chances.items()}
        start, end = map(int, self.table.places[row])
        evidence = None if parts is None else self._evidence(row, chances, parts[row])
        return Vote(document.id, start, end, chances, NAME, evidence)

    def _evidence(self, row: int, chances: dict[str, float], parts: Floats) -> Evidence:
        """One leaf a source, one for how frequent types are; calibration: the normaliser."""
        assert self.model is not None
        names = [*self.table.types, OUTSIDE]
        leaves = [
            Leaf(
                f"{source}: {said(self.table, row, j)}",
                dict(zip(names, parts[j].tolist(), strict=True)),
                {"weight": float(self.model.weights[j])},
            )
            for j, source in enumerate(self.table.sources)
        ]
        leaves.append(Leaf("how frequent", dict(zip(names, np.log(self.model.pi).tolist(), strict=True))))
        whole = {**chances, OUTSIDE: max(1e-300, 1.0 - math.fsum(chances.values()))}
        added = Evidence(tuple(leaves))
        calibration = {
            name: math.log(max(1e-300, whole[name])) - added.score(name) for name in names if whole[name] > 0
        }
        return Evidence(tuple(leaves), calibration)

    def reliability(self) -> dict[str, dict[str, dict[str, float]]]:
        """Source -> type -> estimated precision, recall among proposed spans, spans; without gold."""
        one = self.model or LabelModel(np.empty(0), np.empty(0), np.ones(len(self.table.sources)), 0)
        return one.reliability(self.table, self.q)


def said(table: Table, row: int, source: int) -> str:
    """What a source said of a span, in words."""
    seen = int(table.seen[row, source])
    if seen == SILENT:
        return "silent"
    if seen == BESIDE:
        return "another span beside"
    kind = (seen - 2) // table.bins
    return f"{table.types[kind]} {table.chances[row, source, kind]:.2f}"


def fuse(
    documents: Sequence[Document],
    votes: Sequence[Sequence[Sequence[Vote]]],
    sources: Sequence[str],
    options: FusionOptions | None = None,
) -> Fused:
    """Fuse the votes of several sources on the same documents. votes: of each source, a list a document.

    With fewer than 3 sources, or 200 spans that two of them name, agreement says too little of each source:
    the majority, weighted by probabilities, decides instead. Raises DataError G001, G002.
    """
    options = options or FusionOptions()
    table = make_table(documents, votes, sources, bins=options.bins)
    named = (table.seen >= 2).sum(axis=1)
    method, why = options.method, ""
    if method == "label-model" and (len(sources) < FEW_SOURCES or int((named > 1).sum()) < FEW_SPANS):
        method = "majority"
        why = (
            f"{len(sources)} sources and {int((named > 1).sum()):,} spans that several name are too few "
            f"to learn whom to trust (at least {FEW_SOURCES} and {FEW_SPANS}): the majority decides"
        )
    if method == "label-model":
        model = fit_label_model(table, weight=options.weight, correlated=options.correlated)
        return Fused(table, model.posterior(table), model, method, why, options)
    if method == "hmm":
        return Fused(table, hmm_posterior(table, documents), None, method, why, options)
    return Fused(table, majority(table), None, method, why, options)
