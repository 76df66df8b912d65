"""`silversmith quality`: precision and recall of a silver set without gold, as ranges."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.core import Document

__all__ = ["quality"]

_Kind = Annotated[
    str,
    typer.Option(
        help="What the sets are: seeds (of one source: they err alike) or sources (different ones)."
    ),
]
_Threshold = Annotated[
    float | None,
    typer.Option(
        help="Judge the spans from this probability up; those below still tell what may be missing."
    ),
]
_Labelled = Annotated[
    Path | None, typer.Option(help="Labelled documents that the source of the set was not fitted on.")
]
_Relabelled = Annotated[
    Path | None, typer.Option(help="The same documents as that source labels them; with --labelled.")
]


def quality(
    sets: Annotated[
        list[Path],
        typer.Argument(help="The silver set to judge, then others of the same texts: sources or seeds."),
    ],
    kind: _Kind = "seeds",
    threshold: _Threshold = None,
    labelled: _Labelled = None,
    relabelled: _Relabelled = None,
    known: Annotated[
        Path | None,
        typer.Option(help="Held-out entries: names that no source was given, one a line (tab, type)."),
    ] = None,
    decoys: Annotated[Path | None, typer.Option(help="Decoys: look-alikes that are no entities.")] = None,
    candidates: Annotated[
        int | None, typer.Option(help="Candidate places in the texts; with --known and --decoys.")
    ] = None,
    format: Annotated[str | None, typer.Option(help="Format of SETS, if names don't tell.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as one JSON line.")] = False,
) -> None:
    """Estimate precision and recall without gold: ranges that hold the truth in 90 % of cases.

    Three or more sets of the same texts tell by their agreement; a few labelled documents tell most;
    held-out entries tell of recall, decoys of false alarms. docs/explanation/quality.md says what each can
    and cannot see; results/quality.md how often the ranges held where gold exists.

    Examples:
        silversmith quality silver.jsonl seed-1.jsonl seed-2.jsonl
        silversmith quality silver.jsonl dictionary.jsonl llm.jsonl --kind sources --json
        silversmith quality silver.jsonl --labelled few.jsonl --relabelled few-found.jsonl --threshold 0.4
        silversmith quality silver.jsonl --known held-out.txt --decoys decoys.txt --candidates 5200

    Raises:
        ConfigError: Q001 the number of sets, Q004 the kind, Q005 an option without sense, Q006 too few
            spans, Q011 decoys.
        DataError: Q002 and Q003 sets of other texts, Q010 no term, F001 to F020 an input.
    """
    _check(len(sets), threshold, labelled, relabelled, known)
    record: dict[str, Any] = {"set": str(sets[0])}
    if len(sets) >= 3:
        record |= _agreement(sets, kind, threshold, format)
    if labelled is not None and relabelled is not None:
        record |= _sample(labelled, relabelled, threshold, format)
    if known is not None:
        record |= _terms(sets[0], threshold, format, known, decoys, candidates)
    if as_json:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        _print(record)


def _check(
    sets: int, threshold: float | None, labelled: Path | None, relabelled: Path | None, known: Path | None
) -> None:
    """Refuse options that don't go together."""
    if (labelled is None) != (relabelled is None):
        raise ConfigError("Q005", "--labelled and --relabelled go together", remedy="give both or none")
    if sets < 3 and known is None and labelled is None:
        raise ConfigError(
            "Q001",
            f"{sets} set{'s' * (sets > 1)} and nothing else to judge by",
            remedy="give three sets or more of the same texts, --labelled, or --known",
        )
    if threshold is not None and not 0 <= threshold <= 1:
        raise ConfigError("Q005", f"a threshold of {threshold:g}", remedy="give a probability from 0 to 1")


def _sample(gold: Path, found: Path, threshold: float | None, form: str | None) -> dict[str, Any]:
    """Ranges from labelled documents."""
    from silversmith.evaluation.pairing import pair_documents
    from silversmith.silver.sample import sample_quality

    pairs = list(pair_documents(_read(gold, form, None), _read(found, form, threshold)))
    precision, recall = sample_quality(pairs)
    spans = sum(len(one.spans) for one, _ in pairs)
    return {"labelled": {"places": spans, "precision": precision.to_json(), "recall": recall.to_json()}}


def _read(path: Path, form: str | None, threshold: float | None) -> Iterator[Document]:
    """The documents of a set with the spans that reach the threshold."""
    from silversmith.formats import read

    for document in read(path, form):
        spans = document.spans
        if threshold is not None:
            spans = tuple(span for span in spans if span.score is None or span.score >= threshold)
        yield document.with_spans(spans)


def _agreement(sets: list[Path], kind: str, threshold: float | None, form: str | None) -> dict[str, Any]:
    """Ranges from agreement: all types together, and one by one for different sources."""
    from silversmith.silver.agreement import count_agreement
    from silversmith.silver.quality import estimate_quality, quality_by_type, sureness

    counts = count_agreement([_read(path, form, threshold) for path in sets])
    sure = None if threshold is None else sureness(_read(sets[0], form, None), threshold)
    whole = estimate_quality(counts, kind=kind, sure=sure)  # type: ignore[arg-type]
    by_type = quality_by_type(counts) if kind == "sources" else {}
    types = {label: one.to_json() for label, one in by_type.items()}
    return {"sets": len(sets), "kind": kind, "agreement": whole.to_json(), "types": types}


def _terms(
    path: Path,
    threshold: float | None,
    form: str | None,
    known: Path,
    decoys: Path | None,
    candidates: int | None,
) -> dict[str, Any]:
    """Ranges from held-out entries and decoys."""
    from silversmith.formats.files import text_lines
    from silversmith.silver.known import adjusted_precision, count_terms, read_terms

    def found(terms: Path) -> Any:
        lines: Iterable[str] = (line for _, line in text_lines(terms))
        return count_terms(_read(path, form, threshold), read_terms(lines))

    entries = found(known)
    record = {"known": {"places": entries.places, "recall": entries.share.to_json()}}
    if decoys is not None:
        false = found(decoys)
        record["decoys"] = {"places": false.places, "false_alarms": false.share.to_json()}
        if candidates is not None:
            spans = sum(len(document.spans) for document in _read(path, form, threshold))
            precision = adjusted_precision(spans, candidates, entries, false)
            record["decoys"]["precision"] = precision.to_json()
    return record


def _print(record: dict[str, Any]) -> None:
    """The record as a table and some lines."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if "agreement" in record:
        title = f"{record['set']}: 90 % ranges from {record['sets']} sets ({record['kind']})"
        table = Table(title=title, title_justify="left")
        table.add_column("type")
        for name in ("spans", "precision", "recall"):
            table.add_column(name, justify="right")
        for label, one in {**record["types"], "all": record["agreement"]}.items():
            cells = [_range(one[name]) for name in ("precision", "recall")]
            table.add_row(Text(label), f"{one['spans']:,}", *cells)
        console.print(table)
    for name, what, key in (
        ("labelled", "precision from labelled documents", "precision"),
        ("labelled", "recall from labelled documents", "recall"),
        ("known", "recall on held-out entries", "recall"),
        ("decoys", "false alarms on decoys", "false_alarms"),
        ("decoys", "precision from entries and decoys", "precision"),
    ):
        if key in record.get(name, {}):
            console.print(f"{what}: {_range(record[name][key])} (from {record[name]['places']:,})")


def _range(one: dict[str, float]) -> str:
    """'0.71 to 0.83'."""
    return f"{one['low']:.2f} to {one['high']:.2f}"
