"""The run of mining: survey, scales and thresholds, then block after block into the ranking."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from silversmith.core import Document, Schema, __version__, track
from silversmith.models.masked import MaskedModel
from silversmith.sources.example.calibration import Calibration
from silversmith.sources.example.journal import SHARD, Block, Journal, make_record, parts
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.pairs import Tested
from silversmith.sources.example.plan import Plan
from silversmith.sources.example.ranking import Ranked, Ranking
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.shard import Shard

__all__ = ["make_plan", "mine", "settings_of", "shard_records"]

SEEN, EMPTY = 400_000, 100_000
"""Sentences, and empty sentences, that are remembered, whatever the size of the corpus."""


def mine(
    schema: Schema,
    documents: Iterable[Document],
    *,
    model: MaskedModel,
    options: ExampleOptions | None = None,
    journal: Path | None = None,
    plan: Plan | None = None,
) -> Mining:
    """Rank the spans of a corpus by the span test, for all types of a schema in one pass.

    documents: read several times (an iterator that can't be is held in memory). journal: where finished
    blocks are kept, so that a killed run goes on; delete it once the mining is saved. plan: of `make_plan`
    for the same arguments, where there is one.
    Raises ConfigError X010 to X015 the examples; DataError X030 no sentence to test.
    """
    corpus = list(documents) if iter(documents) is documents else documents
    begin = time.monotonic()
    plan = plan or make_plan(schema, corpus, model, options)
    run = _Run(plan, model)
    kept = Journal(journal, settings_of(plan, model))
    if len(kept) and not kept.matches(corpus, spaced=plan.options.spaced):
        plan.warnings.append("the journal of another corpus was put aside: mining begins anew")
    run.go(corpus, kept)
    return run.result(time.monotonic() - begin)


def make_plan(
    schema: Schema, documents: Iterable[Document], model: MaskedModel, options: ExampleOptions | None
) -> Plan:
    """What is settled before the first block; reads the documents once. Raises as `mine`."""
    return Plan(schema, documents, model, (options or ExampleOptions()).settled(model.threshold))


def settings_of(plan: Plan, model: MaskedModel) -> dict[str, Any]:
    """Whatever decides the result beside the corpus."""
    return {"version": __version__, "shard": SHARD, "model": model.identity(), "plan": plan.to_json()}


def shard_records(plan: Plan, scorer: Scorer, documents: Iterable[Document]) -> Iterator[dict[str, Any]]:
    """The journal's records of one shard: `documents` are all of its own. See `shards_of`."""
    shard = Shard(scorer, plan.limits(), plan.size)
    for block in parts(documents, spaced=plan.options.spaced):
        yield make_record(block.documents, *shard.test(block.sentences))


class _Run:
    """The state of a run: what is kept so far."""

    def __init__(self, plan: Plan, model: MaskedModel) -> None:
        self.plan, self.model, self.options = plan, model, plan.options
        self.scorer = Scorer(model, plan.seeds, plan.options, plan.scales)
        self.ranking = Ranking(plan.limits(), plan.size)
        self.seen: set[bytes] = set()
        self.empty: list[tuple[str, int, float]] = []
        self.counts: Counter[str] = Counter()

    def go(self, corpus: Iterable[Document], journal: Journal) -> None:
        """All blocks; those of the journal are taken over."""
        stream = track(corpus, "mine", self.plan.survey.documents, note=self._kept)
        old, number, shard = journal.records(), -1, self._shard()
        for block in parts(stream, spaced=self.options.spaced):
            if block.shard != number:
                number, shard = block.shard, self._shard()
            record = next(old, None)
            if record is None:
                self._test(shard, block, journal)
            else:
                self._take(shard.replay(block.sentences, record), record["counts"])

    def result(self, seconds: float) -> Mining:
        """The mining of all blocks."""
        plan = self.plan
        calibrations = dict(plan.calibrations)
        for kind, name in enumerate(plan.schema.names):
            spans = self.ranking.of(kind)
            if self.options.top is not None and spans:
                calibrations[name] = Calibration(max(spans[-1].score, 1e-9), "top")
            if not spans:
                plan.warnings.append(f"{name}: no span was kept; raise its threshold or try another example")
        highest = self.options.empty * max(one.threshold for one in calibrations.values())
        empty = tuple((name, number) for name, number, floor in self.empty if floor > highest)
        counts = dict(self.counts) | {"documents": plan.survey.documents, "seconds": round(seconds, 3)}
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

    def _shard(self) -> Shard:
        return Shard(self.scorer, self.plan.limits(), self.plan.size)

    def _test(self, shard: Shard, block: Block, journal: Journal) -> None:
        """Test a block, and note what was found."""
        results, strings, took = shard.test(block.sentences)
        journal.add(make_record(block.documents, results, strings, took))
        self._take(results, took)

    def _take(self, results: Sequence[Tested], took: dict[str, int]) -> None:
        """Results into the ranking; equal sentences are ranked each, but counted empty once."""
        self.counts.update(took)
        for one in results:
            self.counts["sentences"] += 1
            self.counts["not_read"] += not one.read
            key = one.sentence.digest()
            again = key in self.seen
            self.counts["repeated"] += again
            if len(self.seen) < SEEN:
                self.seen.add(key)
            for hit in one.hits:
                self.ranking.add(Ranked.of(one.sentence, hit))
            if one.read and not one.hits and one.floor > 0 and not again and len(self.empty) < EMPTY:
                self.empty.append((one.sentence.document_id, one.sentence.number, one.floor))

    def _kept(self) -> str:
        """What is kept so far, for the line of progress."""
        names = self.plan.schema.names
        return "kept " + ", ".join(
            f"{name} {count:,}" for name, count in zip(names, self.ranking.counts(), strict=True)
        )
