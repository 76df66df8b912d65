"""From what a user writes to a language model and an autoencoder that fit each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silversmith.core.artefact import Artefact, checksum
from silversmith.core.errors import ConfigError, ModelError, nearest
from silversmith.models.install import KIND, installed_folder
from silversmith.models.offered import OFFERED

if TYPE_CHECKING:
    from silversmith.models.language_model import HookedModel
    from silversmith.models.sae import SparseAutoencoder

__all__ = ["MINI", "Choice", "find_model", "licences_of", "open_autoencoder", "open_model", "warnings_of"]

MINI = "mini"


@dataclass(frozen=True, slots=True)
class Choice:
    """What reads the text: a language model and an autoencoder, as the user named them.

    model: mini, an installed name, a folder, or a hub name. sae: None = the model's own. block: whose output
    is read, where the autoencoder doesn't say. context, dtype, prompt: see load_language_model. scale, k,
    dict_class, sae_format: what the autoencoder's files don't say (see sae_formats.Hints).
    """

    model: str = MINI
    sae: str | None = None
    block: int | None = None
    context: int | None = None
    dtype: str = "auto"
    prompt: bool = False
    scale: float | None = None
    k: int | None = None
    dict_class: str | None = None
    sae_format: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The values that are not the defaults, folders absolute, for a manifest."""
        default = asdict(Choice())
        values = {key: value for key, value in asdict(self).items() if value != default[key]}
        for key in ("model", "sae"):
            if key in values and Path(values[key]).exists():
                values[key] = str(Path(values[key]).resolve())
        return {"model": self.model, **values}

    @classmethod
    def of_json(cls, values: Mapping[str, Any], **changed: Any) -> Choice:
        """From `to_json`; changed: what the user says otherwise (None: nothing)."""
        return cls(**{**values, **{key: value for key, value in changed.items() if value is not None}})


def find_model(name: str) -> Path | str:
    """The folder of an installed model or a path; else a hub's name, to be looked for in its local cache.

    Raises ModelError: S046 known but not on this machine (the command to add it), S047 no such model.
    """
    if (path := Path(name)).exists():
        return path
    short = {one.hub.lower(): one.name for one in OFFERED.values()}.get(name.lower(), name.lower())
    if folder := installed_folder(short):
        return folder
    if name.lower() in OFFERED:
        offered = OFFERED[name.lower()]
        raise ModelError(
            "S046",
            f"{offered.name} is not on this machine, {offered.download / 1e6:.0f} MB to download",
            remedy=f"run: silversmith models add {offered.name}",
        )
    if "/" not in name and not _in_hub_cache(name):
        raise ModelError(
            "S047",
            f"there is no model {name!r}",
            remedy=f"{nearest(name, [MINI, *OFFERED])}, a folder, or a hub name in its local cache",
        )
    return name


def open_model(name: str, blocks: int | None = None, **options: Any) -> HookedModel:
    """A language model by its name, the first `blocks` blocks of it. options: see load_language_model.

    Its identity holds checksums, so that a moved folder stays the same model. Raises as find_model and
    load_language_model do.
    """
    from silversmith.models.language_model import load_language_model

    place = find_model(name)
    folder = Path(place)
    if (folder / "manifest.json").is_file():
        Artefact.open(folder, KIND, verify=False)  # an artefact of another kind is told apart here
    model = load_language_model(place, blocks, **options)
    model.name = folder.name if folder.exists() else str(place)
    model.source = {**_facts(folder, model.source or {})}
    return model


def open_autoencoder(name: str, *, block: int | None = None, **hints: Any) -> SparseAutoencoder:
    """An autoencoder by its name, or in a local folder or file of any format; never the network.

    block: the block whose output it reads, where its files don't say. hints: fields of Hints, and `family`;
    None = not given. Raises ConfigError S048 if the files say another block; as sae_formats.open_sae does.
    """
    from silversmith.models.sae_formats import Hints, open_sae, read_sae

    given = {key: value for key, value in hints.items() if value is not None}
    path = Path(name)
    if not path.exists():
        return _at_block(open_sae(name), block)
    family = given.pop("family", None)
    sae = read_sae(path, Hints(name=path.resolve().name, **given), family=family)
    if not sae.source.get("sha256"):
        from silversmith.models.sae_formats.detect import detect

        sae = replace(sae, source={**sae.source, "sha256": checksum(detect(path, family).weights)})
    return _at_block(sae, block)


def warnings_of(model: str, sae: Any) -> list[str]:
    """What a user should know of the pair: an autoencoder of exact states on rounded weights."""
    rounded = _manifest(model).get("quantised")
    if not rounded or not str(_source(sae).get("family", "")).startswith("gemma_scope"):
        return []
    return [
        f"{sae.name} was trained on states of the exact weights, {model} has weights of {rounded}: "
        "other latents may fire; one trained on it fits better (silversmith train-sae)"
    ]


def licences_of(model: str, sae: Any) -> dict[str, str]:
    """What a mapping made with them must carry along: the model's terms, the autoencoder's licence."""
    found = {"autoencoder": str(_source(sae).get("licence", "unknown"))}
    if terms := _manifest(model).get("terms"):
        found["model"] = terms["notice"]
    return found


def _source(sae: Any) -> Mapping[str, Any]:
    """Where an autoencoder came from; nothing for one that doesn't say."""
    source: Mapping[str, Any] = getattr(sae, "source", {})
    return source


def _manifest(model: str) -> Mapping[str, Any]:
    """The manifest of an installed model; empty for any other."""
    if model == MINI:
        return {}
    folder = Path(find_model(model))
    if not (folder / "manifest.json").is_file():
        return {}
    return Artefact.open(folder, verify=False).manifest


def _at_block(sae: SparseAutoencoder, block: int | None) -> SparseAutoencoder:
    """The autoencoder reading after a block."""
    if block is None or sae.tap == block + 1:
        return sae
    if sae.tap >= 0:
        raise ConfigError(
            "S048",
            f"it reads the states after {sae.tap} blocks, --block {block} would be after {block + 1}",
            where=sae.name,
            remedy="leave out --block",
        )
    return replace(sae, tap=block + 1, source={**sae.source, "site": "resid_post", "layer": block})


def _facts(folder: Path, found: dict[str, Any]) -> dict[str, Any]:
    """What identifies a model: its manifest's checksums, else its configuration and its files' ends."""
    if (folder / "manifest.json").is_file():
        files = Artefact.open(folder, KIND, verify=False).manifest["files"]
        return {"weights": files["model.safetensors"], "tokenizer": files["tokenizer.json"]}
    facts = {key: value for key, value in found.items() if key not in {"dtype", "files"}}
    weights = sorted(folder.glob("*.safetensors")) if folder.is_dir() else [folder]
    return {**facts, **({"weights": _ends(weights)} if folder.exists() else {"files": found.get("files")})}


def _ends(paths: list[Path]) -> str:
    """A checksum of the sizes, first and last megabytes: reading all of a large model would take minutes."""
    digest = hashlib.sha256()
    for path in paths:
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as file:
            digest.update(file.read(1 << 20))
            file.seek(max(0, size - (1 << 20)))
            digest.update(file.read())
    return digest.hexdigest()


def _in_hub_cache(name: str) -> bool:
    """Whether the hub's cache has a model of a name without owner (gpt2)."""
    try:
        from huggingface_hub import constants
    except ImportError:
        return False
    return (Path(constants.HF_HUB_CACHE) / f"models--{name}").is_dir()
