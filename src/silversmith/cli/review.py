"""`silversmith review`: a local page to decide the least certain spans, and what was decided, exported."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.cli.reading import Candidates, Dictionaries, Mapping, Model, Sae, SchemaFile, Types

if TYPE_CHECKING:
    from silversmith.workbench.store import Store

__all__ = ["review"]

Silver = Annotated[Path, typer.Argument(help="Labelled documents, any format.")]
Db = Annotated[
    Path | None, typer.Option(help="Where decisions are kept (default: SILVER.review.sqlite beside it).")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0: any free one.")]
Who = Annotated[str, typer.Option(help="Your name: two people may review at once.")]
Why = Annotated[bool, typer.Option("--why", help="Show the evidence of the source (--mapping or --types).")]
Export = Annotated[
    Path | None, typer.Option(help="Write the reviewed set and stop; its suffix says the format.")
]
Terms = Annotated[
    Path | None,
    typer.Option(help="Write what was decided as terms (term, type, right or wrong) and stop."),
]
Format = Annotated[str | None, typer.Option(help="Format of SILVER, if its name doesn't tell.")]
To = Annotated[str | None, typer.Option(help="Format of the export, if its name doesn't tell.")]
Json = Annotated[bool, typer.Option("--json", help="Print progress as one JSON line and stop.")]


def review(
    silver: Silver,
    db: Db = None,
    port: Port = 8765,
    who: Who = "me",
    why: Why = False,
    mapping: Mapping = "general",
    types: Types = None,
    schema: SchemaFile = None,
    dictionary: Dictionaries = None,
    model: Model = None,
    sae: Sae = None,
    candidates: Candidates = None,
    export: Export = None,
    terms: Terms = None,
    format: Format = None,
    to: To = None,
    as_json: Json = False,
) -> None:
    """Review labels on a local page: least certain first, by keyboard or mouse, with undo.

    Opens nothing to the network: the page is served to this machine alone, at an address with a key. Every
    decision is on disk at once; stop with Ctrl-C and go on whenever you like.

    Examples:
        silversmith review silver.jsonl
        silversmith review silver.jsonl --why --types "dish, ingredient" --port 0
        silversmith review silver.jsonl --export reviewed.jsonl --terms decided.tsv

    Raises:
        ConfigError: B001 decisions about another set, B002 no review file of ours, B020 the port is taken.
        DataError: B003 no span in it, F001 to F020 the input.
    """
    from silversmith.formats import read
    from silversmith.workbench.store import Store

    place = silver.with_name(silver.name + ".review.sqlite") if db is None else db
    store = Store.create(place, read(silver, format))
    if export is not None or terms is not None or as_json:
        _export(store, silver, export, terms, to, as_json=as_json)
        return
    explain = None
    if why:
        from silversmith.cli.opening import open_source, wanted

        chosen = wanted(mapping, types, schema, dictionary)
        explain = open_source(chosen, model, candidates, sae=sae).explain
    _serve(store, silver, port, who, explain)


def _serve(store: Store, silver: Path, port: int, who: str, explain: Any) -> None:
    """The page, until Ctrl-C."""
    from silversmith.cli.labelling import say
    from silversmith.formats.extras import need

    need("starlette", "workbench")
    need("uvicorn", "workbench")
    from silversmith.workbench.review import make_review
    from silversmith.workbench.serving import bind, hosts_of, serve

    listening = bind(port)
    token = secrets.token_urlsafe(24)
    app = make_review(
        store,
        hosts=hosts_of(listening),
        token=token,
        who=who,
        title=f"Review of {silver.name}",
        explain=explain,
    )
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/?token={token}"
    say(f"open {address} in a browser; Ctrl-C stops, decisions are kept in {store.path}")
    serve(app, listening)


def _export(
    store: Store, silver: Path, out: Path | None, terms: Path | None, to: str | None, *, as_json: bool
) -> None:
    """The files asked for, and the progress."""
    from dataclasses import asdict

    from silversmith.cli.labelling import say
    from silversmith.silver import write_silver
    from silversmith.workbench.exports import reviewed
    from silversmith.workbench.exports import terms as decided_terms

    progress = store.progress()
    if out is not None:
        write_silver(
            reviewed(store),
            out,
            to,
            inputs=[silver] if silver.is_file() else [],
            command="silversmith review",
            progress=asdict(progress),
        )
        say(f"wrote {out} ({progress.decided:,} of {progress.spans:,} spans decided)")
    if terms is not None:
        with terms.open("w", encoding="utf-8") as file:
            for text, kind, right in decided_terms(store):
                file.write(f"{' '.join(text.split())}\t{kind}\t{'right' if right else 'wrong'}\n")
        say(f"wrote {terms}")
    if as_json:
        sys.stdout.write(json.dumps({**asdict(progress), "decided": progress.decided}) + "\n")
