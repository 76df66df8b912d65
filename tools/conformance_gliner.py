"""`make conformance`: the source that wraps GLiNER, with the real library and its own transformers.

Makes its own environment (build/conformance-gliner), builds a tiny GLiNER with random weights, and compares
our votes with what its `predict_entities` gives: spans, names, scores; exit code 1 on a difference.

    python tools/conformance_gliner.py [--venv FOLDER]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "benchmarks")]
PACKAGES = ("torch==2.13.0", "gliner==0.2.29")
ENCODER_SIZES = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "vocab_size": 31000, "max_position_embeddings": 128, "position_buckets": 32,
}  # fmt: skip
SIZES = {"max_width": 4, "hidden_size": 32, "dropout": 0.0, "max_types": 5, "max_len": 64}
NAMES = {"person": "PER", "city": "LOC"}
TEXTS = (
    "Ada Lovelace met Bob in Oslo, then in Zürich.",
    "The river bank of Lima was closed on Monday; nobody came.",
    "",
    "  \n ",
    "Greta Müller visited New York — and São Paulo 🙂 with Bob.",
)


def main() -> int:
    """Make the environment if need be, and compare inside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "conformance-gliner")
    parser.add_argument("--pip-flags", default="", help="more options of pip install, in one word")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return compare()
    from conformance import make_environment

    python = make_environment(options.venv, PACKAGES, options.pip_flags.split())
    return subprocess.run([str(python), __file__, "--inside"], check=False).returncode


def compare() -> int:
    """Votes against the library's own answers, at thresholds that let many and few spans through."""
    from silversmith.core import Document
    from silversmith.integrations.pipelines import OtherModel
    from silversmith.silver.overlaps import resolve

    model = tiny()
    spans = wrong = 0
    for threshold in (0.3, 0.5, 0.55):
        source = OtherModel.of_gliner(model, NAMES, threshold)
        documents = [Document(f"d{n}", text) for n, text in enumerate(TEXTS)]
        for document, votes in zip(documents, source.label(documents), strict=True):
            given = (
                model.predict_entities(document.text, list(NAMES), threshold=threshold)
                if document.text.strip()
                else []
            )
            kept = resolve([(one["start"], one["end"]) for one in given], [one["score"] for one in given])
            theirs = [
                (one["start"], one["end"], NAMES[one["label"]], round(one["score"], 6))
                for one in (given[at] for at in kept)
            ]
            ours = [
                (one.start, one.end, one.span().label, round(one.span().score or 0.0, 6)) for one in votes
            ]
            slices = [one["text"] == document.text[one["start"] : one["end"]] for one in given]
            spans += len(ours)
            wrong += sorted(ours) != sorted(theirs) or not all(slices)
    print(f"GLiNER: {spans} spans of {len(TEXTS)} texts at 3 thresholds compared, {wrong} answers differ")
    return 1 if wrong or not spans else 0


def tiny() -> Any:
    """A small GLiNER with random weights and a tokenizer of words."""
    import torch
    from gliner import GLiNER
    from other_taggers import ENCODER, SMALL
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    torch.manual_seed(0)
    words = sorted({word for text in TEXTS for word in text.split()})
    known = {word: n for n, word in enumerate(["[PAD]", "[CLS]", "[SEP]", "[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(known, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    with tempfile.TemporaryDirectory() as room:
        fast = PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
            unk_token="[UNK]",
        )  # fmt: skip
        fast.save_pretrained(room)
        config = {**SMALL, **SIZES, "model_name": room, "encoder_config": {**ENCODER, **ENCODER_SIZES}}
        model = GLiNER.from_config(config, backbone_from_pretrained=False)
    return model.eval()


if __name__ == "__main__":
    sys.exit(main())
