"""Export to ONNX, in 32-bit floats or with 8-bit weights; it runs with onnxruntime and tokenizers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from silversmith.core import Artefact, ConfigError, write_artefact
from silversmith.tagger.export.graph import build_graph
from silversmith.tagger.export.weights import read_weights
from silversmith.tagger.store import CONFIG, KIND, TOKENIZER, WEIGHTS, read_config
from silversmith.tagger.tagger import DECODED

__all__ = ["ONNX_KIND", "export_onnx", "need"]

ONNX_KIND = "tagger-onnx"
GRAPH, DECODER = "model.onnx", "decoder.safetensors"


def export_onnx(tagger: Path | str, out: Path | str, *, int8: bool = False, **fields: Any) -> None:
    """Write the tagger's ONNX folder (aside, then renamed: an older one stays if anything fails).

    int8: weights of the matrix products in 8 bits, activations quantised as they come (dynamic).
    Raises ModelError A001 to A004 the tagger, ConfigError K050 onnx or onnxruntime isn't installed.
    """
    onnx = need("onnx")
    artefact = Artefact.open(tagger, KIND)
    config = read_config(artefact)
    weights = read_weights(artefact)
    model = build_graph(weights, config["trunk"])
    source = {"tagger": artefact.manifest["files"][WEIGHTS]}
    with write_artefact(
        out, ONNX_KIND, source=source, precision="int8" if int8 else "fp32", **fields
    ) as aside:
        if int8:
            _quantise(model, aside / GRAPH)
        else:
            onnx.save_model(model, str(aside / GRAPH))
        shutil.copyfile(artefact.path(TOKENIZER), aside / TOKENIZER)
        text = json.dumps(config, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (aside / CONFIG).write_text(text, encoding="utf-8")
        parts = {name: np.ascontiguousarray(weights[name]) for name in DECODED if name in weights}
        if parts:
            from safetensors.numpy import save_file

            save_file(parts, aside / DECODER)


def need(name: str) -> Any:
    """An optional library. Raises ConfigError K050 if it isn't installed."""
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        package = {"onnx": "onnx", "onnxruntime": "onnx", "pycrfsuite": "crf", "spacy": "spacy"}[
            name.partition(".")[0]
        ]
        raise ConfigError(
            "K050", f"{name} isn't installed", remedy=f"pip install 'silversmith[{package}]'"
        ) from None


def _quantise(model: Any, path: Path) -> None:
    """8-bit weights, one scale a column; 7 bits of them, for processors whose 8-bit sums saturate."""
    import logging

    quantization = need("onnxruntime.quantization")
    before = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it recommends a pre-processing step that is done here already
    try:
        quantization.quantize_dynamic(
            model, str(path), per_channel=True, reduce_range=True, op_types_to_quantize=["MatMul", "Gather"]
        )
    finally:
        logging.root.setLevel(before)
