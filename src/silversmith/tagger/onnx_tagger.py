"""An exported tagger: onnxruntime and tokenizers, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Artefact
from silversmith.tagger.export.onnx_export import DECODER, GRAPH, ONNX_KIND, need
from silversmith.tagger.reading import NO_SHAPE
from silversmith.tagger.store import TOKENIZER, read_config
from silversmith.tagger.tagger import Forward, Tagger, make_decoder
from silversmith.tagger.windows import Packed

__all__ = ["onnx_forward", "open_onnx"]


def open_onnx(
    folder: Path | str, *, least: float = 0.0, threads: int | None = None, nested: bool = False
) -> Tagger:
    """The tagger in a folder that `export --to onnx` or `--to int8` wrote.

    Raises ModelError A001 to A004, ConfigError K050 if onnxruntime isn't installed.
    """
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    artefact = Artefact.open(folder, ONNX_KIND)
    config = read_config(artefact)
    parts = load_file(artefact.path(DECODER)) if artefact.path(DECODER).is_file() else {}
    runtime = need("onnxruntime")
    wish = runtime.SessionOptions()
    wish.log_severity_level = 3
    if threads:
        wish.intra_op_num_threads = threads
    session = runtime.InferenceSession(str(artefact.path(GRAPH)), wish, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(artefact.path(TOKENIZER)))
    weights = artefact.manifest["files"][GRAPH]
    decoder = make_decoder(config, parts, nested=nested)
    return Tagger(config, tokenizer, onnx_forward(session), decoder, least=least, weights=weights)


def onnx_forward(session: Any) -> Forward:
    """A session as a function of packed batches (padded for it, and packed again)."""

    def forward(packed: Packed) -> NDArray[np.float32]:
        ids, mask = _padded(packed.ids, packed.lengths, 0)
        shapes, _ = _padded(packed.shapes, packed.lengths, NO_SHAPE)
        (scores,) = session.run(["scores"], {"ids": ids, "mask": mask.astype(np.int64), "shapes": shapes})
        kept: NDArray[np.float32] = scores[mask][packed.rows]
        return kept

    return forward


def _padded(
    values: NDArray[np.int64], lengths: Sequence[int], fill: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """[windows, longest], and where it holds values."""
    mask = np.arange(max(lengths)) < np.array(lengths)[:, None]
    table = np.full(mask.shape, fill, np.int64)
    table[mask] = values
    return table, mask
