"""From a mining to a tagger: thresholds chosen on dev, silver, students, their scores (table 2)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from experiments.common import measure, write_result
from experiments.xner_sets import SETS, file_of, read_part
from experiments.xner_shots import train_and_score

from silversmith.core import Document
from silversmith.sources.example import silver_sentences
from silversmith.sources.example.calibration import Calibration
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.questions import spread, thresholds_from_answers
from silversmith.sources.example.ranking import Ranked
from silversmith.sources.example.votes import settle

__all__ = ["gold_of", "mining_folder", "run_choose", "run_ends", "settled"]

SHARES = tuple(n / 16 for n in range(1, 17))
"""Of the mining's own threshold: those that `choose` tries."""


def gold_of(documents: Sequence[Document]) -> set[tuple[Any, ...]]:
    """(document's place, start, end, label) of all gold spans."""
    return {
        (n, span.start, span.end, span.label)
        for n, document in enumerate(documents)
        for span in document.spans
    }


def mining_folder(
    arguments: argparse.Namespace, name: str, model: str, method: str, part: str = "train"
) -> Path:
    """Where a mining is kept."""
    several = f"-{arguments.examples}" if arguments.examples > 1 else ""
    return Path(arguments.work / f"{name}-{model}-{method}{several}{'' if part == 'train' else f'-{part}'}")


def settled(
    ranking: Sequence[Ranked], types: Sequence[str], margin: float, limits: Sequence[float] | None = None
) -> dict[str, list[Ranked]]:
    """Type -> what is left of a ranking when overlapping spans and rival types are settled as for silver.

    limits: the types' thresholds; None: the same for all, none of them cuts.
    """
    places: dict[int, dict[tuple[int, int], tuple[float, Ranked]]] = {}
    for one in ranking:
        ratio = one.score / (limits[one.type] if limits else 1.0)
        if limits is None or ratio <= 1.0:
            spans = places.setdefault(one.document, {})
            best = spans.get((one.start, one.end))
            if best is None or ratio < best[0]:
                spans[one.start, one.end] = (ratio, one)
    left: dict[str, list[Ranked]] = {name: [] for name in types}
    for spans in places.values():
        kept = settle(list(spans), [ratio for ratio, _ in spans.values()], margin)
        for _, one in (list(spans.values())[n] for n in kept):
            left[types[one.type]].append(one)
    return {name: sorted(some) for name, some in left.items()}


def run_choose(arguments: argparse.Namespace) -> None:
    """The thresholds of the best silver: one for all types, and one a type, each in turn, twice."""
    rows = ["| set | part | thresholds | P | R | F1 |", "|---|---|---|---:|---:|---:|"]
    extra: dict[str, Any] = {}
    files = []
    for name in arguments.sets:
        part = SETS[name].choose
        gold = gold_of(read_part(arguments.data, name, part, arguments.first))
        files.append(file_of(arguments.data, name, part))
        mining = Mining.open(mining_folder(arguments, name, arguments.mined, "two-way", part))
        highest = mining.thresholds()[0]
        grid = [round(highest * share, 4) for share in SHARES]
        limits = max(([one] * len(mining.types) for one in grid), key=partial(_silver_f1, mining, gold))
        found = {"one": limits}
        for place in [*range(len(limits))] * 2:
            tried = ([*limits[:place], one, *limits[place + 1 :]] for one in grid)
            limits = max(tried, key=partial(_silver_f1, mining, gold))
        found["one a type"] = limits
        extra[name] = {}
        for what, chosen in found.items():
            scores = silver_score(mining, gold, chosen)
            values = dict(zip(mining.types, chosen, strict=True))
            extra[name][what] = {"thresholds": values, "precision_recall_f1": scores}
            told = ", ".join(f"{label} {one:g}" for label, one in values.items())
            rows.append(f"| {name} | {part} | {told} | {' | '.join(f'{one:.3f}' for one in scores)} |")
    print("\n".join(rows))
    write_result(
        arguments.result or "xner_choose",
        {},
        data_files=files,
        extra=extra,
        markdown="\n".join(rows),
        folder=arguments.results,
    )


def silver_score(
    mining: Mining, gold: set[tuple[Any, ...]], limits: Sequence[float]
) -> tuple[float, float, float]:
    """Micro precision, recall and F1 of what the types' thresholds keep of a mining, overlaps settled."""
    alone = settled(mining.ranking, mining.types, mining.options.nested_margin, limits)
    spans = [
        (one.document, one.start, one.end, label) in gold for label, some in alone.items() for one in some
    ]
    right = sum(spans)
    return right / max(1, len(spans)), right / max(1, len(gold)), 2 * right / max(1, len(spans) + len(gold))


def _silver_f1(mining: Mining, gold: set[tuple[Any, ...]], limits: Sequence[float]) -> float:
    return silver_score(mining, gold, limits)[2]


def run_ends(arguments: argparse.Namespace) -> None:
    """Silver of each mining, a tagger by each loss, its scores; those of the best by dev are the measures."""
    measures: dict[str, Any] = {}
    rows = [
        "| set | examples | loss | F1 on dev | P | R | F1 on test | of labels with an example | paper F1 |",
        "|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    extra: dict[str, Any] = {}
    files = []
    for name in arguments.sets:
        files += [file_of(arguments.data, name, one) for one in ("train", SETS[name].choose, "test")]
        found = {loss: _end(name, loss, arguments) for loss in arguments.loss}
        extra[name] = found
        for loss, one in found.items():
            cells = " | ".join(f"{one[key]:.3f}" for key in ("dev", "precision", "recall", "f1", "seeded"))
            paper = SETS[name].paper if arguments.examples == 1 else None
            told = loss if loss == one["loss"] else f"{loss}: {one['loss']}"
            rows.append(f"| {name} | {arguments.examples} | {told} | {cells} | {paper or ''} |")
        best = max(found.values(), key=lambda one: float(one["dev"]))
        if SETS[name].paper and arguments.examples == 1 and not arguments.result:  # a row beside is none
            key = f"xner.{name.split('-')[0].replace('2003', '').replace('mit_', '')}.micro_f1"
            measures[key] = measure(best["f1"])
    print("\n".join(rows))
    write_result(
        arguments.result or "xner_ends",
        measures,
        data_files=sorted(set(files)),
        extra=extra,
        markdown="\n".join(rows),
        folder=arguments.results,
    )


def _end(name: str, loss: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One tagger and its scores, kept in the work folder until it is deleted there."""
    several = f"-{arguments.examples}" if arguments.examples > 1 else ""
    kept = Path(arguments.work / f"{name}-{arguments.mined}-tagger-{loss}{several}.json")
    folder = kept.with_suffix("")
    if kept.is_file():
        return dict(json.loads(kept.read_text("utf-8"))) | {"loss": _loss_of(folder, loss)}
    documents = read_part(arguments.data, name, "train", arguments.first)
    mining = Mining.open(mining_folder(arguments, name, arguments.mined, "two-way"))
    silver = list(silver_sentences(documents, _cut(mining, name, gold_of(documents), arguments)))
    parts = [read_part(arguments.data, name, part, arguments.first) for part in (SETS[name].choose, "test")]
    scored = train_and_score(silver, parts, folder, loss, arguments.steps, mining.types, arguments.encoder)
    (dev, _), (whole, seeded) = scored
    found = {
        "dev": dev.f1,
        "f1": whole.f1,
        "precision": whole.precision,
        "recall": whole.recall,
        "seeded": seeded.f1,
        "silver_sentences": len(silver),
        "silver_spans": sum(len(one.spans) for one in silver),
    }
    kept.write_text(json.dumps(found), encoding="utf-8")
    return found | {"loss": _loss_of(folder, loss)}


def _loss_of(folder: Path, named: str) -> str:
    """The loss that a tagger was trained by: what `auto` came to."""
    path = folder / "manifest.json"
    return str(json.loads(path.read_text("utf-8"))["result"]["loss"]) if path.is_file() else named


def _cut(mining: Mining, name: str, gold: set[tuple[Any, ...]], arguments: argparse.Namespace) -> Mining:
    """The mining with the set's threshold, with so many spans of each type, or with answers' thresholds."""
    made = dict(mining.calibrations)
    if arguments.mined == "mini":
        made |= {label: Calibration(one) for label, one in SETS[name].chosen.items()}
    by_type = {
        label: [one for one in mining.ranking if one.type == kind] for kind, label in enumerate(mining.types)
    }
    if arguments.best is not None:
        for label, spans in by_type.items():
            if spans:
                made[label] = Calibration(max(spans[min(arguments.best, len(spans)) - 1].score, 1e-9), "top")
    if arguments.asked is not None:
        answers = {
            label: [
                (one.score, (one.document, one.start, one.end, label) in gold)
                for one in spread(spans, arguments.asked)
            ]
            for label, spans in by_type.items()
        }
        made |= thresholds_from_answers(answers, arguments.precision)[0]
    return mining.calibrated(made)
