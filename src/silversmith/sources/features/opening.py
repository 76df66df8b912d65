"""Opening: from the names that commands take (mapping, model, autoencoder, candidates) to a ready source."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silversmith.core import Artefact, ConfigError
from silversmith.core.errors import ModelError, nearest
from silversmith.models.named import MINI, Choice, find_model, open_autoencoder, open_model

if TYPE_CHECKING:
    from silversmith.sources.features.source import Features

__all__ = [
    "bundled_mappings",
    "chosen_parts",
    "find_mapping",
    "load_model",
    "load_parts",
    "open_features",
    "open_parts",
]


def open_features(
    mapping: str,
    model: str | None = None,
    candidates: str | None = None,
    *,
    sae: str | None = None,
    context: int | None = None,
    dtype: str | None = None,
    threshold: float | None = None,
    nested: bool = False,
) -> Features:
    """The source `features` with a mapping, by the name of a bundled one or its folder.

    model, sae, context, dtype, candidates: None takes what the mapping was made with. threshold: least
    probability of a span; None takes the mapping's. Raises ConfigError R001 no such mapping, R003 a threshold
    outside [0, 1], T001 no such preset; ModelError A001 to A004, M021, and those of open_parts.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise ConfigError("R003", f"a threshold of {threshold:g}", remedy="give a probability from 0 to 1")
    folder = find_mapping(mapping)
    made_with = chosen_parts(folder)
    choice = Choice.of_json(made_with, model=model, sae=sae, context=context, dtype=dtype)
    if candidates is None:
        candidates = str(Artefact.open(folder, "mapping", verify=False).manifest.get("preset", "general"))
    from silversmith.sources.features.pack import open_pack
    from silversmith.sources.features.source import Features

    packed = open_pack(folder) if sae is None else None
    language_model, autoencoder, proposer = open_parts(choice, candidates, packed)
    features = Features.open(folder, language_model, proposer, sae=autoencoder)
    options = features.mapping.options.changed(nested=nested)
    if threshold is not None:
        options = options.changed(t_conf=threshold, confidence="probability")
    features.mapping = replace(features.mapping, options=options)
    return features


def find_mapping(name: str) -> Path:
    """The folder of a mapping. Raises ConfigError R001."""
    bundled = bundled_mappings()
    if name in bundled:
        return bundled[name]
    if Path(name).is_dir():
        return Path(name)
    raise ConfigError(
        "R001", f"there is no mapping {name!r}", remedy=f"{nearest(name, bundled)}, or a folder made by fit"
    )


def bundled_mappings() -> dict[str, Path]:
    """Name -> folder of the mappings in the package."""
    room = Path(str(files("silversmith") / "sources" / "features" / "mappings"))
    return {path.parent.name: path.parent for path in sorted(room.glob("*/manifest.json"))}


def chosen_parts(folder: Path) -> dict[str, Any]:
    """The Choice that a mapping was made with, as its manifest keeps it. Raises ModelError A001 to A003."""
    made: dict[str, Any] = Artefact.open(folder, "mapping", verify=False).manifest.get("reading", {})
    return made


def open_parts(choice: Choice, candidates: str, packed: Any = None) -> tuple[Any, Any, Any]:
    """Language model, autoencoder and candidate generator; candidates come from mini's heads with any model.

    packed: the encoder that a pack brings along; then no autoencoder is opened.
    Raises ConfigError R002, T001, S048; ModelError: M022 a model without autoencoder and none named; S025 to
    S027 one that doesn't fit; S010 to S047 (see models.named and models.sae_formats).
    """
    if _is_mini(choice.model):
        loaded, proposer = load_parts(choice.model, candidates)
        return loaded, packed or _sae_for(loaded, choice), proposer
    find_model(choice.model)
    if choice.sae is None and packed is None:
        raise ModelError(
            "M022",
            "it has no sparse autoencoder of its own",
            where=choice.model,
            remedy="name one with --sae (silversmith models lists them), or train one: silversmith train-sae",
        )
    from silversmith.candidates.beside import MiniCandidates

    sae = packed or _open_sae(choice)
    blocks = max(1, sae.tap) if sae.tap >= 0 else None
    options = {"dtype": choice.dtype, "context": choice.context, "prompt": choice.prompt}
    model = open_model(choice.model, blocks, **options)
    _check(sae, model.width, model.depth, choice.model)
    mini, proposer = load_parts(MINI, candidates)
    return model, sae, MiniCandidates(mini, proposer)


def load_parts(model: str, candidates: str) -> tuple[Any, Any]:
    """A model of mini's layout, and a candidate generator that reads with its heads."""
    from silversmith.candidates.union import preset

    loaded = load_model(model)
    return loaded, preset(candidates, getattr(loaded, "heads", None))


def load_model(name: str) -> Any:
    """The embedded model, or one of its layout in a folder. Raises ConfigError R002."""
    if not _is_mini(name):
        raise ConfigError(
            "R002", f"there is no model {name!r}", remedy="valid: mini, or a folder of mini's layout"
        )
    from silversmith.models.mini import load_mini

    return load_mini() if name == MINI else load_mini(Path(name))


def _is_mini(name: str) -> bool:
    """Whether it is the embedded model or a folder of its layout."""
    if name == MINI:
        return True
    folder = Path(name)
    if not (folder / "manifest.json").is_file():
        return False
    return Artefact.open(folder, verify=False).kind == MINI


def _open_sae(choice: Choice) -> Any:
    """The autoencoder that was named."""
    hints = {key: getattr(choice, key) for key in ("scale", "k", "dict_class")}
    return open_autoencoder(str(choice.sae), block=choice.block, family=choice.sae_format, **hints)


def _sae_for(mini: Any, choice: Choice) -> Any:
    """The autoencoder that was named, checked, or the model's own."""
    if choice.sae is None:
        return mini.sae
    sae = _open_sae(choice)
    _check(sae, mini.width, mini.depth, choice.model)
    return sae


def _check(sae: Any, width: int, depth: int, model: str) -> None:
    from silversmith.models.sae_formats import check_fit

    check_fit(sae, width, depth, model)
