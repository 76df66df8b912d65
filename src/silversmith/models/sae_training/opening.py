"""Opening: from what a user names (text or states, model, block) to a stream of states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from silversmith.core.artefact import Artefact
from silversmith.core.errors import ModelError
from silversmith.models.sae_training.open_text import choose_text
from silversmith.models.sae_training.settings import Settings
from silversmith.models.sae_training.states import States, StoredStates, TextStates, stored_files

__all__ = ["open_model", "open_states", "terms_of"]


def open_states(
    corpus: Path,
    model: str,
    block: int,
    settings: Settings,
    *,
    format: str | None = None,
    dtype: str = "auto",
    context: int | None = None,
) -> States:
    """States after block `block`, counted from 0 as autoencoders are named, of a corpus or of stored arrays.

    Raises ModelError: S026 no such block, S030 to S036 the model, S053 no text, S054 arrays that don't fit;
    DataError F001 to F020 the corpus.
    """
    tap = block + 1
    if corpus.is_dir() and format is None and any(corpus.glob("*.npy")):
        return StoredStates(stored_files(corpus, tap), tap, {"name": model}, settings.seed)
    loaded = open_model(model, block, dtype=dtype, context=context)
    passages = choose_text(corpus, settings.tokens + settings.sample, settings.seed, format)
    return TextStates(loaded, tap, passages, settings.seed)


def open_model(name: str, block: int, *, dtype: str = "auto", context: int | None = None) -> Any:
    """`mini`, a folder of its layout, or any Hugging Face model with its blocks up to `block` built."""
    from silversmith.models.mini import load_mini
    from silversmith.models.named import MINI, find_model
    from silversmith.models.named import open_model as open_named

    if name != MINI and _kind(find_model(name)) != MINI:
        return open_named(name, block + 1, dtype=dtype, context=context)
    mini = load_mini(None if name == MINI else Path(name))
    if not 0 <= block < mini.depth:
        raise ModelError(
            "S026", f"expected a block from 0 to {mini.depth - 1}, found {block}", where=mini.name
        )
    return mini


def terms_of(name: str) -> str | None:
    """The terms that an installed model lays on what is made with it; None: none are noted."""
    from silversmith.models.named import MINI, find_model

    folder = Path(find_model(name)) if name != MINI else Path(name)
    if not (folder / "manifest.json").is_file():
        return None
    terms = Artefact.open(folder, verify=False).manifest.get("terms")
    return str(terms["notice"]) if terms else None


def _kind(place: Path | str) -> str | None:
    """The kind of artefact in a folder; None: it is none."""
    folder = Path(place)
    return Artefact.open(folder, verify=False).kind if (folder / "manifest.json").is_file() else None
