"""From a name to a MaskedModel: mini's part two, any masked or causal model of the transformers library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from silversmith.core.artefact import Artefact, checksum
from silversmith.core.errors import ModelError
from silversmith.models.install import KIND
from silversmith.models.masked import MaskedModel, Row
from silversmith.models.masked_net import NetReader, read_part
from silversmith.models.mini import Mini, load_mini
from silversmith.models.named import MINI, find_model
from silversmith.models.pieces import Frame, Pieces, frame_of, load_tokenizer
from silversmith.models.truncated import text_config

__all__ = [
    "MINI_THRESHOLD",
    "HeadedReader",
    "MappedPieces",
    "ShownPieces",
    "mini_masked",
    "open_masked",
    "wrap_masked",
]

PART = "masked.safetensors"
MINI_THRESHOLD = 0.1
"""Chosen on CoNLL-2003's development text: a small model's distributions differ less than a large one's."""
REMEDY = "give a model with a masked-language-model head (roberta-large), a causal one (gemma3-270m), or mini"


class HeadedReader:
    """A transformers model with its head, as a Reader: the head sees the chosen positions alone.

    A hook hands the head the chosen states in place of all of them, so any family's head works.
    """

    even = True

    def __init__(self, model: nn.Module, *, causal: bool) -> None:
        self.model, self.causal = model, causal
        self.vocabulary = int(_head(model).weight.shape[0])
        self.options = {"use_cache": False} if causal else {}

    def __call__(self, rows: Sequence[Row]) -> Tensor:
        """Logits at the positions of rows of one length (a causal model reads the piece before each)."""
        ids = torch.from_numpy(np.stack([row.ids for row in rows]))
        numbers = [number for number, row in enumerate(rows) for _ in row.positions]
        places = [place - self.causal for row in rows for place in row.positions]

        def choose(module: nn.Module, args: Any, output: Any) -> Any:
            states = output[0][numbers, places].unsqueeze(0)
            if isinstance(output, tuple):
                return (states, *output[1:])
            output.last_hidden_state = states
            return output

        handle = self.model.base_model.register_forward_hook(choose)  # type: ignore[union-attr]
        try:
            found = self.model(input_ids=ids, attention_mask=torch.ones_like(ids), **self.options)
        finally:
            handle.remove()
        return found.logits[0].float()  # type: ignore[no-any-return]


class ShownPieces(Pieces):
    """Pieces of a tokenizer, and each of them for people to read."""

    def show(self, piece: int) -> str:
        """The piece's text without blanks; its name where it has no text of its own."""
        return self.backend.decode([piece], skip_special_tokens=False).strip() or str(
            self.backend.id_to_token(piece)
        )


class MappedPieces:
    """Pieces of a tokenizer under a model's own ids, for a model that knows only some of them.

    kept: int64 [vocabulary], the tokenizer's id of each piece of the model. unknown: the model's id for all
    others.
    """

    def __init__(self, tokenizer: Any, kept: NDArray[np.int64], unknown: int) -> None:
        self.pieces = ShownPieces(tokenizer)
        self.kept = kept
        self.own = np.full(self.pieces.backend.get_vocab_size(), unknown, np.int64)
        self.own[kept] = np.arange(len(kept))

    def __call__(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Pieces of a text: the model's ids, character offsets."""
        ids, offsets = self.pieces(text)
        return self.own[ids], offsets

    def show(self, piece: int) -> str:
        """The piece for people to read."""
        return self.pieces.show(int(self.kept[piece]))


def open_masked(name: str = MINI, *, dtype: torch.dtype = torch.float32) -> MaskedModel:
    """A masked language model, else a causal one, by name: mini (or the folder of one), an installed
    model, a folder, a hub name in the local cache; never the network, never a pickle.

    Raises ModelError: S060 no language-model head, S061 no mask token, S064 mini without its part two; S030,
    S033, S035, S046, S047 as find_model and load_language_model do.
    """
    if name == MINI:
        return mini_masked(load_mini())
    folder = _local(find_model(name))
    if (folder / "trunk.safetensors").is_file():
        return mini_masked(load_mini(folder))
    model, causal = _load(folder, dtype)
    found = wrap_masked(model, load_tokenizer(folder, folder), causal=causal, name=folder.name)
    found.source.update(_facts(folder))
    return found


def wrap_masked(model: nn.Module, tokenizer: Any, *, causal: bool, name: str = "") -> MaskedModel:
    """A model of transformers, already loaded with its head, and its fast tokenizer, as a MaskedModel.

    Raises ModelError: S060 no head, S061 a masked model whose tokenizer has no mask, S035 no fast tokenizer.
    """
    name = name or type(model).__name__
    if _head(model) is None or model.base_model is model:
        raise _no_model(name, f"{type(model).__name__} has no language-model head")
    config = text_config(model.config)
    mask = getattr(tokenizer, "mask_token_id", None)
    if mask is None and not causal:
        raise ModelError("S061", "its tokenizer has no mask token", where=name, remedy=REMEDY)
    longest = int(getattr(config, "max_position_embeddings", None) or 512)
    if getattr(config, "model_type", "") in {"mpnet", "roberta", "xlm-roberta", "camembert"}:
        longest -= 2  # their positions start behind the padding's index
    reader = HeadedReader(model.eval().requires_grad_(False), causal=causal)
    return MaskedModel(
        name,
        reader,
        ShownPieces(tokenizer),
        frame_of(tokenizer),
        -1 if causal or mask is None else int(mask),
        min(longest, 1024),
        causal,
    )


def mini_masked(mini: Mini) -> MaskedModel:
    """Mini's part two. Raises ModelError: S064 this mini has none, S011 it is damaged."""
    files = mini.artefact.manifest["files"]
    if PART not in files:
        raise ModelError(
            "S064",
            f"this mini has no masked language model ({PART})",
            path=mini.artefact.folder,
            remedy="update silversmith, or give --model with another masked language model",
        )
    net, meta, kept = read_part(mini.artefact.path(PART))
    ids = json.loads(meta["specials"])
    return MaskedModel(
        "mini",
        NetReader(net),
        MappedPieces(mini.tokenizer, kept.numpy(), ids["unknown"]),
        Frame((ids["start"],), (ids["end"],)),
        ids["mask"],
        net.config.positions,
        source={"weights": files[PART], "tokenizer": files["tokenizer.json"]},
        threshold=MINI_THRESHOLD,
    )


def _load(folder: Path, dtype: torch.dtype) -> tuple[nn.Module, bool]:
    """The model with its head, and whether it is causal; refused if the files lack the head."""
    try:
        import transformers
    except ImportError:
        raise ModelError(
            "S033",
            "language models need the transformers library",
            remedy="pip install 'silversmith[transformers]'",
        ) from None
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        causal = _is_causal(config)
        kind = transformers.AutoModelForCausalLM if causal else transformers.AutoModelForMaskedLM
        with _quiet(transformers):
            model, info = kind.from_pretrained(
                folder,
                config=config,
                dtype=dtype,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
            )
    except (OSError, KeyError, ValueError) as error:
        line = str(error).strip().splitlines()[0][:200]
        raise _no_model(str(folder), f"it can't be loaded as a language model: {line}") from None
    if missing := sorted(info["missing_keys"]):
        raise _no_model(
            str(folder), f"its files have no language-model head: {missing[0]} and {len(missing) - 1} more"
        )
    return model, causal


def _head(model: Any) -> Any:
    """The module whose rows are the pieces of the vocabulary, or None."""
    return model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None


def _is_causal(config: Any) -> bool:
    """What the model was made as; by its family where it doesn't say."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING

    made_as = " ".join(getattr(config, "architectures", None) or ())
    if "CausalLM" in made_as or "LMHead" in made_as:
        return True
    return type(config) not in MODEL_FOR_MASKED_LM_MAPPING


def _no_model(where: str, why: str) -> ModelError:
    return ModelError("S060", why, where=where, remedy=REMEDY)


def _local(place: Path | str) -> Path:
    """The folder of a path or of a hub name in the hub's local cache."""
    if (path := Path(place)).is_dir():
        return path
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(str(place), local_files_only=True))
    except Exception:  # whatever the client says, the model isn't here
        raise ModelError(
            "S030",
            f"{str(place)!r} is no local folder and not in the hub's cache",
            remedy=f"on a machine with a network: hf download {place}, then give its folder",
        ) from None


def _facts(folder: Path) -> dict[str, Any]:
    """What identifies the weights: an installed model's checksums, else the files' sizes."""
    if (folder / "manifest.json").is_file():
        files = Artefact.open(folder, KIND, verify=False).manifest["files"]
        return {"weights": files["model.safetensors"], "tokenizer": files["tokenizer.json"]}
    config = {"config": checksum(folder / "config.json")}
    return config | {
        "files": {file.name: file.stat().st_size for file in sorted(folder.glob("*.safetensors"))}
    }


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Keeps the library's report of loading off the terminal: what is missing we say ourselves."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
