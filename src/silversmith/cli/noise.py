"""`silversmith noise`: gold with noise put in on purpose, and the statistics of such noise."""

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
    from silversmith.silver import Noise, NoiseTally

__all__ = ["noise"]

_Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="low_recall, low_precision, jitter or confusion; may be repeated, in order."),
]
_Rate = Annotated[
    list[str] | None,
    typer.Option(help="Share of spans, 0.3 or PER=0.5; may be repeated (default: 0.5)."),
]


def noise(
    gold: Annotated[Path, typer.Argument(help="File or folder with gold spans.")],
    out: Annotated[
        Path | None, typer.Option(help="File to write, with OUT.manifest.json beside it ('-': stdout).")
    ] = None,
    kinds: _Kinds = None,
    rate: _Rate = None,
    count: Annotated[str, typer.Option(help="ceil (the paper's) or unbiased (mean rate x spans).")] = "ceil",
    steps: Annotated[int, typer.Option(help="Jitter: words by which a border moves at most.")] = 1,
    expand: Annotated[bool, typer.Option("--expand", help="Jitter: borders may also move outwards.")] = False,
    cluster: Annotated[
        float | None, typer.Option(help="Let the rate vary between documents; the smaller the more.")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="A type of the schema; default: all that occur.")
    ] = None,
    tables: Annotated[
        bool, typer.Option("--tables", help="Print the paper's Tables 2 and 7 to 11 for GOLD instead.")
    ] = False,
    silver: Annotated[Path | None, typer.Option(help="With --tables: a silver set to count too.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed; each document's draws hang on it and its id.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print numbers or tables as one JSON line.")
    ] = False,
) -> None:
    """Put noise into gold: missing, spurious, shifted or retyped spans, at a rate of 0 to 1.

    Counts are those of the SAE-NER paper: ceil(rate x spans) of each document. The result does not hang
    on the order of documents. docs/explanation/noise.md says what each kind does.

    Examples:
        silversmith noise gold.jsonl --kind low_recall --rate 0.5 --out noisy.jsonl
        silversmith noise gold.jsonl --kind jitter --steps 3 --expand --out noisy.jsonl
        silversmith noise gold.jsonl --tables

    Raises:
        ConfigError: N009 options that don't go together, N010 to N012 the kind, a rate, no type.
        DataError: F001 to F020 an input or output that can't be used.
    """
    if tables == (out is not None) or (silver is not None and not tables):
        raise ConfigError(
            "N009", "give --out to write noise, or --tables (with --silver or not) to print statistics"
        )
    labels = sorted(types or _labels(gold))
    if tables:
        _print_tables(gold, silver, labels, seed, as_json)
        return
    options = {"count": count, "steps": steps, "cluster": cluster, "seed": seed}
    noises = [_noise(kind, rate or [], expand, options) for kind in kinds or ["low_recall"]]
    assert out is not None
    _write(gold, out, noises, labels, as_json)


def _labels(path: Path) -> set[str]:
    """All types that occur; reads the file once."""
    from silversmith.formats import read

    if str(path) == "-":
        raise ConfigError("N009", "stdin is read once", remedy="name the types with --type")
    return {span.label for document in read(path) for span in document.spans}


def _noise(kind: str, rates: Iterable[str], expand: bool, options: dict[str, Any]) -> Noise:
    """One noise of the options. Raises ConfigError N010, N011."""
    from silversmith.silver import Noise
    from silversmith.silver.jitter import OPERATIONS

    if options["count"] not in ("ceil", "unbiased"):
        raise ConfigError("N011", f"--count {options['count']}", remedy="valid: ceil, unbiased")
    whole, types = 0.5, {}
    for word in rates:
        name, _, number = word.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            raise ConfigError("N011", f"the rate {word!r}", remedy="write 0.3, or PER=0.5") from None
        if name:
            types[name] = value
        else:
            whole = value
    operations = OPERATIONS if expand else OPERATIONS[:4]
    return Noise(kind, whole, types, operations=operations, **options)  # type: ignore[arg-type]


def _write(gold: Path, out: Path, noises: list[Noise], labels: list[str], as_json: bool) -> None:
    """Write the noisy documents and what was done."""
    from silversmith.cli.labelling import say
    from silversmith.core.progress import track
    from silversmith.formats import read, write
    from silversmith.silver import NoiseTally, perturb_all, write_silver

    tally = NoiseTally()

    def documents() -> Iterator[Document]:
        nonlocal tally
        for document, one in track(perturb_all(read(gold), noises, labels), "noise"):
            tally = tally + one
            yield document

    if str(out) == "-":
        write(documents(), out, "jsonl")
    else:
        settings = [one.to_json() for one in noises]
        write_silver(documents(), out, inputs=[gold], command="silversmith noise", noise=settings)
    if as_json and str(out) != "-":
        sys.stdout.write(json.dumps(tally.to_json(), ensure_ascii=False) + "\n")
    else:
        say(_line(tally))


def _line(tally: NoiseTally) -> str:
    """What was done, in one line."""
    hit, changed, void, spans = (
        sum(getattr(tally, name).values()) for name in ("hit", "changed", "void", "spans")
    )
    return (
        f"{tally.documents:,} documents, {spans:,} spans, {hit:,} hit ({hit / max(1, spans):.1%}), "
        f"{changed:,} changed, {void:,} left as they were"
    )


def _print_tables(gold: Path, silver: Path | None, labels: list[str], seed: int, as_json: bool) -> None:
    """The statistics on stdout."""
    from silversmith.core.progress import track
    from silversmith.formats import read
    from silversmith.silver import noise_statistics

    spans = None if silver is None else {one.id: one.spans for one in read(silver)}
    found = noise_statistics(track(read(gold), "noise"), labels, spans, seed=seed)
    text = json.dumps(found.to_json(), ensure_ascii=False) + "\n" if as_json else found.to_markdown()
    sys.stdout.write(text)
