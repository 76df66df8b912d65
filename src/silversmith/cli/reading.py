"""The options that say what reads the text (model, autoencoder), shared by the commands that read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Block",
    "Candidates",
    "Context",
    "DictClass",
    "Dictionaries",
    "Dtype",
    "K",
    "Mapping",
    "Model",
    "Patterns",
    "Prompt",
    "Sae",
    "SaeFormat",
    "Scale",
    "SchemaFile",
    "Types",
]

Model = Annotated[
    str | None,
    typer.Option(help="mini, an installed model, a folder or a hub name in its local cache."),
]
Sae = Annotated[
    str | None,
    typer.Option(
        help="Sparse autoencoder: RELEASE/ID, REPO:PATH, a folder or file (default: the model's own)."
    ),
]
Block = Annotated[
    int | None,
    typer.Option(min=0, help="Block whose output --sae reads, from 0, where its files don't say."),
]
Context = Annotated[int | None, typer.Option(min=8, help="Longest window in tokens (default: at most 1024).")]
Dtype = Annotated[str | None, typer.Option(help="Numbers of the model: auto, fp32 or bf16.")]
Prompt = Annotated[bool, typer.Option("--prompt", help="Wrap the text as a chat model's user turn.")]
Scale = Annotated[float | None, typer.Option(help="Norm factor of --sae's input, where its files don't say.")]
K = Annotated[int | None, typer.Option("--k", min=1, help="Active latents of a TopK --sae.")]
DictClass = Annotated[str | None, typer.Option(help="Class of a dictionary_learning --sae.")]
SaeFormat = Annotated[str | None, typer.Option(help="Format of --sae, if its files don't tell.")]
Mapping = Annotated[str, typer.Option(help="A bundled mapping, or a folder of fit, mine or ask.")]
Candidates = Annotated[str | None, typer.Option(help="Preset of candidates (default: the mapping's own).")]
Types = Annotated[
    str | None, typer.Option(help='Instead of a mapping: types by name alone, "dish, cooking tool".')
]
SchemaFile = Annotated[
    Path | None,
    typer.Option("--schema", help="Instead of a mapping: the types of a schema file, by their names."),
]
Patterns = Annotated[
    Path | None,
    typer.Option(help="Instead of a mapping: regular expressions, a table of type, tab, expression."),
]
Dictionaries = Annotated[
    list[str] | None,
    typer.Option("--dictionary", help="Instead of a mapping: a term list, FILE or Type=FILE; repeatable."),
]
