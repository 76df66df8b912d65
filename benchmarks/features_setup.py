"""What features.py measures on: the model's folder, batches of documents, random autoencoders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from features_paths import BLOCK

from silversmith.core import Document, write_artefact
from silversmith.formats import read
from silversmith.models.encode import Window, make_batches
from silversmith.models.language_model import CPU_BATCH
from silversmith.models.pieces import Pieces, frame_of, load_tokenizer
from silversmith.sources.features.reading import needed_pieces
from silversmith.text import split_words

LONGEST, ACTIVE = 1000, 60
"""Documents with more pieces are left out (one window each); active latents a piece."""
SHAPE = {
    "vocab_size": 262_144,
    "hidden_size": 640,
    "intermediate_size": 2048,
    "num_hidden_layers": 18,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "head_dim": 256,
    "query_pre_attn_scalar": 256,
    "sliding_window": 512,
    "bos_token_id": 2,
}


def find_model(work: Path, given: Path | None) -> str:
    """Put the model at work/model: the given or installed one, else a random one of its shape. Its name."""
    from silversmith.models.install import installed_folder

    place = work / "model"
    found = given or installed_folder("gemma3-270m")
    if place.exists():
        return (place / "name.txt").read_text() if (place / "name.txt").is_file() else "gemma3-270m"
    if found is not None:
        place.symlink_to(Path(found).resolve())
        return "gemma3-270m"
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig, PreTrainedTokenizerFast

    torch.manual_seed(0)
    Gemma3ForCausalLM(Gemma3TextConfig(**SHAPE)).save_pretrained(place)
    import silversmith.models.mini as mini

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(mini.FOLDER / "tokenizer.json"), bos_token="<s>", pad_token="<pad>"
    )
    tokenizer.save_pretrained(place)
    (place / "name.txt").write_text("random model of Gemma 3 270M's shape")
    return "random model of Gemma 3 270M's shape"


def prepare(work: Path, data: Path, model: Path | None, tokens: int, size: int) -> dict[str, Any]:
    """Model, batches.npz (ids and mask; batch 0 is small), batches.json, documents.jsonl; counts."""
    work.mkdir(parents=True, exist_ok=True)
    name = find_model(work, model)
    folder = work / "model"
    tokenizer = load_tokenizer(folder, folder)
    pieces, frame = Pieces(tokenizer), frame_of(tokenizer)
    chosen: list[tuple[Document, Any, Any]] = []
    total = 0
    for document in read(data):
        ids, offsets = pieces(document.text)
        if 0 < len(ids) <= LONGEST and total < tokens:
            chosen.append((document, ids, offsets))
            total += len(ids) + len(frame.before)
    windows = [Window(number, 0, len(ids), 0, len(ids)) for number, (_, ids, _) in enumerate(chosen)]
    groups = [[one.text for one in batch] for batch in make_batches(windows, size)]
    smallest = min(range(len(chosen)), key=lambda number: len(chosen[number][1]))
    arrays = {}
    for number, group in enumerate([[smallest], *groups]):
        arrays[f"ids{number}"], arrays[f"mask{number}"] = (
            one.numpy() for one in frame.fill([chosen[place][1] for place in group])
        )
    np.savez(work / "batches.npz", **arrays)
    batches = [[chosen[place][0].id for place in group] for group in [[smallest], *groups]]
    (work / "batches.json").write_text(json.dumps(batches), encoding="utf-8")
    with (work / "documents.jsonl").open("w", encoding="utf-8") as file:
        for document, _, _ in chosen:
            spans = [{"start": s.start, "end": s.end, "label": s.label} for s in document.spans]
            line = {"id": document.id, "text": document.text, "spans": spans}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    needed = [
        [
            needed_pieces(offsets, np.array([(s.start, s.end) for s in one.spans], np.int32), beside).sum()
            for beside in (False, True)
        ]
        for one, _, offsets in chosen
    ]
    inside, beside = np.sum(needed, axis=0).tolist()
    return {
        "model": name,
        "documents": len(chosen),
        "words": sum(len(split_words(one.text)) for one, _, _ in chosen),
        "pieces": sum(len(ids) for _, ids, _ in chosen),
        "span_pieces": inside,
        "neighbour_pieces": beside,
        "frame_pieces": int(sum(arrays[f"ids{n + 1}"].size for n in range(len(groups)))),
        "batches": len(groups),
        "padded_512": _padded([[chosen[place][1] for place in group] for group in groups], len(frame.before)),
        **_flop(folder),
    }


def _padded(groups: list[list[Any]], before: int) -> int:
    """Tokens that silversmith's own smaller batches hold, frame and padding included."""
    total = 0
    for group in groups:
        windows = [Window(number, 0, len(ids), 0, len(ids)) for number, ids in enumerate(group)]
        for batch in make_batches(windows, CPU_BATCH):
            total += len(batch) * (before + max(one.end for one in batch))
    return total


def _flop(folder: Path) -> dict[str, int]:
    """Width, and FLOPs of one piece through the blocks that are needed (products with weights)."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    width, inner, size = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    heads, shared = config["num_attention_heads"], config["num_key_value_heads"]
    weights = 3 * width * inner + 2 * width * heads * size + 2 * width * shared * size
    return {"width": width, "forward_flop": 2 * weights * (BLOCK + 1)}


def make_sae(work: Path, latents: int, *, ours: bool = False) -> Path:
    """A random JumpReLU autoencoder; about 60 latents of a piece are active.

    In the layout of SAELens; ours: as an artefact of ours, 16 bits, encoder only.
    """
    import torch

    place = work / f"sae-{latents}"
    if (place / "cfg.json").is_file() or (place / "manifest.json").is_file():
        return place
    dice = torch.Generator().manual_seed(0)
    width = _flop(work / "model")["width"]
    weight = torch.empty(width, latents, dtype=torch.float16 if ours else torch.float32)
    states = _states(work)
    loud = torch.linalg.svd(states, full_matrices=False).Vh[:16]  # else a few huge pieces fire alone
    for start in range(0, latents, 8192):
        part = torch.randn(width, min(8192, latents - start), generator=dice)
        part -= loud.T @ (loud @ part)
        weight[:, start : start + 8192] = part / part.norm(dim=0)
    sample = states[:256] @ weight[:, :8192].float()
    theta = float(torch.quantile(sample.flatten()[::7], 1 - ACTIVE / latents))
    (_save_ours if ours else _save_saelens)(place, weight, theta)
    return place


def _states(work: Path) -> Any:
    """States of a few documents [pieces, width]."""
    import torch

    from silversmith.models.language_model import load_language_model

    model = load_language_model(work / "model", BLOCK + 1, dtype="fp32")
    texts = [one.text for one in read(work / "documents.jsonl")][:3]
    return torch.from_numpy(
        np.concatenate([one.states[BLOCK + 1] for one in model.encode(texts, [BLOCK + 1])])
    )


def _save_saelens(place: Path, weight: Any, theta: float) -> None:
    """cfg.json and sae_weights.safetensors."""
    import torch
    from safetensors.torch import save_file

    width, latents = weight.shape
    tensors = {
        "W_enc": weight,
        "W_dec": weight.T.contiguous(),
        "b_enc": torch.zeros(latents),
        "b_dec": torch.zeros(width),
        "threshold": torch.full((latents,), theta),
    }
    config = {
        "architecture": "jumprelu",
        "d_in": width,
        "d_sae": latents,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": False,
        "normalize_activations": "none",
        "metadata": {"hook_name": f"blocks.{BLOCK}.hook_resid_post", "model_name": "gemma-3-270m"},
    }
    place.mkdir(parents=True, exist_ok=True)
    save_file(tensors, place / "sae_weights.safetensors")
    (place / "cfg.json").write_text(json.dumps(config), encoding="utf-8")


def _save_ours(place: Path, weight: Any, theta: float) -> None:
    """What models.sae_formats.open_converted reads."""
    import torch
    from safetensors.torch import save_file

    fields = {
        "name": "random",
        "tap": BLOCK + 1,
        "activation": {"kind": "jumprelu", "k": 0, "threshold": theta},
        "norm": {"kind": "none", "centre": False},
        "source": {},
        "licences": {"weights": "none"},
    }
    with write_artefact(place, "sae", **fields) as aside:
        save_file({"weight": weight, "bias": torch.zeros(weight.shape[1])}, aside / "encoder.safetensors")
