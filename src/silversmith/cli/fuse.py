"""`silversmith fuse`: several sources' labels of the same documents become one silver set."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.core import Document, Vote
    from silversmith.silver.fusing import Fused

__all__ = ["fuse"]

Inputs = Annotated[
    list[Path], typer.Argument(help="Labelled files of the same documents, one a source, any format.")
]
Out = Annotated[Path, typer.Option(help="File to write; OUT.manifest.json is written beside it.")]
Method = Annotated[str, typer.Option(help="label-model, majority, or hmm (for comparison).")]
Least = Annotated[float, typer.Option(help="Least probability of a span.")]
Option = Annotated[
    list[str] | None, typer.Option("--option", "-o", help="NAME=VALUE, e.g. bins=1, correlated=false.")
]
Top = Annotated[int, typer.Option(min=0, help="Labels listed in meta.votes for each span; 0: none.")]
Report = Annotated[Path | None, typer.Option(help="Also write a page with each source's part in each span.")]
Licence = Annotated[list[str] | None, typer.Option(help="Licence of texts or sources; may be repeated.")]
Format = Annotated[str | None, typer.Option(help="Format of INPUTS, if names don't tell.")]
To = Annotated[str | None, typer.Option(help="Format of the output, if its name doesn't tell.")]
Json = Annotated[bool, typer.Option("--json", help="Print the closing numbers as one JSON line.")]

SHOWN = 300


def fuse(
    inputs: Inputs,
    out: Out,
    method: Method = "label-model",
    least: Least = 0.5,
    option: Option = None,
    top: Top = 3,
    report: Report = None,
    licence: Licence = None,
    format: Format = None,
    to: To = None,
    as_json: Json = False,
) -> None:
    """Fuse labels of several sources: learn from their agreement how far to trust each, for each type.

    No gold is needed. A source is a file; a span's probability and all its listed labels count. Where fewer
    than 3 sources or 200 spans named twice are at hand, the majority decides, and a line says so.

    Examples:
        silversmith fuse features.jsonl concept.jsonl terms.jsonl --out silver.jsonl
        silversmith fuse a.jsonl b.jsonl c.jsonl --out silver.jsonl --report page.html

    Raises:
        DataError: G001 sources of other documents, G002 none found anything, F001 to F020 an input.
        ConfigError: G010, G011 an option, N008 the output is an input.
    """
    from silversmith.cli.labelling import say
    from silversmith.silver.fusing import fuse as join

    names = _names(inputs, out)
    options = _options(method, least, option or [])
    documents, votes = _read(inputs, names, format)
    fused = join(documents, votes, names, options)
    if fused.why:
        say(fused.why)
    found = list(fused.votes(documents))
    manifest = _write(fused, documents, found, inputs, out, to, top, licence or [])
    if report is not None:
        _page(report, documents[:SHOWN], found[:SHOWN], fused)
    _close(fused, manifest, out, report, as_json=as_json)


def _names(inputs: Sequence[Path], out: Path) -> list[str]:
    """The sources' names: their files', told apart. Raises ConfigError N008, R003."""
    for one in inputs:
        if str(one) == "-" or str(out) == "-":
            raise ConfigError("N008", "fusing reads and writes files, no streams")
        if one.exists() and out.exists() and one.samefile(out):
            raise ConfigError("N008", "the output is an input", path=out, remedy="name another --out")
    if len({one.resolve() for one in inputs}) != len(inputs):
        raise ConfigError("R003", "one input is given twice", remedy="name each source once")
    stems = [one.name.split(".")[0] for one in inputs]
    return [
        name if stems.count(name) == 1 else f"{one.parent.name}/{name}"
        for name, one in zip(stems, inputs, strict=True)
    ]


def _options(method: str, least: float, pairs: Sequence[str]) -> Any:
    """The options of the command line. Raises ConfigError G010, G011."""
    from silversmith.silver.fusing import make_fusion_options

    values: dict[str, Any] = {"method": method, "least": least}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ConfigError("G011", f"--option takes NAME=VALUE, found {pair!r}")
        try:
            values[name.strip()] = json.loads(value)
        except ValueError:
            values[name.strip()] = value
    return make_fusion_options(**values)


def _read(
    inputs: Sequence[Path], names: Sequence[str], form: str | None
) -> tuple[list[Document], list[list[list[Vote]]]]:
    """The documents of the first input, and the votes of all, in that order."""
    from silversmith.evaluation.pairing import pair_documents
    from silversmith.formats import read
    from silversmith.silver import document_votes

    documents = list(read(inputs[0], form))
    place = {one.id: n for n, one in enumerate(documents)}
    votes: list[list[list[Vote]]] = [[document_votes(one, names[0]) for one in documents]]
    for path, name in zip(inputs[1:], names[1:], strict=True):
        given: list[list[Vote]] = [[] for _ in documents]
        for document, other in pair_documents(iter(documents), read(path, form)):
            given[place[document.id]] = document_votes(other, name)
        votes.append(given)
    return documents, votes


def _write(
    fused: Fused,
    documents: Sequence[Document],
    found: Sequence[Sequence[Vote]],
    inputs: Sequence[Path],
    out: Path,
    to: str | None,
    top: int,
    licences: Sequence[str],
) -> dict[str, Any]:
    """The silver set; its manifest."""
    from silversmith.cli.labelling import silver_document
    from silversmith.silver import write_silver

    silver = (silver_document(one, some, top) for one, some in zip(documents, found, strict=True))
    return write_silver(
        silver,
        out,
        to,
        inputs=inputs,
        licences=licences,
        command="silversmith fuse",
        fusion={**fused.options.model_dump(mode="json"), "used": fused.method},
        reliability=_rounded(fused.reliability()),
    )


def _rounded(found: dict[str, dict[str, dict[str, float]]]) -> dict[str, Any]:
    return {
        source: {kind: {key: round(value, 4) for key, value in one.items()} for kind, one in kinds.items()}
        for source, kinds in found.items()
    }


def _page(path: Path, documents: Sequence[Document], found: Sequence[Sequence[Vote]], fused: Fused) -> None:
    """The page: each span opens what every source said of it."""
    from silversmith.cli.labelling import silver_document
    from silversmith.core import Evidence
    from silversmith.reports import write_report

    silver = [silver_document(one, some, 0) for one, some in zip(documents, found, strict=True)]
    write_report(
        path,
        "Fused labels",
        silver,
        (vote for some in found for vote in some),
        explain=lambda _, vote: vote.evidence or Evidence(()),
        facts=[f"{len(silver):,} documents shown", f"{len(fused.table.sources)} sources, {fused.method}"],
    )


def _close(fused: Fused, manifest: dict[str, Any], out: Path, report: Path | None, *, as_json: bool) -> None:
    """What was found, and how far each source is trusted."""
    weights = None
    if fused.model is not None:
        weights = dict(zip(fused.table.sources, fused.model.weights.tolist(), strict=True))
    if as_json:
        record = {"out": str(out), "spans": manifest["spans"], "method": fused.method, "why": fused.why}
        record |= {"reliability": _rounded(fused.reliability()), "weights": weights}
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        return
    _print(fused)
    shared = ", ".join(f"{name} {weight:.2f}" for name, weight in (weights or {}).items() if weight < 1)
    spans = manifest["spans"]
    numbers = ", ".join(f"{name} {count:,}" for name, count in spans["types"].items())
    lines = [f"sources that copy one another share a vote: {shared}"] if shared else []
    lines.append(f"wrote {out}: {spans['total']:,} spans ({numbers or 'none'})")
    lines += [f"page (open it in a browser): {report.resolve()}"] if report else []
    lines.append(f"next: silversmith train {out} --out my-tagger")
    sys.stdout.write("\n".join(lines) + "\n")


def _print(fused: Fused) -> None:
    """The table of trust."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title="how far each source is trusted (estimated, without gold)", title_justify="left")
    for head, side in (
        ("source", "left"), ("type", "left"), ("spans", "right"), ("precision", "right"), ("recall", "right")
    ):  # fmt: skip
        table.add_column(head, justify=side)  # type: ignore[arg-type]
    for source, kinds in fused.reliability().items():
        for kind, one in kinds.items():
            if one["spans"]:
                cells = (f"{one['spans']:,.0f}", f"{one['precision']:.2f}", f"{one['recall']:.2f}")
                table.add_row(Text(source), Text(kind), *cells)
    Console(highlight=False).print(table)
