"""`mini`: the embedded model. One trunk that every source shares, small parts on top, no download.

Each part is one safetensors file in the package; the manifest holds their checksums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from tokenizers import Tokenizer

from silversmith.core import Artefact, ModelError
from silversmith.models.encode import Encoded, Gather, make_batches, make_windows
from silversmith.models.heads import Heads, load_heads
from silversmith.models.sae import Activation, SparseAutoencoder
from silversmith.models.trunk import Trunk, dequantise, load_trunk

__all__ = ["Mini", "load_mini", "load_sae"]

FOLDER = Path(__file__).with_name("mini_weights")
START, END = 0, 2
"""The tokenizer's <s> and </s>: they frame each window and are never pooled or encoded."""


class Mini:
    """The embedded model; a LanguageModel (see models.encode)."""

    name = "mini"

    def __init__(
        self, artefact: Artefact, *, window: int = 510, overlap: int = 128, budget: int = 2048
    ) -> None:
        self.artefact = artefact
        self.window, self.overlap, self.budget = window, overlap, budget
        self.tokenizer = Tokenizer.from_file(str(artefact.path("tokenizer.json")))

    @cached_property
    def trunk(self) -> Trunk:
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

    @property
    def width(self) -> int:
        """Width of the residual stream."""
        return self.trunk.config.width

    @property
    def depth(self) -> int:
        """Blocks of the trunk; also its last tap."""
        return self.trunk.config.blocks

    def identity(self) -> dict[str, Any]:
        """Name and checksums of trunk and tokenizer."""
        files = self.artefact.manifest["files"]
        return {"name": self.name, "trunk": files["trunk.safetensors"], "tokenizer": files["tokenizer.json"]}

    def encode(self, texts: Sequence[str], taps: Sequence[int] | None = None) -> list[Encoded]:
        """States after the chosen blocks (default: the last) of the texts of one block, in order."""
        found = dict(self.stream(texts, [self.depth] if taps is None else taps))
        return [found[number] for number in range(len(texts))]

    def stream(self, texts: Sequence[str], taps: Sequence[int]) -> Iterator[tuple[int, Encoded]]:
        """(position, states) of each text as soon as its last window is read."""
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ids = [np.asarray(one.ids, dtype=np.int64) for one in encodings]
        offsets = [np.asarray(one.offsets, dtype=np.int32).reshape(-1, 2) for one in encodings]
        windows = [
            window
            for number, one in enumerate(ids)
            for window in make_windows(number, len(one), self.window, self.overlap)
        ]
        gather = Gather(offsets, windows, taps, self.width)
        yield from gather.empty()
        for batch in make_batches(windows, self.budget):
            pieces = [np.concatenate(([START], ids[w.text][w.start : w.end], [END])) for w in batch]
            sizes = [len(one) for one in pieces]
            with torch.inference_mode():
                packed = self.trunk.packed(torch.from_numpy(np.concatenate(pieces)), sizes, taps)
            found = [rows.numpy() for rows in packed]
            for w, begin in zip(batch, np.cumsum([1, *sizes[:-1]]), strict=True):
                kept = slice(begin + w.keep_start - w.start, begin + w.keep_end - w.start)
                yield from gather.add(w, [rows[kept] for rows in found])


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
