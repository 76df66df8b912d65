"""`silversmith evaluate`: predicted spans against gold ones of the same documents."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from silversmith.core import Document
    from silversmith.evaluation.counts import Counting, DocumentCounts
    from silversmith.evaluation.error_tables import ErrorRow
    from silversmith.evaluation.noise import NoiseProfile
    from silversmith.evaluation.pairing import Pair

__all__ = ["evaluate"]


_Gold = Annotated[Path, typer.Argument(help="File or folder with the right spans ('-': stdin).")]
_Predicted = Annotated[Path, typer.Argument(help="File or folder with the spans to judge ('-': stdin).")]
_Iou = Annotated[
    list[float] | None, typer.Option(help="Also match by overlap of at least this IoU; may be given twice.")
]
_Unit = Annotated[str, typer.Option(help="What IoU is counted in: words or characters.")]
_Muc = Annotated[bool, typer.Option("--muc", help="Also MUC scores (partial: half credit, and none).")]
_Tokens = Annotated[bool, typer.Option("--tokens", help="Also scores over words.")]
_Types = Annotated[list[str] | None, typer.Option("--type", help="Score only this type; may be given twice.")]
_ByType = Annotated[bool, typer.Option(help="Show a row for each type.")]
_Bootstrap = Annotated[int, typer.Option(min=0, help="Resamples of documents for 95 % intervals; 0: none.")]
_Seed = Annotated[int, typer.Option(min=0, help="Seed of the resampling.")]
_Profile = Annotated[
    bool,
    typer.Option("--profile", help="Also the noise profile: missing, spurious, wrong type, wrong boundary."),
]
_Errors = Annotated[int, typer.Option(min=0, help="Show so many mistakes of each kind.")]
_Missing = Annotated[str, typer.Option(help="An id on one side only: error, empty (nothing found) or skip.")]
_GoldFormat = Annotated[str | None, typer.Option(help="Format of GOLD, if its name doesn't tell.")]
_PredictedFormat = Annotated[str | None, typer.Option(help="The same for PREDICTED.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON line a way of matching.")]


def evaluate(
    gold: _Gold,
    predicted: _Predicted,
    iou: _Iou = None,
    unit: _Unit = "words",
    muc: _Muc = False,
    tokens: _Tokens = False,
    types: _Types = None,
    by_type: _ByType = True,
    bootstrap: _Bootstrap = 0,
    seed: _Seed = 0,
    profile: _Profile = False,
    errors: _Errors = 0,
    missing: _Missing = "error",
    gold_format: _GoldFormat = None,
    predicted_format: _PredictedFormat = None,
    as_json: _Json = False,
) -> None:
    """Compare labels with gold: precision, recall and F1, exact and by overlap.

    Documents are paired by id and must have the same text. Weighted means are weighted by the number
    of gold spans of each type; docs/reference/evaluation.md defines every score.

    Examples:
        silversmith evaluate gold.jsonl silver.jsonl
        silversmith evaluate gold.jsonl silver.jsonl --iou 0.5 --muc --bootstrap 1000
        silversmith evaluate gold/ predicted.jsonl --type Disease --errors 5 --json
        silversmith evaluate gold.jsonl silver.jsonl --profile --errors 3

    Raises:
        DataError: E001 to E004 documents that can't be paired, E008 no document.
        ConfigError: E005 an option without sense.
    """
    rules = _rules(iou or [], unit, muc, tokens)
    if str(gold) == "-" == str(predicted):
        raise ConfigError("E005", "both inputs are stdin", remedy="give at least one file")
    pairs = _pairs(_read(gold, gold_format, types), _read(predicted, predicted_format, types), missing)
    found: list[NoiseProfile] = []
    if profile:
        pairs = _profiled(pairs, found, errors, unit)
    totals, rows = _count(pairs, rules, bool(bootstrap), 0 if profile else errors, unit)
    if as_json:
        _print_json(totals, rows, bootstrap, seed)
    else:
        _print_tables(totals, rows, bootstrap, seed, by_type)
    for one in found:
        _print_profile(one, as_json)


def _rules(iou: list[float], unit: str, muc: bool, tokens: bool) -> dict[str, Counting]:
    """Name and counting rule of each table, in the order in which they are shown."""
    from silversmith.evaluation.counts import exact_counts, iou_counts
    from silversmith.evaluation.muc import muc_counts
    from silversmith.evaluation.tokens import token_counts
    from silversmith.evaluation.units import check_unit

    check_unit(unit)
    rules: dict[str, Counting] = {"exact": exact_counts}
    for threshold in iou:
        if not 0 <= threshold <= 1:
            raise ConfigError("E005", f"--iou {threshold:g}", remedy="give a number from 0 to 1")
        rules[f"iou {threshold:g} ({unit})"] = partial(iou_counts, threshold=threshold, unit=unit)  # type: ignore[arg-type]
    if muc:
        rules["muc (paper: half credit)"] = partial(muc_counts, variant="paper")
        rules["muc (muc7: no credit)"] = partial(muc_counts, variant="muc7")
    if tokens:
        rules["words"] = token_counts
    return rules


def _read(path: Path, form: str | None, types: list[str] | None) -> Iterator[Document]:
    """The documents of one side."""
    from silversmith.evaluation.pairing import keep_types
    from silversmith.formats import read

    documents = read(path, form)
    return keep_types(documents, types) if types else iter(documents)


def _pairs(gold: Iterator[Document], predicted: Iterator[Document], missing: str) -> Iterator[Pair]:
    """The paired documents, with progress. Raises DataError E008 if there are none."""
    from silversmith.core.progress import track
    from silversmith.evaluation.pairing import pair_documents

    found = False
    paired = pair_documents(gold, predicted, missing=missing)  # type: ignore[arg-type]
    for pair in track(paired, "evaluate"):
        found = True
        yield pair
    if not found:
        raise DataError("E008", "there is no document to score", remedy="check the two inputs and --missing")


def _count(
    pairs: Iterator[Pair], rules: dict[str, Counting], apart: bool, errors: int, unit: str
) -> tuple[dict[str, Any], list[ErrorRow]]:
    """Counts of each rule (kept apart by document for intervals) and the mistakes asked for; streaming."""
    from collections import Counter

    from silversmith.core.source import blocks
    from silversmith.evaluation.counts import document_counts
    from silversmith.evaluation.error_tables import error_table

    totals: dict[str, Any] = {}
    rows: list[ErrorRow] = []
    shown: Counter[str] = Counter()
    for block in blocks(pairs):
        for name, rule in rules.items():
            counts = document_counts(block, rule) if apart else rule(block)
            totals[name] = totals[name] + counts if name in totals else counts
        if errors:
            for row in error_table(block, limit=errors, unit=unit).rows:  # type: ignore[arg-type]
                shown[row.kind] += 1
                if shown[row.kind] <= errors:
                    rows.append(row)
    return totals, sorted(rows, key=lambda row: row.kind)


def _profiled(pairs: Iterator[Pair], found: list[NoiseProfile], examples: int, unit: str) -> Iterator[Pair]:
    """Pass pairs on; their noise profile is in `found` at the end."""
    from silversmith.core.source import blocks
    from silversmith.evaluation.noise import EXAMPLES, NoiseProfile, noise_profile

    total = NoiseProfile({}, {}, {}, 0, 0, ())
    for block in blocks(pairs):
        total = total + noise_profile(block, examples=min(examples, EXAMPLES), unit=unit)  # type: ignore[arg-type]
        yield from block
    found.append(total)


def _print_profile(profile: NoiseProfile, as_json: bool) -> None:
    """The noise profile as a table with examples of each kind and type, or as one JSON line."""
    if as_json:
        sys.stdout.write(json.dumps({"profile": profile.to_json()}, ensure_ascii=False) + "\n")
        return
    from rich.console import Console

    from silversmith.evaluation.render import render_errors, render_profile

    console = Console()
    console.print(render_profile(profile))
    confused = sorted(profile.confusion.items(), key=lambda item: -item[1])[:5]
    if confused:
        pairs = ", ".join(f"{gold} as {silver} {count:,}" for (gold, silver), count in confused)
        console.print(f"most confused: {pairs}", markup=False, highlight=False)
    if profile.examples:
        console.print(render_errors(sorted(profile.examples, key=lambda row: row.kind)))


def _intervals(counts: DocumentCounts, resamples: int, seed: int) -> dict[str, Any]:
    """Bootstrap intervals of one rule."""
    from silversmith.evaluation.intervals import bootstrap

    return dict(bootstrap(counts, resamples=resamples, seed=seed))


def _print_json(totals: dict[str, Any], rows: list[ErrorRow], resamples: int, seed: int) -> None:
    """One line a rule, and one with the mistakes if any were asked for."""
    from silversmith.evaluation.scores import score

    for name, counts in totals.items():
        value = score(counts.total() if resamples else counts, name).to_json()
        if resamples:
            bounds = _intervals(counts, resamples, seed)
            value["intervals"] = {key: one.to_json() for key, one in bounds.items()}
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    if rows:
        sys.stdout.write(json.dumps({"errors": [row.to_json() for row in rows]}, ensure_ascii=False) + "\n")


def _print_tables(
    totals: dict[str, Any], rows: list[ErrorRow], resamples: int, seed: int, by_type: bool
) -> None:
    """A table a rule, then the mistakes."""
    from rich.console import Console

    from silversmith.evaluation.render import render, render_errors
    from silversmith.evaluation.scores import score

    console = Console()
    for name, counts in totals.items():
        bounds = _intervals(counts, resamples, seed) if resamples else None
        console.print(render(score(counts.total() if resamples else counts, name), bounds, by_type=by_type))
    if rows:
        console.print(render_errors(rows))
