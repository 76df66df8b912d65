"""Encoders a tagger starts from: `mini`'s trunk, or any BERT-like folder, as one kind of trunk.

MPNet, BERT and RoBERTa differ in names, position numbers and the relative-position bias (absent: zero),
so one trunk runs them all, packed and without transformers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer
from torch import Tensor

from silversmith.core import ModelError
from silversmith.core.artefact import checksum
from silversmith.models.trunk import Trunk, TrunkConfig

__all__ = ["Encoder", "load_encoder"]

FAMILIES = {
    "mpnet": "mpnet",
    "bert": "bert",
    "roberta": "roberta",
    "xlm-roberta": "roberta",
    "camembert": "roberta",
}
KNOWN = {
    "all-minilm-l6-v2": "sentence-transformers/all-MiniLM-L6-v2",
    "all-mpnet-base-v2": "sentence-transformers/all-mpnet-base-v2",
}


@dataclass(frozen=True, slots=True)
class Encoder:
    """A trunk with its tokenizer. frame: ids before and after each window. family: of the original. labels,
    top: of a tagger that it is taken from: its types and what stood on its trunk, for another tagger of the
    same types.
    """

    trunk: Trunk
    tokenizer: Tokenizer
    frame: tuple[int, int]
    family: str
    identity: dict[str, Any]
    labels: tuple[str, ...] = ()
    top: Mapping[str, Tensor] = field(default_factory=dict)


def load_encoder(source: str, blocks: int | None = None) -> Encoder:
    """The encoder of a name or folder: mini, all-minilm-l6-v2, a Hugging Face folder or cached name.

    blocks: take only the first ones. Raises ModelError: K010 not found, K011 a family that isn't
    known, K012 damaged or incomplete.
    """
    if source == "mini" or _ours(source):
        return _mini(source, blocks)
    folder = _folder(source)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError("K012", f"no readable config.json: {error}", path=folder) from None
    family = FAMILIES.get(config.get("model_type"))
    if family is None or config.get("position_embedding_type", "absolute") != "absolute":
        raise ModelError(
            "K011",
            f"expected an encoder of the BERT, RoBERTa or MPNet family, found {config.get('model_type')!r}",
            path=folder,
            remedy=f"families: {', '.join(FAMILIES)}",
        )
    try:
        with safe_open(folder / "model.safetensors", framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        trunk = _trunk(config, family, _stripped(tensors, family), blocks)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
    except (OSError, SafetensorError, KeyError) as error:
        raise ModelError("K012", f"damaged or incomplete: {error}", path=folder) from None
    except Exception as error:  # the tokenizers library raises bare Exception
        raise ModelError(
            "K012", f"no tokenizer that can be read: {error}", path=folder / "tokenizer.json"
        ) from None
    identity = {
        "name": source,
        "weights": checksum(folder / "model.safetensors"),
        "blocks": trunk.config.blocks,
    }
    return Encoder(trunk, tokenizer, _frame(tokenizer), family, identity)


def _ours(source: str) -> bool:
    """Whether it is a folder of mini's layout or a tagger of ours (an installed model is a plain folder)."""
    from silversmith.core import Artefact

    if not (Path(source) / "manifest.json").is_file():
        return False
    return Artefact.open(source, verify=False).kind != "model"


def _mini(source: str, blocks: int | None) -> Encoder:
    """A copy of the embedded model's trunk, or a trained tagger's."""
    from silversmith.core import Artefact
    from silversmith.models.mini import END, START, load_mini

    if source != "mini" and Artefact.open(source, verify=False).kind == "tagger":
        from silversmith.tagger.store import read_encoder

        return read_encoder(Path(source))
    mini = load_mini(None if source == "mini" else source)
    trunk = mini.trunk
    if blocks is not None:
        del trunk.blocks[blocks:]
        trunk.config.blocks = len(trunk.blocks)
    return Encoder(trunk, mini.tokenizer, (START, END), "mpnet", mini.identity())


def _folder(source: str) -> Path:
    """The folder of a path, of an installed model, or of a name in the hub's local cache."""
    from silversmith.models.install import installed_folder

    if Path(source).is_dir():
        return Path(source)
    if folder := installed_folder(source.lower()):
        return folder
    name = KNOWN.get(source.lower(), source)
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, local_files_only=True))
    except Exception:  # whatever the client says, the model isn't here
        raise ModelError(
            "K010",
            f"{source!r} is no local folder and not in the hub's cache",
            remedy=f"take mini, or run: silversmith models add {source.lower()}"
            if source.lower() in KNOWN
            else f"take mini, or on a machine with a network: hf download {name}, then give its folder",
        ) from None


def _frame(tokenizer: Tokenizer) -> tuple[int, int]:
    """The ids that the tokenizer puts around a text."""
    ids = tokenizer.encode("", add_special_tokens=True).ids
    if len(ids) < 2:
        raise ModelError("K011", "its tokenizer puts no marks around a text")
    return ids[0], ids[-1]


def _stripped(tensors: dict[str, Tensor], family: str) -> dict[str, Tensor]:
    """The tensors without the family's prefix (`bert.encoder...` -> `encoder...`)."""
    mark = "embeddings.word_embeddings.weight"
    prefix = next((name.removesuffix(mark) for name in tensors if name.endswith(mark)), "")
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _trunk(config: dict[str, Any], family: str, tensors: dict[str, Tensor], blocks: int | None) -> Trunk:
    """The trunk of a Hugging Face state."""
    depth = min(config["num_hidden_layers"], blocks or config["num_hidden_layers"])
    places = tensors["embeddings.position_embeddings.weight"].float()
    if family == "bert":  # our positions start at 2, as MPNet's and RoBERTa's do
        places = torch.cat([torch.zeros(2, places.shape[1]), places])
    kind = tensors.get("embeddings.token_type_embeddings.weight")
    if kind is not None:
        places = places + kind[0].float()
    shape = TrunkConfig(
        config["vocab_size"],
        config["hidden_size"],
        config["num_attention_heads"],
        config["intermediate_size"],
        depth,
        len(places),
        config.get("relative_attention_num_buckets", 32),
        config["layer_norm_eps"],
    )
    state = {
        "words.weight": tensors["embeddings.word_embeddings.weight"],
        "places.weight": places,
        "norm.weight": tensors["embeddings.LayerNorm.weight"],
        "norm.bias": tensors["embeddings.LayerNorm.bias"],
        "relative.weight": tensors.get(
            "encoder.relative_attention_bias.weight", torch.zeros(shape.buckets, shape.heads)
        ),
    }
    for number in range(depth):
        state |= _block(f"blocks.{number}.", f"encoder.layer.{number}.", tensors, family)
    with torch.device("meta"):
        trunk = Trunk(shape)
    trunk.load_state_dict({name: one.float().contiguous() for name, one in state.items()}, assign=True)
    return trunk.eval().requires_grad_(False)


def _block(to: str, layer: str, tensors: dict[str, Tensor], family: str) -> dict[str, Tensor]:
    """One block's tensors under our names."""
    if family == "mpnet":
        qkv, out, norm = [f"attention.attn.{one}" for one in "qkv"], "attention.attn.o", "attention.LayerNorm"
    else:
        qkv = [f"attention.self.{one}" for one in ("query", "key", "value")]
        out, norm = "attention.output.dense", "attention.output.LayerNorm"
    names = {
        "out": out,
        "norm1": norm,
        "up": "intermediate.dense",
        "down": "output.dense",
        "norm2": "output.LayerNorm",
    }
    state = {}
    for part in ("weight", "bias"):
        state[f"{to}qkv.{part}"] = torch.cat([tensors[f"{layer}{one}.{part}"] for one in qkv])
        state |= {f"{to}{ours}.{part}": tensors[f"{layer}{name}.{part}"] for ours, name in names.items()}
    return state
