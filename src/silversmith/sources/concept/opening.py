"""Opening: from names of types, or a schema, and the name of an encoder to a ready source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from silversmith.core import Artefact, ConfigError, Schema
from silversmith.core.schema import EntityType

if TYPE_CHECKING:
    from silversmith.models.concepts import ConceptEncoder, Vocabulary
    from silversmith.sources.concept.source import Concept

__all__ = [
    "KIND",
    "PRESET",
    "is_names",
    "load_encoder",
    "open_concept",
    "open_names",
    "own_vocabulary",
    "schema_of",
]

KIND = "concept-encoder"
"""The artefact of `silversmith pretrain`."""
NAMES = "names"
MINI = "mini"
PRESET = "open"
FILE = "concept.safetensors"


def schema_of(words: str) -> Schema:
    """A schema of names with commas between: "dish, cooking tool".

    A name may bring other wordings: "dish=food=meal". Raises ConfigError O004: none, or one twice.
    """
    types: list[EntityType] = []
    for part in words.split(","):
        name, *others = (" ".join(one.split()) for one in part.split("="))
        if not name:
            continue
        if any(one.name == name for one in types):
            raise ConfigError("O004", f"{name!r} stands twice", where="--types", remedy="name each type once")
        concepts = tuple(one for one in (name, *others) if one) if others else ()
        types.append(EntityType(name=name, concepts=concepts))
    if not types:
        raise ConfigError("O004", "no name", where="--types", remedy='write --types "dish, cooking tool"')
    return Schema(types=tuple(types))


def open_names(
    schema: Schema,
    model: str | None = None,
    candidates: str | None = None,
    *,
    threshold: float | None = None,
    nested: bool = False,
) -> Concept:
    """The source `concept` for a schema. model: mini, or a folder of pretrain; candidates: a preset.

    Raises ConfigError O003, R003, T001; ModelError as load_encoder.
    """
    from silversmith.sources.concept.source import Concept

    if threshold is not None and not 0 <= threshold <= 1:
        raise ConfigError("R003", f"a threshold of {threshold:g}", remedy="give a probability from 0 to 1")
    encoder, proposer = load_encoder(model, candidates)
    known = own_vocabulary(model)
    return Concept(schema, encoder, proposer, threshold=threshold, nested=nested, vocabulary=known)


def open_concept(
    folder: str,
    model: str | None = None,
    candidates: str | None = None,
    *,
    threshold: float | None = None,
    nested: bool = False,
) -> Concept:
    """The source from names that were saved. Raises ModelError A001 to A004, O020; as open_names."""
    from silversmith.sources.concept.source import Concept

    made = Artefact.open(folder, NAMES, verify=False).manifest
    encoder, proposer = load_encoder(model or made.get("reading", {}).get("model"), candidates)
    known = own_vocabulary(model or made.get("reading", {}).get("model"))
    source = Concept.open(folder, encoder, proposer, known)
    source.threshold = source.threshold if threshold is None else threshold
    source.nested = source.nested or nested
    return source


def is_names(folder: str) -> bool:
    """Whether a folder holds saved names."""
    if not (Path(folder) / "manifest.json").is_file():
        return False
    return Artefact.open(folder, verify=False).kind == NAMES


def own_vocabulary(model: str | None = None) -> Vocabulary | None:
    """The names that an encoder knows by heart; None: only `mini` has any."""
    from silversmith.models.mini import load_mini

    return load_mini().vocabulary if model in {None, MINI} else None


def load_encoder(model: str | None = None, candidates: str | None = None) -> tuple[ConceptEncoder, Any]:
    """(encoder, candidate generator). model: mini (default), or a folder of `silversmith pretrain`.

    Raises ConfigError T001; ModelError S071 mini has no such part, A001 to A004, S030 to S047, S070.
    """
    from silversmith.candidates.beside import MiniCandidates
    from silversmith.candidates.union import preset
    from silversmith.models.mini import load_mini

    mini = load_mini()
    proposer = preset(candidates or PRESET, mini.heads)
    if model in {None, MINI}:
        return mini.concept, proposer
    artefact = Artefact.open(str(model), KIND)
    return _own(artefact), MiniCandidates(mini, proposer)  # type: ignore[arg-type]


def _own(artefact: Artefact) -> ConceptEncoder:
    """The encoder of a pretraining's folder, on the model that it was trained on."""
    from silversmith.models.concepts import ConceptEncoder, load_concept_part, load_parts
    from silversmith.models.encode import LanguageModel
    from silversmith.models.trunk_model import TrunkModel
    from silversmith.tagger.encoders import load_encoder as load_trunk

    reading = artefact.manifest["reading"]
    path = artefact.path(FILE)
    if not reading["trained_blocks"]:
        from silversmith.models.mini import load_mini
        from silversmith.models.named import open_model

        name = reading["model"]
        model: Any = load_mini() if name == MINI else open_model(name, reading["blocks"])
        return load_concept_part(path, model)
    base = load_trunk(reading["model"], reading["blocks"] - reading["trained_blocks"])
    parts, tower = load_parts(path, base.trunk.config)
    mark = {**base.identity, "tower": parts["facts"]["weights"]}
    tall = TrunkModel(base.tokenizer, base.frame, base.trunk.taller(tower), mark)
    return ConceptEncoder(cast(LanguageModel, tall), **parts)
