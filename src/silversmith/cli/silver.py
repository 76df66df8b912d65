"""`silversmith silver`: from votes to a silver set with a manifest, mixed with gold on request."""

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
    from silversmith.silver import Selection

__all__ = ["silver"]

_Threshold = Annotated[
    list[str] | None,
    typer.Option(help="Least probability, 0.6 or PER=0.8; may be repeated (default: keep all)."),
]
_Mix = Annotated[
    str,
    typer.Option(
        help="How: replace (silver documents by their gold versions), concatenate, or stratified "
        "(silver only where it brings types that gold lacks)."
    ),
]


def silver(
    inputs: Annotated[list[Path], typer.Argument(help="Labelled files or folders of the same documents.")],
    out: Annotated[Path, typer.Option(help="File to write; OUT.manifest.json is written beside it.")],
    threshold: _Threshold = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Keep only this type; may be repeated.")
    ] = None,
    nested: Annotated[bool, typer.Option("--nested", help="Keep spans inside other spans.")] = False,
    gold: Annotated[Path | None, typer.Option(help="Documents with gold to mix in.")] = None,
    mix: _Mix = "replace",
    gold_share: Annotated[float, typer.Option(help="Share of the gold documents to use, drawn by id.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    licence: Annotated[
        list[str] | None, typer.Option(help="Licence of texts or sources, for the manifest; may be repeated.")
    ] = None,
    format: Annotated[str | None, typer.Option(help="Format of INPUTS, if names don't tell.")] = None,
    to: Annotated[str | None, typer.Option(help="Format of the output, if its name doesn't tell.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as one JSON line.")] = False,
) -> None:
    """Make a silver set: thresholds by type, overlaps resolved, where each span comes from, a manifest.

    Several inputs are several sources: equal spans become one that names them all, of overlapping ones
    the most probable stays. The manifest says what the set was made from (sha256), how, and how many
    spans of each type it has; a tagger reads it.

    Examples:
        silversmith silver labelled.jsonl --out silver.jsonl --threshold 0.6 --threshold MISC=0.8
        silversmith silver a.jsonl b.jsonl --out silver.jsonl --licence CC-BY-4.0
        silversmith silver labelled.jsonl --gold gold.jsonl --gold-share 0.3 --out mixed.jsonl

    Raises:
        ConfigError: N001 a threshold, N005 the share, N006 the way of mixing, N008 output and input are one.
        DataError: F001 to F020 an input or output, N007 an id twice, E001 to E004 other documents.
    """
    from silversmith.cli.labelling import say
    from silversmith.silver import make_selection, write_silver

    _check(inputs, gold, out)
    selection = make_selection(["0", *(threshold or [])], only=types, nested=nested)
    documents: Iterable[Document] = _selected(inputs, format, selection)
    fields: dict[str, Any] = {"command": "silversmith silver", "selection": selection.to_json()}
    if gold is not None:
        documents = _mixed(documents, gold, mix, gold_share, seed, types)
        fields["mixture"] = {"mode": mix, "gold": gold.name, "gold_share": gold_share, "seed": seed}
    sources = [*inputs, *([gold] if gold is not None else [])]
    manifest = write_silver(documents, out, to, inputs=sources, licences=licence or (), **fields)
    if as_json:
        sys.stdout.write(json.dumps(manifest, ensure_ascii=False) + "\n")
        return
    spans = manifest["spans"]
    numbers = ", ".join(f"{name} {count:,}" for name, count in spans["types"].items())
    documents_text = f"{manifest['corpus']['documents']:,} documents"
    say(f"{out}: {documents_text}, {spans['total']:,} spans ({numbers or 'none'}); manifest beside it")


def _check(inputs: list[Path], gold: Path | None, out: Path) -> None:
    """Refuse to read and write one file."""
    for one in (*inputs, *([gold] if gold is not None else [])):
        if str(one) == "-" or str(out) == "-":
            raise ConfigError("N008", "a silver set is a file with a manifest beside it, no stream")
        if one.exists() and out.exists() and one.samefile(out):
            raise ConfigError("N008", "the output is an input", path=out, remedy="name another --out")


def _selected(inputs: list[Path], form: str | None, selection: Selection) -> Iterator[Document]:
    """The documents of the first input with the spans that the votes of all inputs give."""
    from silversmith.core.progress import track
    from silversmith.evaluation.pairing import pair_documents
    from silversmith.formats import read
    from silversmith.silver import document_votes, select

    def carried(path: Path) -> Iterator[Document]:
        yield from read(path, form)

    streams: Iterator[tuple[Document, list[Any]]]
    streams = ((one, document_votes(one, inputs[0].stem)) for one in carried(inputs[0]))
    for path in inputs[1:]:
        streams = _joined(streams, carried(path), path.stem, pair_documents)
    for document, votes in track(streams, "silver"):
        yield _without_votes(select(document, votes, selection))


def _joined(
    streams: Iterator[tuple[Document, list[Any]]], other: Iterator[Document], name: str, pair: Any
) -> Iterator[tuple[Document, list[Any]]]:
    """The votes of one more input added, document by document."""
    from silversmith.silver import document_votes

    waiting: dict[str, list[Any]] = {}

    def documents() -> Iterator[Document]:
        for document, votes in streams:
            waiting[document.id] = votes
            yield document

    for document, second in pair(documents(), other):
        yield document, [*waiting.pop(document.id), *document_votes(second, name)]


def _without_votes(document: Document) -> Document:
    """The document without the next best labels that `label` lists: they are of spans that may be gone."""
    from dataclasses import replace

    return replace(document, meta={key: value for key, value in document.meta.items() if key != "votes"})


def _mixed(
    silver: Iterable[Document], gold: Path, mode: str, share: float, seed: int, types: list[str] | None
) -> Iterator[Document]:
    """The mixture with gold."""
    from silversmith.evaluation.pairing import keep_types
    from silversmith.formats import read
    from silversmith.silver import draw_gold, mix

    documents: Iterable[Document] = read(gold)
    if types:
        documents = keep_types(documents, types)
    return mix(silver, draw_gold(documents, share, seed), mode, seed=seed)  # type: ignore[arg-type]
