"""`silversmith index`: the phrases of a corpus as vectors, to be asked questions."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.cli.shards import Cluster, Cpus, Engine, Workers, pool_of
from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.cli.engine_index import PhraseReader
    from silversmith.formats import Reading
    from silversmith.integrations.ray_data import Pool
    from silversmith.sources.question.building import Growth
    from silversmith.sources.question.index import PhraseIndex

__all__ = ["index"]

Text = Annotated[Path, typer.Argument(help="Text: file or folder, any format; spans in it are ignored.")]
Out = Annotated[Path, typer.Option(help="Folder of the index; OUT.part keeps what goes on after a kill.")]
Add = Annotated[
    bool, typer.Option("--add", help="Add to the index at OUT; texts it has already are left out.")
]
Model = Annotated[str | None, typer.Option(help="mini, or a folder of pretrain.")]
Candidates = Annotated[str | None, typer.Option(help="Preset of candidates: open, general, anatomy.")]
Approximate = Annotated[
    bool | None,
    typer.Option(
        "--approximate/--exact",
        help="Also make an inverted file (needs faiss; by itself beyond a million phrases where that is).",
    ),
]
Threads = Annotated[int | None, typer.Option(min=1, help="Processor threads (default: torch's).")]
Format = Annotated[str | None, typer.Option(help="Format of TEXT, if its name doesn't tell.")]
Json = Annotated[bool, typer.Option("--json", help="Print the closing numbers as one JSON line.")]


def index(
    text: Text,
    out: Out,
    add: Add = False,
    model: Model = None,
    candidates: Candidates = None,
    approximate: Approximate = None,
    threads: Threads = None,
    format: Format = None,
    engine: Engine = "local",
    workers: Workers = 0,
    cpus: Cpus = 1,
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Index the phrases of a corpus, so that it can be asked.

    silversmith ask OUT "Which disease?" answers from it.

    Reads everything once (about as fast as labelling); nothing leaves the machine. Killed, the same command
    goes on from its last finished part.

    Examples:
        silversmith index notes/ --out my-index
        silversmith index more-notes/ --out my-index --add
        silversmith index large/ --out large-index --approximate
        silversmith index corpus.parquet --out my-index --engine ray --workers 8

    Raises:
        ConfigError: F021 --approximate without faiss, W001 to W003 no such cluster, or what ray can't do.
        DataError: Y001 no phrase in the text, Y002 other documents than before, F001 to F020 the text.
        ModelError: Y020 the index at OUT is of another encoder, S047, S071 no such model.
    """
    from silversmith.cli.labelling import say, warn_of_language
    from silversmith.formats import read
    from silversmith.sources.concept.opening import load_encoder
    from silversmith.sources.question.building import build_index

    _check(out, add)
    pool = pool_of(engine, workers, cpus, cluster, text)
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    encoder, proposer = load_encoder(model, candidates)
    documents, line = _forecast(reading := read(text, format), int(encoder.head.config.size))
    say(line)
    begin = time.monotonic()
    reader = _reader(text, out, model, candidates, add, pool) if pool else None
    made, growth = build_index(
        warn_of_language(reading), out, encoder, proposer,
        add=add, total=documents, approximate=approximate, fields=_fields(text, model), reader=reader,
    )  # fmt: skip
    if reader:
        reader.close()
    for note in reading.losses.lines():
        say(note)
    _close(out, made, growth, time.monotonic() - begin, as_json=as_json)


def _check(out: Path, add: bool) -> None:
    """Raises ConfigError R003."""
    if add and not (out / "manifest.json").is_file():
        raise ConfigError("R003", "there is no index to add to", path=out, remedy="leave out --add")


def _reader(
    text: Path, out: Path, model: str | None, candidates: str | None, add: bool, pool: Pool
) -> PhraseReader:
    """The workers' phrases."""
    from silversmith.cli.engine_index import IndexJob, PhraseReader
    from silversmith.core import __version__
    from silversmith.sources.concept.opening import load_encoder
    from silversmith.sources.question.index import PhraseIndex

    arguments = {"model": model, "candidates": candidates}
    base = PhraseIndex.open(out) if add else None
    settings = {"version": __version__, **arguments, "base": base.manifest["files"] if base else None}
    job = IndexJob(opener=load_encoder, arguments=arguments, input=text, out=out, settings=settings)
    return PhraseReader(job, pool, base)


def _forecast(reading: Reading, size: int) -> tuple[int, str]:
    """(documents, what the index will be) from a pass over the text alone."""
    from silversmith.sources.question.building import expected

    lengths = [len(one.text) for one in reading]
    phrases, space = expected(sum(lengths), size)
    return len(lengths), (
        f"{len(lengths):,} documents, {sum(lengths):,} characters: about {phrases:,} phrases, "
        f"{space / 1e6:,.0f} MB on disk"
    )


def _fields(text: Path, model: str | None) -> dict[str, Any]:
    """What the manifest keeps of the run."""
    from silversmith.core import checksum

    inputs = {text.name: checksum(text) if text.is_file() else "folder"}
    return {"command": "silversmith index", "inputs": inputs, "reading": {"model": model or "mini"}}


def _close(out: Path, made: PhraseIndex, growth: Growth, seconds: float, *, as_json: bool) -> None:
    """The closing numbers."""
    space = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    record = {
        "index": str(out),
        "phrases": len(made),
        "documents": int(made.manifest["documents"]),
        "added": growth.documents,
        "duplicates": growth.duplicates,
        "resumed": growth.resumed,
        "bytes": space,
        "seconds": round(seconds, 2),
    }
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
        return
    left_out = f", {growth.duplicates:,} repeated texts left out" if growth.duplicates else ""
    sys.stdout.write(
        f"{record['documents']:,} documents, {len(made):,} phrases, {space / 1e6:,.1f} MB{left_out}\n"
        f'wrote {out}; next: silversmith ask {out} "Which disease?"\n'
    )
