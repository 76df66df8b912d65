"""MaskedNet: the network of mini's masked language model, BERT's first blocks with a tied head.

No padding anywhere; the last block and the head are computed for the positions that are read, and for no
other. `transformers.BertForMaskedLM` is the oracle in the tests.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from silversmith.core.errors import ModelError
from silversmith.models.masked import Row
from silversmith.models.trunk import Block, TrunkConfig, dequantise

__all__ = ["Group", "MaskedConfig", "MaskedNet", "NarrowBlock", "NetReader", "read_part"]


@dataclass(frozen=True, slots=True)
class MaskedConfig:
    """Shape of the network, kept in the metadata of its weights file."""

    vocabulary: int
    width: int = 384
    heads: int = 12
    inner: int = 1536
    blocks: int = 4
    positions: int = 256
    epsilon: float = 1e-12

    def to_json(self) -> str:
        """The configuration as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive sequences alike: how many, pieces of each, positions read in each."""

    count: int
    length: int
    reads: int


class NarrowBlock(Block):
    """A block over packed sequences; the outputs of chosen pieces only, where that is asked."""

    def grouped(self, x: Tensor, groups: Sequence[Group], read: Tensor | None = None) -> Tensor:
        """x: [pieces, width] -> [pieces or len(read), width]; read: int64, the pieces that are wanted."""
        width, weight, bias = x.shape[1], self.qkv.weight, self.qkv.bias
        if read is None:
            q, k, v = torch.split(self.qkv(x), width, 1)
            kept = x
        else:
            kept = x[read]
            q = F.linear(kept, weight[:width], bias[:width])
            k, v = torch.split(F.linear(x, weight[width:], bias[width:]), width, 1)
        pieces = [group.count * group.length for group in groups]
        rows = pieces if read is None else [group.count * group.reads for group in groups]
        split = (torch.split(q, rows), torch.split(k, pieces), torch.split(v, pieces))
        mixed = []
        for group, *parts in zip(groups, *split, strict=True):
            q, k, v = (part.view(group.count, -1, self.heads, width // self.heads) for part in parts)
            out = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
            mixed.append(out.transpose(1, 2).reshape(-1, width))
        x = self.norm1(kept + self.out(torch.cat(mixed)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))  # type: ignore[no-any-return]


class MaskedNet(nn.Module):
    """Embeddings, blocks, transform, and a head that is the embedding again, with a bias of its own."""

    def __init__(self, config: MaskedConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        shape = TrunkConfig(width=width, heads=config.heads, inner=config.inner, epsilon=config.epsilon)
        self.words = nn.Embedding(config.vocabulary, width)
        self.places = nn.Embedding(config.positions, width)  # BERT's first segment is added to them
        self.norm = nn.LayerNorm(width, eps=config.epsilon)
        self.blocks = nn.ModuleList(NarrowBlock(shape) for _ in range(config.blocks))
        self.transform = nn.Linear(width, width)
        self.transform_norm = nn.LayerNorm(width, eps=config.epsilon)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))

    def forward(self, ids: Tensor, groups: Sequence[Group], read: Tensor) -> Tensor:
        """What the head reads, [reads, width]: logits are `decode` of it.

        ids: int64 [pieces], the sequences of all groups joined; read: int64, ascending places in `ids`.
        """
        return self.encode(self.words(ids), groups, read)

    def encode(self, words: Tensor, groups: Sequence[Group], read: Tensor) -> Tensor:
        """`forward` from the pieces' embeddings, [pieces, width]."""
        places = torch.cat([torch.arange(group.length).repeat(group.count) for group in groups])
        x = self.norm(words + self.places(places))
        last = len(self.blocks) - 1
        for number, block in enumerate(self.blocks):
            x = block.grouped(x, groups, read if number == last else None)  # type: ignore[operator]
        return self.transform_norm(F.gelu(self.transform(x)))  # type: ignore[no-any-return]

    def decode(self, states: Tensor) -> Tensor:
        """Logits [rows, vocabulary] of `forward`'s states."""
        return F.linear(states, self.words.weight, self.bias)


class NetReader:
    """A MaskedNet as a Reader (see models.masked)."""

    even = False

    def __init__(self, net: MaskedNet) -> None:
        self.net = net
        self.vocabulary = net.config.vocabulary

    def __call__(self, rows: Sequence[Row]) -> Tensor:
        """Logits at the rows' positions; fastest when rows of the same shape stand together."""
        shapes = [(len(row.ids), len(row.positions)) for row in rows]
        groups = [Group(len(list(alike)), *shape) for shape, alike in groupby(shapes)]
        starts = np.cumsum([0, *(length for length, _ in shapes[:-1])])
        read = np.concatenate(
            [start + np.asarray(row.positions) for start, row in zip(starts, rows, strict=True)]
        )
        ids = torch.from_numpy(np.concatenate([row.ids for row in rows]))
        return self.net.decode(self.net(ids, groups, torch.from_numpy(read)))


def read_part(path: Path) -> tuple[MaskedNet, dict[str, Any], Tensor]:
    """The network (8-bit rows widened), the file's metadata, and the tokenizer's id of each piece.

    Raises ModelError S011 if the file is damaged or no such part.
    """
    state: dict[str, Tensor] = {}
    try:
        with safe_open(path, framework="pt") as file:
            meta = dict(file.metadata() or {})
            names = set(file.keys())
            kept = file.get_tensor("kept").long()
            for name in sorted(names - {"kept"}):
                if not name.endswith(".scale"):
                    tensor = file.get_tensor(name)
                    scaled = name + ".scale" in names
                    state[name] = (
                        dequantise(tensor, file.get_tensor(name + ".scale").float())
                        if scaled
                        else tensor.float()
                    )
        with torch.device("meta"):
            net = MaskedNet(MaskedConfig(**json.loads(meta["config"])))
        net.load_state_dict(state, assign=True)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(
            "S011",
            f"no masked language model of ours, or damaged: {error}",
            path=path,
            remedy="install silversmith again",
        ) from None
    return net.eval().requires_grad_(False), meta, kept
