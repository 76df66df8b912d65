"""Plan: what is settled before the first block of a mining run is tested."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from silversmith.core import DataError, Document, Schema
from silversmith.models.masked import MaskedModel
from silversmith.sources.example.calibration import Calibration
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.pairs import Scale
from silversmith.sources.example.probing import Probe, Survey, survey
from silversmith.sources.example.seeds import Seeds, make_seeds

__all__ = ["Plan"]


class Plan:
    """Examples, scales and thresholds of a corpus.

    options: settled. Raises ConfigError X010 to X015 the examples; DataError X030 no sentence to test.
    """

    def __init__(
        self, schema: Schema, corpus: Iterable[Document], model: MaskedModel, options: ExampleOptions
    ) -> None:
        self.schema, self.options = schema, options
        self.warnings: list[str] = []
        self.seeds = make_seeds(schema, options, model)
        several = any(len(self.seeds.of(kind)) > 1 for kind in range(len(schema.types)))
        probing = (several and options.several != "plain") or options.calibrate == "decoys"
        self.survey = survey(corpus, options, sample=probing)
        _check(self.survey, options)
        self.scales = [Scale()] * len(self.seeds.seeds)
        self.calibrations = {name: Calibration(options.threshold_of(name)) for name in schema.names}
        if probing:
            self._probe(Probe(model, self.seeds, options, self.survey), model)

    def to_json(self) -> dict[str, Any]:
        """Whatever decides the result, as plain values."""
        return {
            "schema": self.schema.model_dump(mode="json"),
            "options": self.options.model_dump(mode="json"),
            "scales": [[one.slope, one.shift] for one in self.scales],
            "thresholds": [one.threshold for one in self.calibrations.values()],
        }

    def limits(self) -> list[float]:
        """Score above which a type's spans are not even ranked."""
        if self.options.top is not None:
            return [float("inf")] * len(self.schema.types)
        return [one.threshold * self.options.band for one in self.calibrations.values()]

    @property
    def size(self) -> int:
        """Spans kept a type."""
        return self.options.top or self.options.keep

    def _probe(self, probe: Probe, model: MaskedModel) -> None:
        """Scales, and thresholds by decoys."""
        options, names = self.options, self.schema.names
        strangers = probe.strangers() if options.several != "plain" else []
        scales = probe.scales() if options.several != "plain" else self.scales
        if options.calibrate == "decoys":
            for kind, name in enumerate(names):
                found = probe.threshold(kind, scales)
                if found is None:
                    self.warnings.append(
                        f"{name}: no threshold keeps the share of decoys at {options.false_share:g}; "
                        f"{options.threshold_of(name):g} is used as given"
                    )
                else:
                    self.calibrations[name] = Calibration(max(found, 1e-9), "decoys")
        for seed in strangers:
            self.warnings.append(
                f"{names[seed.type]}: the example {seed.text!r} finds other spans than the others do, so it "
                "is left out; make a type of its own of it"
            )
        gone = {seed.number for seed in strangers}
        self.scales = [scale for n, scale in enumerate(scales) if n not in gone]
        self.schema = _without(self.schema, self.seeds, gone)
        self.seeds = make_seeds(self.schema, options, model) if gone else self.seeds


def _check(found: Survey, options: ExampleOptions) -> None:
    """Refuse a corpus without anything to test."""
    if found.tested:
        return
    if not found.sentences:
        what, remedy = f"no word in {found.documents:,} documents", "give text"
    else:
        what = f"none of {found.sentences:,} sentences has a span to test"
        remedy = f"sentences may have up to {options.longest} words: raise --longest, or allow digits"
    raise DataError("X030", what, remedy=remedy)


def _without(schema: Schema, seeds: Seeds, gone: set[int]) -> Schema:
    """The schema without some examples."""
    texts = [
        {seed.text for seed in seeds.of(kind) if seed.number in gone} for kind in range(len(seeds.types))
    ]
    types = [
        one.model_copy(update={"examples": tuple(t for t in one.examples if " ".join(t.split()) not in out)})
        for one, out in zip(schema.types, texts, strict=True)
    ]
    return Schema(types=tuple(types))
