"""The trunk of `mini`: the first blocks of an MPNet encoder, in plain torch.

Architecture: MPNet (Song et al. 2020): learned positions, one relative-position bias shared by all
blocks, post-layer-norm blocks. `transformers.MPNetModel` is the oracle in the tests; this file
exists so that `mini` starts in half a second and builds no block that it doesn't need.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["FEW", "Block", "Linear", "Trunk", "TrunkConfig", "dequantise", "load_trunk", "quantise_rows"]


class TrunkConfig:
    """Shape of the trunk, as kept in the metadata of its weights file."""

    def __init__(
        self,
        vocabulary: int = 30527,
        width: int = 768,
        heads: int = 12,
        inner: int = 3072,
        blocks: int = 4,
        positions: int = 514,
        buckets: int = 32,
        epsilon: float = 1e-5,
    ) -> None:
        self.vocabulary, self.width, self.heads, self.inner = vocabulary, width, heads, inner
        self.blocks, self.positions, self.buckets, self.epsilon = blocks, positions, buckets, epsilon

    def to_json(self) -> str:
        """The configuration as one line of JSON."""
        return json.dumps(vars(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> TrunkConfig:
        """The configuration from `to_json`'s line."""
        return cls(**json.loads(text))


FEW = 64
"""Packed rows up to which a product is turned round."""


class Linear(nn.Linear):
    """torch's, with the product turned round for a few packed rows: W x^T reads the weights up to three times
    as fast as x W^T does there (a name, a short question), and from a few hundred rows on they are alike."""

    def forward(self, x: Tensor) -> Tensor:
        """x: [..., in]. Returns [..., out]."""
        if x.ndim != 2 or len(x) > FEW or x.device.type != "cpu":
            return super().forward(x)
        return torch.mm(self.weight, x.contiguous().T).T + self.bias


class Block(nn.Module):
    """One post-layer-norm block: x = LN(x + attention(x)); x = LN(x + mlp(x))."""

    def __init__(self, config: TrunkConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width)
        self.norm1 = nn.LayerNorm(width, eps=config.epsilon)
        self.up = Linear(width, config.inner)
        self.down = Linear(config.inner, width)
        self.norm2 = nn.LayerNorm(width, eps=config.epsilon)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """x: [batch, length, width]; bias: [batch or 1, heads, length, length], -inf on padding."""
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = self.norm1(x + self.out(mixed.transpose(1, 2).reshape(batch, length, width)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))  # type: ignore[no-any-return]

    def packed(self, x: Tensor, lengths: Sequence[int], bias: Tensor) -> Tensor:
        """x: [pieces, width]; bias: [1, heads, longest, longest]."""
        qkv = self.qkv(x).view(len(x), 3, self.heads, -1)
        mixed = []
        for part in qkv.split(list(lengths)):
            size = len(part)
            q, k, v = part.permute(1, 2, 0, 3).unsqueeze(1)
            one = F.scaled_dot_product_attention(q, k, v, attn_mask=bias[:, :, :size, :size])
            mixed.append(one[0].transpose(0, 1).reshape(size, -1))
        x = self.norm1(x + self.out(torch.cat(mixed)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))  # type: ignore[no-any-return]


class Trunk(nn.Module):
    """Embeddings and the first blocks. `forward` returns the states after chosen blocks."""

    def __init__(self, config: TrunkConfig) -> None:
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.vocabulary, config.width)
        self.places = nn.Embedding(config.positions, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.epsilon)
        self.relative = nn.Embedding(config.buckets, config.heads)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))

    def forward(self, ids: Tensor, mask: Tensor, taps: Sequence[int] | None = None) -> list[Tensor]:
        """States after the blocks in `taps` (1-based; 0 = embeddings; default: the last block).

        ids: int64 [batch, length], right-padded; mask: bool [batch, length], False on padding.
        Returns one float32 [batch, length, width] for each tap, in the order of `taps`.
        """
        taps = [len(self.blocks)] if taps is None else list(taps)
        length = ids.shape[1]
        place = torch.arange(2, length + 2)  # MPNet's positions start after its padding index 1
        x = self.norm(self.words(ids) + self.places(place))
        bias = self.relative(self._buckets(length)).permute(2, 0, 1).unsqueeze(0)
        if not bool(mask.all()):
            bias = bias + torch.zeros(mask.shape).masked_fill(~mask, -math.inf)[:, None, None, :]
        kept = {0: x}
        for number, block in enumerate(self.blocks[: max(taps)], start=1):
            x = block(x, bias)
            kept[number] = x
        return [kept[tap] for tap in taps]

    def packed(self, ids: Tensor, lengths: Sequence[int], taps: Sequence[int] | None = None) -> list[Tensor]:
        """`forward` without padding: sequences one after the other, as [pieces, width].

        ids: int64 [pieces], the sequences joined; lengths: pieces of each, summing to len(ids).
        On a processor this beats padding: matrix products see no padding, attention no mask.
        """
        taps = [len(self.blocks)] if taps is None else list(taps)
        x = self.embed(ids, lengths)
        bias = self.bias(max(lengths))
        kept = {0: x}
        for number, block in enumerate(self.blocks[: max(taps)], start=1):
            x = block.packed(x, lengths, bias)  # type: ignore[operator]
            kept[number] = x
        return [kept[tap] for tap in taps]

    def taller(self, tower: nn.ModuleList) -> Trunk:
        """This trunk with further blocks; everything is shared, nothing copied."""
        with torch.device("meta"):
            found = Trunk(TrunkConfig(**{**vars(self.config), "blocks": 0}))
        found.words, found.places, found.norm, found.relative = (
            self.words, self.places, self.norm, self.relative,
        )  # fmt: skip
        found.blocks = nn.ModuleList([*self.blocks, *tower])
        found.config.blocks = len(found.blocks)
        return found.eval()

    def embed(self, ids: Tensor, lengths: Sequence[int], extra: Tensor | None = None) -> Tensor:
        """What enters the first block, [pieces, width]; `extra` [pieces, width] joins before the norm."""
        place = torch.cat([torch.arange(2, length + 2) for length in lengths])
        x = self.words(ids) + self.places(place.to(ids.device))
        return self.norm(x if extra is None else x + extra)  # type: ignore[no-any-return]

    def bias(self, longest: int) -> Tensor:
        """The attention bias of `packed`: [1, heads, longest, longest]."""
        buckets = self._buckets(longest).to(self.relative.weight.device)
        return self.relative(buckets).permute(2, 0, 1).unsqueeze(0).contiguous()  # type: ignore[no-any-return]

    def _buckets(self, length: int) -> Tensor:
        """Relative-position buckets [length, length] (T5's rule: exact when near, log when far)."""
        half, exact = self.config.buckets // 2, self.config.buckets // 4
        offset = torch.arange(length)[:, None] - torch.arange(length)[None, :]
        distance = offset.abs()
        far = torch.log(distance.clamp(min=1).float() / exact) / math.log(128 / exact)
        far = (exact + (far * (half - exact)).long()).clamp(max=half - 1)
        return half * (offset < 0) + torch.where(distance < exact, distance, far)


def quantise_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """8-bit values and one float32 scale a row: weight ~ values * scale[:, None]."""
    scale = weight.abs().amax(dim=1).clamp(min=1e-12) / 127
    return torch.round(weight / scale[:, None]).to(torch.int8), scale.float()


def dequantise(values: Tensor, scale: Tensor) -> Tensor:
    """float32 weight from `quantise_rows`."""
    return values.float() * scale[:, None]


def load_trunk(path: Path) -> Trunk:
    """The trunk from its safetensors file (8-bit rows widened to float32), in evaluation mode."""
    state: dict[str, Any] = {}
    with safe_open(path, framework="pt") as file:
        config = TrunkConfig.from_json(file.metadata()["config"])
        names = set(file.keys())
        for name in sorted(names):
            if name.endswith(".scale"):
                continue
            tensor = file.get_tensor(name)
            if name + ".scale" in names:
                tensor = dequantise(tensor, file.get_tensor(name + ".scale"))
            state[name] = tensor.float()
    with torch.device("meta"):
        trunk = Trunk(config)
    trunk.load_state_dict(state, assign=True)
    return trunk.eval().requires_grad_(False)
