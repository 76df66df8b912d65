"""`silversmith fit`: a mapping of features to types, from a few labelled documents."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.cli.reading import (
    Block,
    Context,
    DictClass,
    Dtype,
    K,
    Model,
    Prompt,
    Sae,
    SaeFormat,
    Scale,
)
from silversmith.core.errors import DataError

if TYPE_CHECKING:
    from silversmith.core import Document, Schema
    from silversmith.models.named import Choice
    from silversmith.sources.features import Features, Mapping, Options

__all__ = ["fit"]

Rule = Annotated[
    str,
    typer.Option(
        help="How latents are weighed: logistic, naive_bayes, log_odds, shrunk, precision, "
        "or paper (the published method whole)."
    ),
]
Silver = Annotated[
    bool,
    typer.Option("--silver", help="DOCUMENTS are silver, not gold: labels may be wrong, and many missing."),
]
Density = Annotated[
    Path | None,
    typer.Option(
        help="How often latents fire: a downloaded Neuronpedia export (explain shows its descriptions), or "
        "SAELens' sparsity.safetensors (default: counted in DOCUMENTS)."
    ),
]
MaxDensity = Annotated[
    float | None,
    typer.Option(help="Leave out latents that fire on a larger share of tokens, e.g. 0.02 (the paper's)."),
]
FEW = 10
"""Spans of a type below which its mapping is guesswork."""


def fit(
    documents: Annotated[Path, typer.Argument(help="Labelled documents: file or folder, any format.")],
    out: Annotated[Path, typer.Option(help="Folder of the mapping to write.")],
    schema: Annotated[
        Path | None, typer.Option(help="TOML file of the types (default: every label of DOCUMENTS).")
    ] = None,
    model: Model = None,
    sae: Sae = None,
    block: Block = None,
    rule: Rule = "logistic",
    silver: Silver = False,
    density: Density = None,
    max_density: MaxDensity = None,
    candidates: Annotated[str, typer.Option(help="Preset of candidate spans.")] = "general",
    context: Context = None,
    dtype: Dtype = None,
    prompt: Prompt = False,
    scale: Scale = None,
    k: K = None,
    dict_class: DictClass = None,
    sae_format: SaeFormat = None,
    format: Annotated[str | None, typer.Option(help="Format of DOCUMENTS, if its name doesn't tell.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was mapped as one JSON line.")] = False,
) -> None:
    """Make a mapping from labelled documents: which latents speak for which of your types.

    Twenty documents give a usable mapping, two hundred a good one. Every entity of the schema's types
    has to be labelled in them, for the rest counts as "no entity". With --silver they may come from another
    source (a dictionary, names, questions): candidates without a label that look like labelled ones are left
    out, and counted.

    Examples:
        silversmith fit labelled.jsonl --out my-mapping
        silversmith fit brat-folder/ --out my-mapping --schema schema.toml --rule logistic
        silversmith fit labelled.jsonl --out my-mapping --model gemma3-270m --sae my-sae/
        silversmith fit silver.jsonl --out my-mapping --silver
        silversmith fit labelled.jsonl --out my-mapping --model gemma-2-2b --sae my-sae/ --density export/

    Raises:
        DataError: R020 no labelled span, F008 a label that the schema lacks.
        ConfigError: C001 to C004 the schema, M001 or M002 the rule, T001 the candidates, S048 the block.
        ModelError: S046, S047 no such model, M022 no autoencoder, S010 to S036 unreadable or no fit.
    """
    options = _options(rule, silver=silver, max_density=max_density)
    types, labelled = _read(documents, format, schema)
    from silversmith.models.named import Choice

    hints = {"scale": scale, "k": k, "dict_class": dict_class, "sae_format": sae_format}
    choice = Choice.of_json(
        hints, model=model, sae=sae, block=block, context=context, dtype=dtype, prompt=prompt
    )
    features = _fit(types, labelled, choice, candidates, options, density)
    _save(features, choice, out, documents, candidates)
    record = _record(features.mapping, out)
    if as_json:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        _print(record)


def _fit(
    types: Schema,
    labelled: list[Document],
    choice: Choice,
    candidates: str,
    options: Options,
    density: Path | None,
) -> Features:
    """The fitted source; warnings go to stderr."""
    from silversmith.cli.labelling import say, warn_of_language
    from silversmith.models.named import warnings_of
    from silversmith.sources.features import Features
    from silversmith.sources.features.opening import open_parts

    model, sae, proposer = open_parts(choice, candidates)
    for line in [*_warnings(types, labelled), *warnings_of(choice.model, sae)]:
        say(f"warning: {line}")
    known, descriptions = (None, {}) if density is None else _known(density, sae)
    if known is not None and options.max_density is None and not descriptions:
        say("warning: --density changes nothing without --max-density")
    features = Features.prepare(
        types,
        warn_of_language(labelled),
        model=model,
        sae=sae,
        candidates=proposer,
        options=options,
        density=known,
    )
    features.mapping = features.mapping.described(descriptions)
    return features


def _known(path: Path, sae: Any) -> tuple[Any, dict[int, str]]:
    """(density [latents], descriptions) of a Neuronpedia export or of SAELens' own file.

    A latent of which an export says nothing counts as rare.
    """
    import numpy as np

    from silversmith.models.sae_formats import read_density, read_neuronpedia

    own = path / "sparsity.safetensors" if path.is_dir() else path
    if own.suffix == ".safetensors" and own.is_file():
        return read_density(own, sae.d_sae), {}
    export = read_neuronpedia(path, sae.d_sae)
    return np.nan_to_num(export.density, nan=0.0), export.descriptions


def _save(features: Features, choice: Choice, out: Path, documents: Path, candidates: str) -> None:
    """Write the mapping with what it was made from and what reads for it."""
    from silversmith.core import checksum
    from silversmith.models.named import licences_of

    inputs = {documents.name: checksum(documents)} if documents.is_file() else {documents.name: "folder"}
    features.save(
        out,
        command="silversmith fit",
        inputs=inputs,
        preset=candidates,
        reading=choice.to_json(),
        licences=licences_of(choice.model, features.sae),
    )


def _options(rule: str, *, silver: bool, max_density: float | None) -> Options:
    """The options of a rule's name. Raises ConfigError M002 for a rule that there isn't."""
    from silversmith.sources.features import Options, make_options

    chosen = Options.paper() if rule == "paper" else make_options(rule=rule)
    chosen = chosen if max_density is None else chosen.changed(max_density=max_density)
    return chosen.changed(doubt="unlabelled") if silver else chosen


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
        "held_out_f1": mapping.counts.get("held_out_f1"),
        "temperature": mapping.temperature,
        "noise": mapping.counts.get("noise"),
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
    value = record["held_out_f1"]
    score = "" if value is None else f" (weighted F1 on candidates of held-out documents: {value:.3f})"
    console.print(f"rule {record['rule']}{score}; temperature {record['temperature']:.3f}", markup=False)
    for label, one in (record["noise"] or {}).items():
        console.print(
            f"{label}: {one['given']:,} spans, {one['other_type']:,} look like another type, "
            f"at most {one['missing']:,} seem missing",
            markup=False,
        )
    console.print(
        f"wrote {record['mapping']}; next: silversmith label TEXTS --mapping {record['mapping']}",
        markup=False,
    )
