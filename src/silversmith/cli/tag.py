"""`silversmith tag`: text in, typed spans out, by a trained tagger."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.cli.engine import LabelJob, run_job
from silversmith.cli.shards import Cluster, Cpus, Engine, Workers, pool_of
from silversmith.core.errors import ConfigError
from silversmith.core.version import __version__

if TYPE_CHECKING:
    from silversmith.cli.labelling import Totals
    from silversmith.cli.sidefile import SideFile
    from silversmith.core import Document
    from silversmith.formats import Reading

__all__ = ["tag"]

STREAM = "-"


def tag(
    input: Annotated[Path, typer.Argument(help="File or folder, any format ('-': JSON lines on stdin).")],
    tagger: Annotated[Path, typer.Option(help="Folder made by train, or by export --to onnx or int8.")],
    out: Annotated[
        Path, typer.Option(help="File to write; its suffix says the format ('-': stdout).")
    ] = Path("tagged.jsonl"),
    threshold: Annotated[float, typer.Option(help="Least probability of a span.")] = 0.0,
    top: Annotated[int, typer.Option(min=0, help="Labels listed in meta.votes for each span; 0: none.")] = 0,
    threads: Annotated[int | None, typer.Option(help="Processor threads (default: all cores).")] = None,
    format: Annotated[str | None, typer.Option(help="Format of INPUT, if its name doesn't tell.")] = None,
    to: Annotated[str | None, typer.Option(help="Format of the output, if its name doesn't tell.")] = None,
    engine: Engine = "local",
    workers: Workers = 0,
    cpus: Cpus = 1,
    cluster: Cluster = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the closing numbers as one JSON line.")
    ] = False,
) -> None:
    """Tag documents with a trained tagger: every span with its probability.

    Runs in memory that does not grow with the corpus. After a kill the same command goes on where it was
    and ends with the same bytes (finished documents lie in OUT.part).

    Examples:
        silversmith tag notes/ --tagger my-tagger --out tagged.jsonl
        silversmith tag news.txt --tagger my-tagger --threshold 0.7 --top 3
        silversmith tag corpus.parquet --tagger my-tagger --out tagged.jsonl --engine ray --workers 8

    Raises:
        ModelError: A001 to A004 no tagger there or a damaged one, K030 of another version.
        ConfigError: R003 an option without sense, W001 to W003 no such cluster, or what ray can't do.
        DataError: F001 to F020 an input or output that can't be used.
    """
    form, pool = _output_form(input, out, to, as_json), pool_of(engine, workers, cpus, cluster)
    from silversmith.formats import read
    from silversmith.tagger.opening import open_tagger

    source = open_tagger(tagger, least=threshold, threads=threads)
    if pool:
        opening = {"folder": tagger, "least": threshold, "threads": cpus}
        job = LabelJob(
            opener=open_tagger, arguments=opening, input=input, out=out, settings=_settings(source, top),
            form=form, top=top,
        )  # fmt: skip
        totals = run_job(job, pool)
    else:
        totals = _tag(source, read(input, format), out, form, top)
    _close(out, totals, as_json)


def _output_form(input: Path, out: Path, to: str | None, as_json: bool) -> str:
    """The output's format, and a refusal of options that don't go together."""
    from silversmith.formats import find_form, forms
    from silversmith.formats.detect import detect

    if STREAM not in {str(input), str(out)} and input.exists() and out.exists() and input.samefile(out):
        raise ConfigError("R003", "the output is the input", path=out, remedy="name another --out")
    if str(out) == STREAM and as_json:
        raise ConfigError("R003", "--json and --out - both print to stdout", remedy="write to a file")
    if str(out) == STREAM and to is None:
        return "jsonl"
    return find_form(to or detect(out, forms().values(), writing=True)).name


def _tag(source: Any, reading: Reading, out: Path, form: str, top: int) -> Totals:
    """Tag a reading into the output; the numbers of the run."""
    from silversmith.cli.labelling import Totals, label_blocks, say
    from silversmith.core.progress import track
    from silversmith.formats.jsonl import json_text, to_record

    with _side(out, reading.path, _settings(source, top)) as side:
        documents = _start(reading, side)
        totals = Totals.of_json(side.totals) if side.documents else Totals()
        if side.documents:
            say(f"going on after {side.documents:,} finished documents ({side.path})")
        for block, tagged, _ in label_blocks(source, track(documents, "tag"), totals, top):
            side.add(block, [json_text(to_record(one), one) for one in tagged], totals.to_json())
        _finish(side, out, form)
    for line in reading.losses.lines():
        say(line)
    return totals


def _settings(source: Any, top: int) -> dict[str, Any]:
    """Whatever decides the output."""
    return {"version": __version__, "top": top, "tagger": source.identity(), "least": source.least}


@contextmanager
def _side(out: Path, input: Path, settings: dict[str, Any]) -> Iterator[SideFile]:
    """The side file of this run; kept when the run breaks off, unless a stream is involved."""
    from silversmith.cli.sidefile import SideFile

    with TemporaryDirectory(prefix="silversmith-") as room:
        lasting = STREAM not in {str(input), str(out)}
        side = SideFile(out if str(out) != STREAM else Path(room) / "stdout", settings)
        side.resumable = lasting
        try:
            yield side
        except BaseException:
            if not lasting and side.documents:
                side.remove()
            raise


def _start(reading: Reading, side: SideFile) -> Iterator[Document]:
    """The documents still to do."""
    if side.resumable:
        documents = iter(reading)
        if side.resume(documents):
            return documents
    return iter(reading)


def _finish(side: SideFile, out: Path, form: str) -> None:
    """Turn the side file into the output."""
    from silversmith.formats import read, write

    if form == "jsonl" and str(out) != STREAM and out.suffix != ".gz":
        side.path.replace(out)
    else:
        write(read(side.path, "jsonl"), out, form)
    side.remove()


def _close(out: Path, totals: Totals, as_json: bool) -> None:
    """The closing line, or its numbers as JSON."""
    from silversmith.cli.labelling import say

    if as_json:
        sys.stdout.write(json.dumps({"out": str(out), **totals.to_json()}, ensure_ascii=False) + "\n")
    else:
        say(f"{out}: {totals.line()}" if str(out) != STREAM else totals.line())
