"""`silversmith serve`: label or tag over HTTP, on this machine unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.cli.reading import Candidates, Dictionaries, Mapping, Model, Sae, SchemaFile, Types
from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.core import Document

__all__ = ["serve"]

Tagger = Annotated[Path | None, typer.Option(help="A tagger of train or export, instead of a source.")]
Host = Annotated[str, typer.Option(help="Address to listen at; any other than 127.0.0.1 is open to others.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")]
Most = Annotated[int, typer.Option(min=1, help="Documents that may wait; above, answers are 429.")]
Batch = Annotated[int, typer.Option(min=1, help="Documents labelled together, at most.")]
Longest = Annotated[float, typer.Option(min=0.001, help="Size of a request, MB, at most.")]
Seconds = Annotated[float, typer.Option(min=0.1, help="Until a request that isn't done gets 503.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Processor threads (default: torch's).")]


def serve(
    tagger: Tagger = None,
    mapping: Mapping = "general",
    types: Types = None,
    schema: SchemaFile = None,
    dictionary: Dictionaries = None,
    model: Model = None,
    sae: Sae = None,
    candidates: Candidates = None,
    host: Host = "127.0.0.1",
    port: Port = 8700,
    most: Most = 1024,
    batch: Batch = 64,
    longest: Longest = 10.0,
    seconds: Seconds = 60.0,
    threads: Threads = None,
) -> None:
    """Serve spans over HTTP: POST /label with {"documents": [{"id": "a", "text": "..."}]}.

    Documents of many clients are labelled together; when too many wait, clients are told to come back (429).
    GET /schema, /health and /metrics say the rest. Ctrl-C finishes what runs, then stops.

    Examples:
        silversmith serve --tagger my-tagger
        silversmith serve --types "dish, ingredient" --port 0
        curl -s localhost:8700/label -d '{"documents": [{"text": "Ada Lovelace met Babbage in London."}]}'

    Raises:
        ConfigError: R001 no such mapping, R003 options that don't go together, B020 the port is taken.
        ModelError: A001 to A004, K031 no tagger.
    """
    from silversmith.formats.extras import need

    need("starlette", "workbench")
    need("uvicorn", "workbench")
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    if tagger is not None and (mapping != "general" or types or schema or dictionary or model or sae):
        raise ConfigError("R003", "--tagger and a source name two things", remedy="name one")
    if tagger is not None:
        labels = _tagging(tagger)
    else:
        labels = _labelling(mapping, types, schema, dictionary, model, candidates, sae)
    _run(labels, host, port, most, batch, longest, seconds)


def _run(labels: Any, host: str, port: int, most: int, batch: int, longest: float, seconds: float) -> None:
    """Serve until Ctrl-C; what waits is finished."""
    from silversmith.cli.labelling import say
    from silversmith.workbench.batching import Batcher
    from silversmith.workbench.service import make_service
    from silversmith.workbench.serving import bind, hosts_of, serve

    listening = bind(port, host)
    batcher = Batcher(labels, most=most, batch=batch)
    local = host in {"127.0.0.1", "localhost"}
    hosts = hosts_of(listening) if local else None
    app = make_service(batcher, hosts=hosts, longest=round(longest * 1e6), seconds=seconds)
    if not local:
        say(f"warning: {host} may be reached by others, and there is no key: put a proxy in front")
    say(f"POST http://{host}:{listening.getsockname()[1]}/label; Ctrl-C stops")
    serve(app, listening)
    batcher.close()


def _tagging(folder: Path) -> Callable[[Sequence[Document]], Sequence[Document]]:
    """Documents to documents by a tagger."""
    from silversmith.tagger.opening import open_tagger

    tagger = open_tagger(folder)
    return lambda documents: list(tagger.tag(documents))


def _labelling(
    mapping: str,
    types: str | None,
    schema: Path | None,
    dictionary: Sequence[str] | None,
    model: str | None,
    candidates: str | None,
    sae: str | None,
) -> Callable[[Sequence[Document]], Sequence[Document]]:
    """Documents to documents by a source."""
    from silversmith.cli.labelling import silver_document
    from silversmith.cli.opening import open_source, wanted

    source: Any = open_source(wanted(mapping, types, schema, dictionary), model, candidates, sae=sae)

    def label(documents: Sequence[Document]) -> Sequence[Document]:
        votes = source.label(documents)
        return [silver_document(one, some, 0) for one, some in zip(documents, votes, strict=True)]

    return label
