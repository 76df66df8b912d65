"""Adding a language model or an autoencoder: the questions before, the folder after."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from silversmith.cli.labelling import say
from silversmith.models.terms import Terms, agree

__all__ = ["add_autoencoder", "add_model"]


def add_model(name: str, source: Path | None, *, agreed: bool) -> dict[str, Any]:
    """Install an offered model, after a yes to its terms; name, folder and next command."""
    from silversmith.models.install import install, installed_folder
    from silversmith.models.offered import OFFERED

    offered = OFFERED[name]
    if installed_folder(name) is None and offered.terms is not None:
        _ask(offered.terms, agreed)
    folder = install(name, source, agreed=True, say=say)
    return {
        "name": name,
        "folder": str(folder),
        "licence": offered.licence,
        "next": f"next: silversmith fit LABELLED --model {name} --sae AUTOENCODER --out my-mapping",
    }


def add_autoencoder(name: str, hints: dict[str, Any]) -> dict[str, Any]:
    """Convert a local autoencoder, or download one; name, folder and next command."""
    from silversmith.core.artefact import Artefact
    from silversmith.models.sae_formats import add_sae, resolve

    if Path(name).exists():
        folder = add_sae(name, **hints)
    else:
        entry = resolve(name)
        size = "" if entry.download is None else f", {entry.download / 1e9:.2g} GB to download"
        say(f"{entry.repo}:{entry.path}, licence {entry.licence}{size}")
        folder = add_sae(name, **hints)
    manifest = Artefact.open(folder, verify=False).manifest
    model = manifest["source"].get("model") or "MODEL"
    shown = str(folder) if Path(name).exists() else name
    return {
        "name": name,
        "folder": str(folder),
        "licence": manifest["licences"]["weights"],
        "d_in": manifest["d_in"],
        "d_sae": manifest["d_sae"],
        "next": f"next: silversmith fit LABELLED --model {model} --sae {shown} --out my-mapping",
    }


def _ask(terms: Terms, agreed: bool) -> None:
    """Show the terms and ask, unless the option said yes. Raises ConfigError S040."""
    sys.stderr.write(f"\n  {terms.text}\n\n")
    if agreed:
        say(f"agreed to the {terms.name} ({terms.option})")
        return
    answer = None
    if sys.stdin.isatty():
        sys.stderr.write(f"Do you agree to the {terms.name}? [y/N] ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
    agree(terms, answer)
