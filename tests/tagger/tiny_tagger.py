"""A tiny random encoder with a word-piece tokenizer, and documents whose labels can be learned."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from silversmith.core import Document, Span
from silversmith.models.trunk import Trunk, TrunkConfig
from silversmith.tagger.encoders import Encoder

NAMES = ["Ada", "Byron", "Clara", "Dorothea", "Emil", "Fanny"]
PLACES = ["Bern", "Lima", "Oslo", "New Delhi", "Quito", "San Remo"]
VERBS = ["visited", "left", "saw", "painted", "likes"]
PIECES = ["ad", "##a", "by", "##ron", "cla", "##ra", "doro", "##thea", "emil", "fanny", "bern", "lima"]
PIECES += ["oslo", "new", "delhi", "quito", "san", "remo", *VERBS, "and", ".", ",", "the", "town", "of"]


def tiny_tokenizer() -> Tokenizer:
    vocabulary = {name: place for place, name in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *PIECES])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def tiny_encoder(seed: int = 0, *, relative: bool = True) -> Encoder:
    torch.manual_seed(seed)
    shape = TrunkConfig(vocabulary=60, width=24, heads=3, inner=40, blocks=2, positions=70)
    trunk = Trunk(shape).eval()
    if not relative:
        torch.nn.init.zeros_(trunk.relative.weight)
    return Encoder(trunk, tiny_tokenizer(), (2, 3), "mpnet" if relative else "bert", {"name": "tiny"})


def sentence(rng: random.Random) -> tuple[str, list[Span]]:
    parts = [(rng.choice(NAMES), "PER"), (rng.choice(VERBS), ""), (rng.choice(PLACES), "LOC"), (".", "")]
    text, spans = "", []
    for word, label in parts:
        text += " " if text else ""
        if label:
            spans.append(Span(len(text), len(text) + len(word), label))
        text += word
    return text, spans


def tiny_documents(count: int, seed: int = 0, sentences: int = 2) -> list[Document]:
    rng = random.Random(seed)
    found = []
    for number in range(count):
        text, spans = "", []
        for _ in range(sentences):
            more, marked = sentence(rng)
            begin = len(text) + bool(text)
            text += (" " if text else "") + more
            spans += [Span(begin + one.start, begin + one.end, one.label) for one in marked]
        found.append(Document(f"d{number}", text, tuple(spans)))
    return found


def long_document(sentences: int = 60) -> Document:
    (one,) = tiny_documents(1, 5, sentences)
    return one


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
