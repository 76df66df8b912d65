"""`silversmith fit`: a mapping of features to types, from a few labelled documents."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import DataError

if TYPE_CHECKING:
    from silversmith.core import Document, Schema
    from silversmith.sources.features import Mapping, Options

__all__ = ["fit"]

FEW = 10
"""Spans of a type below which its mapping is guesswork."""


def fit(
    documents: Annotated[Path, typer.Argument(help="Labelled documents: file or folder, any format.")],
    out: Annotated[Path, typer.Option(help="Folder of the mapping to write.")],
    schema: Annotated[
        Path | None, typer.Option(help="TOML file of the types (default: every label of DOCUMENTS).")
    ] = None,
    model: Annotated[str, typer.Option(help="The embedded model, or a folder of its layout.")] = "mini",
    rule: Annotated[
        str,
        typer.Option(
            help="How latents are weighed: auto (chosen by cross-validation), logistic, naive_bayes, "
            "log_odds, shrunk, precision, or paper (the published method whole)."
        ),
    ] = "auto",
    candidates: Annotated[str, typer.Option(help="Preset of candidate spans.")] = "general",
    format: Annotated[str | None, typer.Option(help="Format of DOCUMENTS, if its name doesn't tell.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was mapped as one JSON line.")] = False,
) -> None:
    """Make a mapping from labelled documents: which latents speak for which of your types.

    Twenty documents give a usable mapping, two hundred a good one. Every entity of the schema's types
    has to be labelled in them, for the rest counts as "no entity".

    Examples:
        silversmith fit labelled.jsonl --out my-mapping
        silversmith fit brat-folder/ --out my-mapping --schema schema.toml --rule logistic

    Raises:
        DataError: R020 no labelled span, F008 a label that the schema lacks.
        ConfigError: C001 to C004 the schema, M001 or M002 the rule, T001 the candidates, R002 the model.
    """
    options = _options(rule)
    types, labelled = _read(documents, format, schema)
    from silversmith.cli.labelling import say, warn_of_language
    from silversmith.core import checksum
    from silversmith.sources.features import Features
    from silversmith.sources.features.opening import load_parts

    for line in _warnings(types, labelled):
        say(f"warning: {line}")
    language_model, proposer = load_parts(model, candidates)
    features = Features.prepare(
        types, warn_of_language(labelled), model=language_model, candidates=proposer, options=options
    )
    inputs = {documents.name: checksum(documents)} if documents.is_file() else {documents.name: "folder"}
    features.save(out, command="silversmith fit", inputs=inputs, preset=candidates)
    record = _record(features.mapping, out)
    if as_json:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        _print(record)


def _options(rule: str) -> Options:
    """The options of a rule's name. Raises ConfigError M002 for a rule that there isn't."""
    from silversmith.sources.features import Options, make_options

    return Options.paper() if rule == "paper" else make_options(rule=rule)


def _read(path: Path, form: str | None, schema: Path | None) -> tuple[Schema, list[Document]]:
    """Schema and documents, all of them checked before any work. Raises DataError R020."""
    from silversmith.core import Schema
    from silversmith.formats import read

    types = Schema.read(schema) if schema else None
    documents = list(read(path, form, schema=types))
    labels = sorted({span.label for document in documents for span in document.spans})
    if not labels:
        raise DataError(
            "R020",
            f"no labelled span in {len(documents)} documents",
            path=path,
            remedy="fit needs documents with typed spans; `silversmith convert` reads ten formats",
        )
    return types or Schema.of(labels), documents


def _warnings(schema: Schema, documents: Sequence[Document]) -> list[str]:
    """What will make the mapping poor."""
    counts = Counter(span.label for document in documents for span in document.spans)
    few = [f"{name} ({counts[name]})" for name in schema.names if counts[name] < FEW]
    return [f"fewer than {FEW} spans of {', '.join(few)}: expect little of these types"] if few else []


def _record(mapping: Mapping, out: Path) -> dict[str, Any]:
    """What was mapped, as JSON values."""
    strongest = mapping.linear.strongest()
    latents = mapping.linear.columns % mapping.latents
    mapped = {
        label: len(set(latents[strongest == number].tolist())) for number, label in enumerate(mapping.labels)
    }
    spans = mapping.counts.get("spans", {})
    return {
        "mapping": str(out),
        "documents": mapping.counts.get("documents"),
        "types": {
            label: {"spans": int(spans.get(label, 0)), "latents": mapped[label]} for label in mapping.labels
        },
        "rule": mapping.options.rule,
        "cross_validated_f1": mapping.counts.get("rules_tried", {}),
        "temperature": mapping.temperature,
    }


def _print(record: dict[str, Any]) -> None:
    """The record as a table and two lines."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"mapping of {record['documents']} documents", title_justify="left")
    table.add_column("type")
    table.add_column("spans", justify="right")
    table.add_column("latents that speak for it most", justify="right")
    for label, numbers in record["types"].items():
        name = "no entity (O)" if label == "O" else label
        table.add_row(Text(name), f"{numbers['spans']:,}", f"{numbers['latents']:,}")
    console = Console(highlight=False)
    console.print(table)
    tried = ", ".join(f"{rule} {value:.3f}" for rule, value in record["cross_validated_f1"].items())
    score = f" (cross-validated weighted F1 on candidates: {tried})" if tried else ""
    console.print(f"rule {record['rule']}{score}; temperature {record['temperature']:.3f}", markup=False)
    console.print(
        f"wrote {record['mapping']}; next: silversmith label TEXTS --mapping {record['mapping']}",
        markup=False,
    )
