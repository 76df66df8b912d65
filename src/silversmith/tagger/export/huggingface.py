"""Export to a Hugging Face folder that transformers.pipeline("token-classification") loads as it is.

Written without transformers. The BIOES tags keep their own outputs but share names (S is called B, E is
called I), so that the pipeline's grouping understands them. Letter shapes are no input of the pipeline:
what the network adds for hidden shapes is added to every position instead.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Artefact, ConfigError, write_artefact
from silversmith.tagger.export.card import model_card
from silversmith.tagger.export.weights import read_weights
from silversmith.tagger.reading import NO_SHAPE
from silversmith.tagger.store import KIND, TOKENIZER, WEIGHTS, read_config
from silversmith.tagger.tags import TagSet

__all__ = ["export_huggingface", "huggingface_config", "huggingface_state"]

Weights = dict[str, NDArray[np.float32]]
CLASSES = {
    "mpnet": "MPNetForTokenClassification",
    "bert": "BertForTokenClassification",
    "roberta": "RobertaForTokenClassification",
}
OTHER_LAYERS = {
    "mpnet": {"out": "attention.attn.o", "norm1": "attention.LayerNorm"},
    "bert": {"out": "attention.output.dense", "norm1": "attention.output.LayerNorm"},
}
LAYERS = {"up": "intermediate.dense", "down": "output.dense", "norm2": "output.LayerNorm"}


def export_huggingface(tagger: Path | str, out: Path | str, **fields: Any) -> None:
    """Write the folder (aside, then renamed), with a model card.

    Raises ModelError A001 to A004 the tagger, ConfigError K051 a tagger that such a folder can't hold.
    """
    from safetensors.numpy import save_file

    artefact = Artefact.open(tagger, KIND)
    config = read_config(artefact)
    if config.get("head") == "spans":
        raise ConfigError(
            "K051",
            "a span-level tagger is no token classifier",
            path=tagger,
            remedy="train with another loss than negative-sampling, or export to onnx",
        )
    weights = read_weights(artefact)
    source = {"tagger": artefact.manifest["files"][WEIGHTS]}
    with write_artefact(out, "huggingface", source=source, **fields) as aside:
        save_file(huggingface_state(weights, config), aside / "model.safetensors", {"format": "pt"})
        shutil.copyfile(artefact.path(TOKENIZER), aside / "tokenizer.json")
        for name, value in _settings(config, artefact.path(TOKENIZER)).items():
            text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            (aside / name).write_text(text, encoding="utf-8")
        (aside / "README.md").write_text(model_card(config, artefact.manifest), encoding="utf-8")


def _settings(config: dict[str, Any], tokenizer: Path) -> dict[str, dict[str, Any]]:
    """The JSON files by name."""
    content = json.loads(tokenizer.read_text(encoding="utf-8"))
    names = {one["id"]: one["content"] for one in content["added_tokens"]}
    start, end = (names[number] for number in config["frame"])
    pad = next(name for name in ("<pad>", "[PAD]") if name in names.values())
    unknown = next(name for name in ("[UNK]", "<unk>") if name in names.values())
    marks = {"cls_token": start, "sep_token": end, "pad_token": pad, "unk_token": unknown}
    longest = {"model_max_length": config["window"] + 2, "tokenizer_class": "PreTrainedTokenizerFast"}
    pad_number = next(number for number, name in names.items() if name == pad)
    return {
        "config.json": huggingface_config(config, pad_number),
        "tokenizer_config.json": marks | longest,
        "special_tokens_map.json": marks,
    }


def huggingface_config(config: dict[str, Any], pad: int) -> dict[str, Any]:
    """The content of config.json."""
    trunk, family = config["trunk"], config["family"]
    names = [
        name.replace("S-", "B-", 1).replace("E-", "I-", 1) for name in TagSet(tuple(config["labels"])).names
    ]
    found: dict[str, Any] = {
        "architectures": [CLASSES[family]],
        "model_type": family,
        "vocab_size": trunk["vocabulary"],
        "hidden_size": trunk["width"],
        "num_attention_heads": trunk["heads"],
        "intermediate_size": trunk["inner"],
        "num_hidden_layers": trunk["blocks"],
        "max_position_embeddings": trunk["positions"] - (2 if family == "bert" else 0),
        "layer_norm_eps": trunk["epsilon"],
        "hidden_act": "gelu",
        "pad_token_id": pad,
        "id2label": {str(number): name for number, name in enumerate(names)},
        "label2id": {name: names.index(name) for name in names},
        "dtype": "float32",
    }
    if family == "mpnet":
        found["relative_attention_num_buckets"] = trunk["buckets"]
    else:
        found["type_vocab_size"] = 1
    return found


def huggingface_state(weights: Weights, config: dict[str, Any]) -> Weights:
    """The tensors under the names of the family's token classifier."""
    family = config["family"]
    places = weights["trunk.places.weight"]
    if "shapes.weight" in weights:
        places = places + weights["shapes.weight"][NO_SHAPE]
    start = f"{family}.embeddings"
    state = {
        f"{start}.word_embeddings.weight": weights["trunk.words.weight"],
        f"{start}.position_embeddings.weight": places[2:] if family == "bert" else places,
        f"{start}.LayerNorm.weight": weights["trunk.norm.weight"],
        f"{start}.LayerNorm.bias": weights["trunk.norm.bias"],
        "classifier.weight": weights["out.weight"],
        "classifier.bias": weights["out.bias"],
    }
    if family == "mpnet":
        state["mpnet.encoder.relative_attention_bias.weight"] = weights["trunk.relative.weight"]
    else:
        state[f"{start}.token_type_embeddings.weight"] = np.zeros((1, places.shape[1]), np.float32)
    for number in range(config["trunk"]["blocks"]):
        state |= _block(weights, f"trunk.blocks.{number}.", f"{family}.encoder.layer.{number}.", family)
    return {name: np.ascontiguousarray(one) for name, one in state.items()}


def _block(weights: Weights, ours: str, theirs: str, family: str) -> Weights:
    """One block's tensors."""
    if family == "mpnet":
        parts = [f"attention.attn.{one}" for one in "qkv"]
    else:
        parts = [f"attention.self.{one}" for one in ("query", "key", "value")]
    layers = OTHER_LAYERS["mpnet" if family == "mpnet" else "bert"] | LAYERS
    state = {}
    for kind in ("weight", "bias"):
        for part, one in zip(parts, np.split(weights[f"{ours}qkv.{kind}"], 3), strict=True):
            state[f"{theirs}{part}.{kind}"] = one
        for mine, name in layers.items():
            state[f"{theirs}{name}.{kind}"] = weights[f"{ours}{mine}.{kind}"]
    return state
