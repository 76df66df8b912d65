"""`silversmith train`: a tagger of your own from silver (or gold) documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.core import Document

__all__ = ["train"]

Encoder = Annotated[
    str,
    typer.Option(
        help="mini, all-minilm-l6-v2, a folder or cached name of a BERT-like model, another tagger, "
        "or crf (no network: hand-made features)."
    ),
]


def train(
    silver: Annotated[Path, typer.Argument(help="Labelled documents: file or folder, any format.")],
    out: Annotated[Path, typer.Option(help="Folder of the tagger to write.")],
    encoder: Encoder = "mini",
    loss: Annotated[
        str, typer.Option(help="auto (chosen by the noise in SILVER, and told why), or a loss by name.")
    ] = "auto",
    steps: Annotated[int, typer.Option(help="Updates of the weights.")] = 600,
    schema: Annotated[
        Path | None, typer.Option(help="TOML file of the types (default: every label of SILVER).")
    ] = None,
    dev: Annotated[
        Path | None, typer.Option(help="Documents to stop by (default: a tenth of SILVER).")
    ] = None,
    shots: Annotated[
        int | None, typer.Option(min=1, help="Train on so many mentions of each type (to twice as many).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of data order, held-out part, shots and dropout.")] = 0,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="NAME=VALUE, any option of training or of the loss."),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Processor threads (default: all cores).")] = None,
    format: Annotated[str | None, typer.Option(help="Format of SILVER, if its name doesn't tell.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON line.")] = False,
) -> None:
    """Train a tagger on silver documents: small, fast, one folder.

    Stops early when a held-out part of SILVER is no longer found better. Killed, it goes on when the same
    command is given again, and ends with the same bytes.

    Examples:
        silversmith train silver.jsonl --out my-tagger
        silversmith train silver.jsonl --out my-tagger --encoder all-minilm-l6-v2 --steps 1200
        silversmith train silver.jsonl --out my-tagger --loss expected-ratio -o ratio=0.2 -o rate=5e-5
        silversmith train gold.jsonl --out my-tagger --shots 8 --loss cross-entropy

    Raises:
        DataError: K020 to K023 documents that can't be trained on, F001 to F020 a file that can't be read.
        ConfigError: K001 to K003 an option or a loss, C001 to C004 the schema, N030 no shots.
        ModelError: K010 to K012 the encoder, K040 the loss became no number.
    """
    values = _options(option or [], encoder=encoder, loss=loss, steps=steps, seed=seed)
    from silversmith.tagger.options import make_train_options

    options = make_train_options(**values)
    documents, held, labels = _read(silver, format, dev, schema)
    if shots is not None:
        documents = _few(documents, shots, seed, labels)
    facts = _train(documents, held, labels, out, options, threads, silver)
    if as_json:
        sys.stdout.write(json.dumps({"tagger": str(out), **facts}, ensure_ascii=False) + "\n")
    else:
        _print(facts, out)


def _options(pairs: list[str], **values: Any) -> dict[str, Any]:
    """Options of NAME=VALUE pairs; a name that training doesn't have belongs to the loss."""
    from silversmith.tagger.options import TrainOptions

    of_loss: dict[str, Any] = {}
    for pair in pairs:
        name, mark, text = pair.partition("=")
        if not mark:
            raise ConfigError("K002", f"--option takes NAME=VALUE, found {pair!r}")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        name = name.strip().replace("-", "_")
        (values if name in TrainOptions.model_fields else of_loss)[name] = value
    return values | {"loss_options": of_loss}


def _read(
    silver: Path, form: str | None, dev: Path | None, schema: Path | None
) -> tuple[list[Document], list[Document] | None, tuple[str, ...] | None]:
    """The documents, the held-out ones if named, the labels if a schema says them."""
    from silversmith.core import Schema
    from silversmith.formats import read

    types = Schema.read(schema) if schema else None
    documents = list(read(silver, form, schema=types))
    return documents, list(read(dev, schema=types)) if dev else None, types.names if types else None


def _few(documents: list[Document], k: int, seed: int, labels: tuple[str, ...] | None) -> list[Document]:
    """A sample of k to 2k mentions a type, told on stderr. Raises ConfigError N030 if there is none."""
    from silversmith.silver.shots import sample_shots

    found = sample_shots(documents, k, types=labels, seed=seed)
    counts = ", ".join(f"{name} {count:,}" for name, count in found.counts.items())
    more = f" ({found.forced} beyond twice as many)" if found.forced else ""
    sys.stderr.write(f"train: {len(found.documents):,} documents{more} with {counts}\n")
    return list(found.documents)


def _train(
    documents: list[Document],
    held: list[Document] | None,
    labels: tuple[str, ...] | None,
    out: Path,
    options: Any,
    threads: int | None,
    silver: Path,
) -> dict[str, Any]:
    """Train by the network or, without torch, by the CRF."""
    from silversmith.core import checksum

    inputs = {silver.name: checksum(silver) if silver.is_file() else "folder"}
    fields: dict[str, Any] = {"command": "silversmith train", "inputs": inputs}
    if options.encoder == "crf":
        from silversmith.tagger.crf import train_crf

        return train_crf(documents, out, options, labels=labels, **fields)
    import torch

    from silversmith.tagger.train import train_tagger

    if threads:
        torch.set_num_threads(threads)
    return train_tagger(documents, out, options, held_out=held, labels=labels, **fields)


def _print(facts: dict[str, Any], out: Path) -> None:
    """What was trained, in a few lines."""
    silver = facts["silver"]
    spans = ", ".join(f"{name} {count:,}" for name, count in silver["spans"].items())
    lines = [
        f"trained on {silver['documents']:,} documents, {silver['words']:,} words, spans: {spans}",
        f"loss {facts['loss']}: {facts['why']}",
    ]
    if silver["widened"] or silver["left_out"]:
        lines.append(
            f"{silver['widened']} spans widened to whole words, {silver['left_out']} overlapping left out"
        )
    if facts.get("best"):
        best = facts["best"]
        lines.append(f"best at step {best['step']} of {facts['steps']}: held-out F1 {best['f1']:.4f}")
    lines.append(f"wrote {out}; next: silversmith tag TEXTS --tagger {out}")
    sys.stdout.write("\n".join(lines) + "\n")
