"""`mini`: the embedded model. One trunk that every source shares, small parts on top, no download.

Each part is one safetensors file in the package; the manifest holds their checksums.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, cast

from safetensors import safe_open
from tokenizers import Tokenizer
from torch import nn

from silversmith.core import Artefact, ModelError
from silversmith.models.concepts.encoder import ConceptEncoder
from silversmith.models.concepts.store import load_parts
from silversmith.models.concepts.vocabulary import Vocabulary, load_vocabulary
from silversmith.models.encode import LanguageModel
from silversmith.models.heads import Heads, load_heads
from silversmith.models.sae import Activation, SparseAutoencoder
from silversmith.models.trunk import Trunk, dequantise, load_trunk
from silversmith.models.trunk_model import TrunkModel

__all__ = ["Mini", "load_mini", "load_sae"]

FOLDER = Path(__file__).with_name("mini_weights")
CONCEPT = "concept.safetensors"
NAMES = "names.safetensors"
START, END = 0, 2
"""The tokenizer's <s> and </s>: they frame each window and are never pooled or encoded."""


class Mini(TrunkModel):
    """The embedded model; a LanguageModel (see models.encode)."""

    name = "mini"

    def __init__(
        self, artefact: Artefact, *, window: int = 510, overlap: int = 128, budget: int = 2048
    ) -> None:
        self.artefact = artefact
        tokenizer = Tokenizer.from_file(str(artefact.path("tokenizer.json")))
        super().__init__(tokenizer, (START, END), window=window, overlap=overlap, budget=budget)

    @cached_property
    def trunk(self) -> Trunk:  # type: ignore[override]
        """The shared blocks."""
        return load_trunk(self.artefact.path("trunk.safetensors"))

    @cached_property
    def sae(self) -> SparseAutoencoder:
        """The sparse autoencoder on the trunk's residual stream."""
        return load_sae(
            self.artefact.path("sae.safetensors"), self.artefact.manifest["files"]["sae.safetensors"]
        )

    @cached_property
    def heads(self) -> Heads:
        """The part-of-speech and mention heads."""
        return load_heads(self.artefact.path("heads.safetensors"))

    @cached_property
    def concept(self) -> ConceptEncoder:
        """The concept encoder: two further blocks and a head. Raises ModelError S071 if it isn't there."""
        files = self.artefact.manifest["files"]
        if CONCEPT not in files:
            raise ModelError("S071", "it has no concept encoder", path=self.artefact.folder)
        parts, tower = load_parts(self.artefact.path(CONCEPT), self.trunk.config)
        return ConceptEncoder(cast(LanguageModel, self.taller(tower, files[CONCEPT])), **parts)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Names of concepts that it knows by heart. Raises ModelError S071 if they aren't there."""
        if NAMES not in self.artefact.manifest["files"]:
            raise ModelError("S071", "it has no names of concepts", path=self.artefact.folder)
        return load_vocabulary(self.artefact.path(NAMES), self.concept.background)

    def taller(self, tower: nn.ModuleList, mark: str) -> Mini:
        """The same model with further blocks on its trunk, which share it. mark: their checksum."""
        found = Mini(self.artefact, window=self.window, overlap=self.overlap, budget=self.budget)
        found.__dict__["trunk"] = self.trunk.taller(tower)
        found.mark = {"tower": mark}
        return found

    def identity(self) -> dict[str, Any]:
        """Name and checksums of trunk and tokenizer."""
        files = self.artefact.manifest["files"]
        own = {"name": self.name, "trunk": files["trunk.safetensors"], "tokenizer": files["tokenizer.json"]}
        return {**own, **(self.mark or {})}


def load_mini(folder: Path | str | None = None) -> Mini:
    """`mini` from the package, or from another folder of the same layout.

    Raises ModelError A001 to A004 if a part is missing, altered or cut off (the checksum is named).
    """
    return Mini(Artefact.open(FOLDER if folder is None else folder, "mini"))


def load_sae(path: Path, sha256: str | None = None) -> SparseAutoencoder:
    """One of our own TopK autoencoders: `weight` [d_in, d_sae] in 8 or 16 bits, `bias`, metadata.

    Raises ModelError S001 if the file is no such autoencoder.
    """
    try:
        with safe_open(path, framework="pt") as file:
            meta = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        weight = tensors["weight"]
        if "weight.scale" in tensors:  # one scale a latent: rows of the transposed weight
            weight = dequantise(weight.T, tensors["weight.scale"]).T
        activation = Activation("topk", k=int(meta["k"]))
        name, tap = meta["name"], int(meta["tap"])
    except (OSError, KeyError, ValueError) as error:
        raise ModelError("S001", f"not a sparse autoencoder of ours: {error}", path=path) from error
    source = {"sha256": sha256, **{key: meta[key] for key in ("tokens", "licence") if key in meta}}
    return SparseAutoencoder(
        name, weight.float().contiguous(), tensors["bias"].float(), activation, tap, source=source
    )
