"""From a text to its pieces with character offsets, and the frame (BOS, prompt) around each window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from silversmith.core.errors import ModelError
from silversmith.models.gguf import require_gguf

__all__ = ["Frame", "Pieces", "frame_of", "load_tokenizer"]

MARK = "SILVERSMITHTEXT"


@dataclass(frozen=True, slots=True)
class Frame:
    """Ids before and after the pieces of every window: fed to the model, never read. pad: fills the right."""

    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    pad: int = 0

    @property
    def first(self) -> int:
        """The row of a window's first piece: all before it belong to the frame and are dropped."""
        return len(self.before)

    def fill(self, windows: Sequence[NDArray[np.int64]]) -> tuple[Tensor, Tensor]:
        """ids and mask, int64 [windows, longest], right-padded (left padding shifts GPT-2's positions)."""
        rows = [[*self.before, *ids.tolist(), *self.after] for ids in windows]
        longest = max(map(len, rows))
        ids = torch.full((len(rows), longest), self.pad, dtype=torch.long)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
            mask[number, : len(row)] = 1
        return ids, mask


class Pieces:
    """Text -> (ids int64 [pieces], offsets int32 [pieces, 2]). Special tokens in a text are plain text."""

    def __init__(self, tokenizer: Any) -> None:
        from tokenizers import Tokenizer

        backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
        if not isinstance(backend, Tokenizer):
            raise ModelError(
                "S035",
                f"expected a fast tokenizer, which knows character offsets, found {type(tokenizer).__name__}",
                remedy="load it with use_fast=True",
            )
        self.backend = Tokenizer.from_str(backend.to_str())
        self.backend.no_padding()
        self.backend.no_truncation()
        self.backend.encode_special_tokens = True

    def __call__(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Pieces of a text; a blank before a word is not part of its offsets."""
        found = self.backend.encode(text, add_special_tokens=False)
        offsets = [_trim(text, start, end) for start, end in found.offsets]
        return np.asarray(found.ids, dtype=np.int64), np.asarray(offsets, dtype=np.int32).reshape(-1, 2)


def frame_of(tokenizer: Any, *, prompt: bool = False, bos: bool = True, pad: int | None = None) -> Frame:
    """What the tokenizer puts around a text, or the user turn of its chat template.

    bos: start with BOS where the model has one, even if the tokenizer adds none (GPT-2).
    Raises ModelError S036 if there is no chat template.
    """
    padding = next((one for one in (pad, getattr(tokenizer, "pad_token_id", None)) if one is not None), 0)
    if prompt:
        before, after = _prompt(tokenizer)
        return Frame(before, after, padding)
    text = "a word"
    bare = tokenizer.encode(text, add_special_tokens=False)
    full = tokenizer.encode(text, add_special_tokens=True)
    bare, full = getattr(bare, "ids", bare), getattr(full, "ids", full)
    starts = [n for n in range(len(full) - len(bare) + 1) if full[n : n + len(bare)] == bare]
    before, after = (tuple(full[: starts[0]]), tuple(full[starts[0] + len(bare) :])) if starts else ((), ())
    first = getattr(tokenizer, "bos_token_id", None)
    if bos and first is not None and not before:
        before = (first,)
    if not bos and before == (first,):
        before = ()
    return Frame(before, after, padding)


def load_tokenizer(folder: Path, place: Path) -> Any:
    """The fast tokenizer in a folder (or of a GGUF file at `place`). Raises ModelError S035, S033."""
    options = {}
    if place.suffix == ".gguf":
        require_gguf(place)
        options["gguf_file"] = place.name
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, **options)
    except (OSError, ValueError, KeyError) as error:
        line = str(error).strip().splitlines()[0][:160]
        raise ModelError(
            "S035",
            f"expected a fast tokenizer (tokenizer.json), found none: {line}",
            path=folder,
            remedy="download the model again: silversmith models add NAME",
        ) from None


def _prompt(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ids before and after a user's text in the chat template."""
    if not getattr(tokenizer, "chat_template", None):
        raise ModelError(
            "S036",
            "expected a chat template, this tokenizer has none",
            remedy="leave out --prompt: it is no chat model",
        )
    turn = [{"role": "user", "content": MARK}]
    text = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=False)
    before, _, after = text.partition(MARK)
    ids = [tuple(map(int, tokenizer.encode(part, add_special_tokens=False))) for part in (before, after)]
    return ids[0], ids[1]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Offsets without the blanks that byte-level and sentence-piece tokenizers glue to a word."""
    while start < end - 1 and text[start].isspace():
        start += 1
    return start, end
