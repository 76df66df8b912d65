"""The run of mining: survey, scales and thresholds, then block after block into the ranking."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from silversmith.core import DataError, Document, Schema, __version__, track
from silversmith.models.masked import MaskedModel
from silversmith.sources.example.calibration import Calibration
from silversmith.sources.example.journal import Journal, parts, revive
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.pairs import Scale, Tested
from silversmith.sources.example.probing import Probe, Survey, survey
from silversmith.sources.example.ranking import Ranked, Ranking
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.seeds import Seeds, make_seeds
from silversmith.sources.example.sentences import Sentence
from silversmith.sources.example.template_side import Strings

__all__ = ["mine"]

STRINGS, SEEN, EMPTY = 400_000, 400_000, 100_000
"""Span strings, sentences and empty sentences that are remembered, whatever the size of the corpus."""


def mine(
    schema: Schema,
    documents: Iterable[Document],
    *,
    model: MaskedModel,
    options: ExampleOptions | None = None,
    journal: Path | None = None,
) -> Mining:
    """Rank the spans of a corpus by the span test, for all types of a schema in one pass.

    documents: read several times (an iterator that can't be is held in memory). journal: where finished
    blocks are kept, so that a killed run goes on; delete it once the mining is saved.
    Raises ConfigError X010 to X015 the examples; DataError X030 no sentence to test.
    """
    options = (options or ExampleOptions()).settled(model.threshold)
    corpus = list(documents) if iter(documents) is documents else documents
    begin = time.monotonic()
    plan = _Plan(schema, corpus, model, options)
    run = _Run(plan, model)
    settings = {"version": __version__, "model": model.identity(), "plan": plan.to_json()}
    kept = Journal(journal, settings)
    if kept.records and not kept.matches(corpus, spaced=options.spaced):
        plan.warnings.append("the journal of another corpus was put aside: mining begins anew")
    run.go(corpus, kept)
    return run.result(time.monotonic() - begin)


class _Plan:
    """What is settled before the first block: examples, scales, thresholds."""

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


class _Run:
    """The state of a run: what is kept so far, and what is remembered to save work."""

    def __init__(self, plan: _Plan, model: MaskedModel) -> None:
        self.plan, self.model, self.options = plan, model, plan.options
        self.scorer = Scorer(model, plan.seeds, plan.options, plan.scales)
        self.ranking = Ranking(plan.limits(), plan.options.top or plan.options.keep)
        self.strings: Strings = {}
        self.seen: dict[bytes, Tested] = {}
        self.empty: list[tuple[str, int, float]] = []
        self.counts: Counter[str] = Counter()

    def go(self, corpus: Iterable[Document], journal: Journal) -> None:
        """All blocks; those of the journal are taken over."""
        total = self.plan.survey.documents
        old = iter(journal.records[:])
        stream = track(corpus, "mine", total, note=self._kept)
        for block, sentences in parts(stream, spaced=self.options.spaced):
            record = next(old, None)
            if record is None:
                self._test(block, sentences, journal)
            else:
                self._replay(sentences, record)
            if len(self.strings) > STRINGS:
                self.strings.clear()

    def result(self, seconds: float) -> Mining:
        """The mining of all blocks."""
        plan, counts = self.plan, dict(self.counts) | self._numbers()
        calibrations = dict(plan.calibrations)
        for kind, name in enumerate(plan.schema.names):
            spans = self.ranking.of(kind)
            if self.options.top is not None and spans:
                calibrations[name] = Calibration(max(spans[-1].score, 1e-9), "top")
            if not spans:
                plan.warnings.append(f"{name}: no span was kept; raise its threshold or try another example")
        highest = self.options.empty * max(one.threshold for one in calibrations.values())
        empty = tuple((name, number) for name, number, floor in self.empty if floor > highest)
        counts |= {"documents": plan.survey.documents, "seconds": round(seconds, 3)}
        return Mining(
            plan.schema,
            plan.options,
            self.model.identity(),
            tuple(plan.scales),
            calibrations,
            tuple(self.ranking),
            empty,
            counts,
            tuple(plan.warnings),
        )

    def _test(self, block: Sequence[Document], sentences: Sequence[Sentence], journal: Journal) -> None:
        """Test the sentences of a block that are new, and note what was found."""
        fresh: dict[bytes, Sentence] = {}
        for sentence in sentences:
            key = sentence.digest()
            if key not in self.seen and key not in fresh:
                fresh[key] = sentence
        before = len(self.strings)
        found = self.scorer.test(list(fresh.values()), self.ranking.bounds, self.strings)
        known = dict(zip(fresh, found, strict=True))
        results = []
        for sentence in sentences:
            key = sentence.digest()
            one = known.get(key) or self.seen[key]
            results.append(Tested(sentence, one.hits, one.floor, one.read))
        self._take(results)
        new = dict(islice(self.strings.items(), before, None))
        journal.add(block, results, new, self._numbers())

    def _replay(self, sentences: Sequence[Sentence], record: dict[str, Any]) -> None:
        """Take over a finished block."""
        pairs = zip(sentences, record["sentences"], strict=True)
        self._take([revive(sentence, values) for sentence, values in pairs])
        for kind, text, sums in record["strings"]:
            self.strings[kind, text] = None if sums is None else tuple(sums)
        counts, scorer = record["counts"], self.scorer
        scorer.spans, scorer.pairs, scorer.survivors = (
            counts[name] for name in ("spans", "pairs", "survivors")
        )
        scorer.measure.rows, scorer.measure.pieces = counts["rows"], counts["pieces"]

    def _take(self, results: Sequence[Tested]) -> None:
        """Results into the ranking; equal sentences are ranked each, but tested and counted empty once."""
        for one in results:
            self.counts["sentences"] += 1
            self.counts["not_read"] += not one.read
            key = one.sentence.digest()
            again = key in self.seen
            self.counts["repeated"] += again
            if not again and len(self.seen) < SEEN:
                self.seen[key] = one
            for hit in one.hits:
                self.ranking.add(Ranked.of(one.sentence, hit))
            if one.read and not one.hits and one.floor > 0 and not again and len(self.empty) < EMPTY:
                self.empty.append((one.sentence.document_id, one.sentence.number, one.floor))

    def _numbers(self) -> dict[str, Any]:
        """What the scorer has done."""
        scorer = self.scorer
        measure = scorer.measure
        return {
            "spans": scorer.spans,
            "pairs": scorer.pairs,
            "survivors": scorer.survivors,
            "rows": measure.rows,
            "pieces": measure.pieces,
        }

    def _kept(self) -> str:
        """What is kept so far, for the line of progress."""
        names = self.plan.schema.names
        return "kept " + ", ".join(
            f"{name} {count:,}" for name, count in zip(names, self.ranking.counts(), strict=True)
        )


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
