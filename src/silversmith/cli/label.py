"""`silversmith label`: text in, typed spans with probabilities out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.cli.engine import LabelJob, run_job
from silversmith.cli.reading import (
    Candidates,
    Context,
    Dictionaries,
    Dtype,
    Mapping,
    Model,
    Patterns,
    Sae,
    SchemaFile,
    Types,
)
from silversmith.cli.shards import Cluster, Cpus, Engine, Workers, pool_of
from silversmith.core.errors import ConfigError
from silversmith.core.version import __version__

if TYPE_CHECKING:
    from silversmith.cli.labelling import Labeller, Totals
    from silversmith.cli.sidefile import SideFile
    from silversmith.core import Document
    from silversmith.formats import Reading

__all__ = ["label"]

Out = Annotated[Path, typer.Option(help="File to write; its suffix says the format ('-': stdout).")]

STREAM = "-"
SHOWN = 300
"""Documents on the page of --report."""

Threshold = Annotated[
    float | None, typer.Option(help="Least probability of a span (default: the mapping's, usually 0.5).")
]
Report = Annotated[
    Path | None, typer.Option(help=f"Also write a page of the first {SHOWN} documents with reasons.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the closing numbers as one JSON line.")]


def label(
    input: Annotated[Path, typer.Argument(help="File or folder, any format ('-': JSON lines on stdin).")],
    out: Out = Path("silver.jsonl"),
    mapping: Mapping = "general",
    types: Types = None,
    schema: SchemaFile = None,
    dictionary: Dictionaries = None,
    patterns: Patterns = None,
    model: Model = None,
    sae: Sae = None,
    candidates: Candidates = None,
    threshold: Threshold = None,
    top: Annotated[int, typer.Option(min=0, help="Labels listed in meta.votes for each span; 0: none.")] = 3,
    nested: Annotated[bool, typer.Option("--nested", help="Keep spans inside other spans.")] = False,
    context: Context = None,
    dtype: Dtype = None,
    format: Annotated[str | None, typer.Option(help="Format of INPUT, if its name doesn't tell.")] = None,
    to: Annotated[str | None, typer.Option(help="Format of the output, if its name doesn't tell.")] = None,
    report: Report = None,
    engine: Engine = "local",
    workers: Workers = 0,
    cpus: Cpus = 1,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Label documents: typed spans, each with its probability and the next best labels.

    Runs offline, in bounded memory. The output appears when it is complete; after a kill the same command
    goes on where it was (it keeps finished documents in OUT.part). Spans that INPUT has already are
    replaced; the page of --report compares with them. A mapping brings the model and the autoencoder that it
    was made with; --model and --sae say where they are now, if they were moved.

    Examples:
        silversmith label notes/ --out silver.jsonl
        silversmith label news.txt --out silver.jsonl --threshold 0.7 --report page.html
        silversmith label corpus.jsonl --out silver.conll --mapping my-mapping --nested
        silversmith label recipes.txt --types "dish, ingredient, cooking tool" --report page.html
        silversmith label notes/ --dictionary Disease=terms.obo --dictionary drugs.tsv
        silversmith label notes/ --patterns rules.tsv
        silversmith label corpus/ --out silver.parquet --engine ray --cluster auto

    Raises:
        ConfigError: R001 no such mapping, R003 an option without sense, O003, O004 a wrong name of a type,
            W001 to W003 no such cluster, or what the engine ray can't do.
        ModelError: S046, S047 its model is not here, S010 to S036 not readable, M021 it isn't the mapping's.
        DataError: F001 to F020 an input or output that can't be used.
    """
    from silversmith.cli.opening import describe, open_source, open_wanted, wanted
    from silversmith.formats import read

    form, pool = _output_form(input, out, to, report, as_json), pool_of(engine, workers, cpus, cluster)
    options = {"sae": sae, "context": context, "dtype": dtype, "threshold": threshold, "nested": nested}
    naming = {"mapping": mapping, "types": types, "schema": schema, "lists": dictionary, "patterns": patterns}
    chosen = wanted(**naming)  # type: ignore[arg-type]
    source: Labeller = open_source(chosen, model, candidates, **options)
    opening = {"naming": naming, "model": model, "candidates": candidates, **options}
    made: dict[str, Any] = {"settings": _settings(source, top), "form": form, "top": top}
    job = LabelJob(opener=open_wanted, arguments=opening, input=input, out=out, **made)
    totals = run_job(job, pool) if pool else _label(source, read(input, format), out, form, top)
    if report:
        _page(report, source, islice(read(input, format), SHOWN), [describe(chosen), totals.line()])
    _close(out, totals, report, as_json)


def _label(source: Labeller, reading: Reading, out: Path, form: str, top: int) -> Totals:
    """Label a reading into the output; the numbers of the run, those of a run it goes on with included."""
    from silversmith.cli.labelling import Totals, say

    with _side(out, reading.path, source, top) as side:
        documents = _start(reading, side)
        totals = Totals.of_json(side.totals) if side.documents else Totals()
        if side.documents:
            say(f"going on after {side.documents:,} finished documents ({side.path})")
        _run(source, documents, side, totals, top)
        _finish(side, out, form)
    for line in reading.losses.lines():
        say(line)
    return totals


def _output_form(input: Path, out: Path, to: str | None, report: Path | None, as_json: bool) -> str:
    """The output's format, and a refusal of options that don't go together."""
    from silversmith.formats import find_form, forms
    from silversmith.formats.detect import detect

    streams = (str(input) == STREAM, str(out) == STREAM)
    if not any(streams) and input.exists() and out.exists() and input.samefile(out):
        raise ConfigError("R003", "the output is the input", path=out, remedy="name another --out")
    if streams[1] and as_json:
        raise ConfigError("R003", "--json and --out - both print to stdout", remedy="write to a file")
    if streams[0] and report:
        raise ConfigError(
            "R003", "--report reads the input twice, so it can't be stdin", remedy="name a file"
        )
    if streams[1] and to is None:
        return "jsonl"
    return find_form(to or detect(out, forms().values(), writing=True)).name


@contextmanager
def _side(out: Path, input: Path, source: Labeller, top: int) -> Iterator[SideFile]:
    """The side file of this run; kept when the run breaks off, unless a stream is involved."""
    from silversmith.cli.labelling import say
    from silversmith.cli.sidefile import SideFile

    with TemporaryDirectory(prefix="silversmith-") as room:
        lasting = STREAM not in {str(input), str(out)}
        side = SideFile(out if str(out) != STREAM else Path(room) / "stdout", _settings(source, top))
        side.resumable = lasting
        try:
            yield side
        except BaseException:
            if lasting and side.documents:
                say(
                    f"{side.documents:,} finished documents are kept in {side.path}: the same command goes on"
                )
            elif side.documents:
                side.remove()
            raise


def _settings(source: Labeller, top: int) -> dict[str, Any]:
    """Whatever decides the output: a run of other settings does not go on with a side file."""
    settings: dict[str, Any] = {"version": __version__, "top": top}
    own = getattr(source, "settings", None)
    if own is not None:
        settings |= own()
    mapping = getattr(source, "mapping", None)
    if mapping is not None:
        settings |= {"model": mapping.identity, "options": mapping.options.model_dump(mode="json")}
        settings |= {"labels": mapping.labels, "temperature": mapping.temperature, "counts": mapping.counts}
    return settings


def _start(reading: Reading, side: SideFile) -> Iterator[Document]:
    """The documents still to do: those after what an earlier run finished, or all."""
    from silversmith.cli.labelling import warn_of_language

    if side.resumable:
        documents = iter(reading)
        if side.resume(documents):
            return documents
    return warn_of_language(reading)


def _run(source: Labeller, documents: Iterable[Document], side: SideFile, totals: Totals, top: int) -> None:
    """Label block after block into the side file."""
    from silversmith.cli.labelling import label_blocks
    from silversmith.core.progress import track
    from silversmith.formats.jsonl import json_text, to_record

    for block, silver, _ in label_blocks(source, track(documents, "label"), totals, top):
        side.add(block, [json_text(to_record(one), one) for one in silver], totals.to_json())


def _finish(side: SideFile, out: Path, form: str) -> None:
    """Turn the side file into the output."""
    from silversmith.cli.labelling import say
    from silversmith.formats import read, write

    if form == "jsonl" and str(out) != STREAM and out.suffix != ".gz":
        side.path.replace(out)
    else:
        for line in write(read(side.path, "jsonl"), out, form).lines():
            say(line)
    side.remove()


def _page(path: Path, source: Labeller, documents: Iterable[Document], facts: Sequence[str]) -> None:
    """The page of the first documents, each span with its reason; the input's own spans count as gold."""
    from silversmith.cli.pages import write_silver_page

    write_silver_page(path, "Silver annotations", source, list(documents), facts)


def _close(out: Path, totals: Totals, report: Path | None, as_json: bool) -> None:
    """The closing line, or its numbers as JSON."""
    from silversmith.cli.labelling import say

    if as_json:
        record = {"out": str(out), "report": str(report) if report else None, **totals.to_json()}
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        return
    say(f"{out}: {totals.line()}" if str(out) != STREAM else totals.line())
    if report:
        say(f"page: {report}")
