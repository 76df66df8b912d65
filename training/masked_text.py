"""The open text as rows of word pieces: what training/train_masked.py reads, prepared once and kept.

A row is one sentence, or consecutive sentences of a paragraph up to a limit: mining asks about single
sentences, and passages teach more. Some documents of every source are held out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from corpus import open_text
from silversmith.text.sentences import split_sentences

__all__ = ["SPECIALS", "Rows", "Text", "make_rows", "prepare"]

SPECIALS = {"unknown": "[UNK]", "start": "[CLS]", "end": "[SEP]", "mask": "[MASK]"}
LONGEST, SHORTEST = 126, 4
"""Pieces of a row, without its frame."""
HELD_OUT = 0.012
KINDS = {
    "wikipedia-film": "encyclopedia",
    "wikipedia-2014": "encyclopedia",
    "gum-wiki": "encyclopedia",
    "xquad-wiki": "encyclopedia",
    "factbook": "encyclopedia",
    "openstax-microbiology": "biomedical",
    "openstax-anatomy": "biomedical",
    "openstax-nursing": "biomedical",
    "plos": "biomedical",
    "craft": "biomedical",
    "oastm-bio": "biomedical",
    "pubmedqa": "biomedical",
    "oastm-science": "science",
    "openstax": "textbook",
    "senate-press": "news",
    "gum-news": "news",
    "contracts": "legal",
    "dc-code": "legal",
    "inaugural": "speeches",
    "state-union": "speeches",
    "sherlock-holmes": "books",
    "moby-dick": "books",
    "pride-prejudice": "books",
    "se": "questions and answers",
    "ewt-answers": "questions and answers",
    "ewt-reviews": "reviews",
    "ewt-weblog": "weblog",
    "ewt-email": "email",
    "18f-blog": "government blog",
    "rust-book": "technical docs",
    "recipes": "recipes",
    "gum-voyage": "travel",
}
"""Source, or the beginning of its name -> kind of text."""


class Text:
    """Sentences as pieces. pieces: uint16, all of them; sentences: int64 [sentences, 4], each one's start in
    `pieces`, paragraph, kind, and whether it is held out; ends: int64; kept: the tokenizer's id of each
    piece of ours; counts: how often each occurs in the training part."""

    def __init__(self, folder: Path) -> None:
        arrays = {name: np.load(folder / f"{name}.npy") for name in ("pieces", "sentences", "kept", "counts")}
        self.pieces, self.sentences, self.kept, self.counts = arrays.values()
        facts = json.loads((folder / "text.json").read_text())
        self.kinds: list[str] = facts["kinds"]
        self.specials: dict[str, int] = facts["specials"]
        self.ends = np.append(self.sentences[1:, 0], len(self.pieces))


class Rows:
    """Rows [start, end) of `Text.pieces`, int64 [rows, 2]; kinds: int64 [rows]."""

    def __init__(self, bounds: NDArray[np.int64], kinds: NDArray[np.int64]) -> None:
        self.bounds, self.kinds = bounds, kinds

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Pieces of each row, without the frame."""
        return self.bounds[:, 1] - self.bounds[:, 0]


def kind_of(source: str) -> str:
    """The kind of a source: the longest name that it begins with."""
    return KINDS[max((name for name in KINDS if source.startswith(name)), key=len)]


def kept_pieces(tokenizer: Tokenizer) -> list[int]:
    """Ids of the pieces that the model knows: special ones, and all of Latin or Greek letters and signs."""
    names = {number: piece for piece, number in tokenizer.get_vocab().items()}
    first = [tokenizer.token_to_id(piece) for piece in SPECIALS.values()]
    plain = [number for number, piece in sorted(names.items()) if _plain(piece)]
    return [*first, *(number for number in plain if number not in first)]


def _plain(piece: str) -> bool:
    if piece.startswith(("[", "<")) and len(piece) > 1:
        return False
    letters = piece.removeprefix("##")
    return all(ord(one) < 0x400 or 0x2000 <= ord(one) < 0x2300 for one in letters)


def prepare(text: Path, tokenizer: Tokenizer, folder: Path) -> Text:
    """The text as pieces, from `folder` if it was prepared before."""
    facts = {"text": _names(text), "tokenizer": hashlib.sha256(tokenizer.to_str().encode()).hexdigest()}
    done = folder / "text.json"
    if done.is_file() and json.loads(done.read_text())["made_of"] == facts:
        return Text(folder)
    folder.mkdir(parents=True, exist_ok=True)
    kept = np.array(kept_pieces(tokenizer))
    own = np.zeros(tokenizer.get_vocab_size(), np.uint16)  # 0 is [UNK]
    own[kept] = np.arange(len(kept))
    kinds = list(dict.fromkeys(KINDS.values()))
    pieces: list[NDArray[np.uint16]] = []
    sentences: list[tuple[int, int, int, int]] = []
    place = 0
    for ids, paragraph, kind, held in _sentences(text, tokenizer):
        sentences.append((place, paragraph, kinds.index(kind), held))
        pieces.append(own[ids])
        place += len(ids)
    rows, joined = np.array(sentences, np.int64), np.concatenate(pieces)
    trained = np.repeat(rows[:, 3] == 0, np.diff(np.append(rows[:, 0], place)))
    counts = np.bincount(joined[trained], minlength=len(kept))
    for name, array in (("pieces", joined), ("sentences", rows), ("kept", kept), ("counts", counts)):
        np.save(folder / f"{name}.npy", array)
    specials = {name: int(own[tokenizer.token_to_id(piece)]) for name, piece in SPECIALS.items()}
    done.write_text(json.dumps({"made_of": facts, "kinds": kinds, "specials": specials}, indent=1) + "\n")
    return Text(folder)


def _names(text: Path) -> list[list[Any]]:
    return [[path.name, path.stat().st_size] for path in sorted(text.glob("*.jsonl.xz"))]


def _sentences(text: Path, tokenizer: Tokenizer) -> Iterator[tuple[list[int], int, str, int]]:
    """(pieces, number of the paragraph, kind, held out) of every sentence."""
    held = _held_out(text)
    paragraph = 0
    group: list[tuple[str, int, str, int]] = []
    for document in open_text(text):
        found = document["text"]
        kind = kind_of(document["source"])
        last = 0
        for start, end in split_sentences(found):
            paragraph += start == 0 or "\n" in found[last:start]
            group.append((found[start:end], paragraph, kind, int(document["id"] in held)))
            last = end
        if len(group) > 4096:
            yield from _encoded(group, tokenizer)
            group = []
    yield from _encoded(group, tokenizer)


def _encoded(
    group: list[tuple[str, int, str, int]], tokenizer: Tokenizer
) -> Iterator[tuple[list[int], int, str, int]]:
    encodings = tokenizer.encode_batch_fast([one[0] for one in group], add_special_tokens=False)
    for encoding, (_, *rest) in zip(encodings, group, strict=True):
        if encoding.ids:
            yield encoding.ids, *rest  # type: ignore[misc]


def _held_out(text: Path) -> set[str]:
    """Ids of the documents that are held out: of every source a share, at least two."""
    sources: dict[str, list[str]] = {}
    for document in open_text(text):
        sources.setdefault(document["source"], []).append(document["id"])
    held: set[str] = set()
    for ids in sources.values():
        count = max(2, round(HELD_OUT * len(ids)))
        held.update(sorted(ids, key=lambda one: hashlib.sha256(one.encode()).hexdigest())[:count])
    return held


def make_rows(text: Text, *, held: bool, single: float, seed: int) -> Rows:
    """Rows of the training or the held-out part. single: share of rows that are one sentence."""
    rng = np.random.default_rng([seed, int(held)])
    bounds: list[tuple[int, int]] = []
    kinds: list[int] = []
    last, limit = -1, 0
    chosen = text.sentences[:, 3] == held
    ends = text.ends[chosen].tolist()
    for (start, paragraph, kind, _), end in zip(text.sentences[chosen].tolist(), ends, strict=True):
        joins = paragraph == last and bounds and end - bounds[-1][0] <= limit and bounds[-1][1] == start
        if joins:
            bounds[-1] = (bounds[-1][0], end)
            continue
        limit = 0 if rng.random() < single else int(rng.choice([64, LONGEST]))
        last = paragraph
        for begin in range(start, end, LONGEST):
            bounds.append((begin, min(end, begin + LONGEST)))
            kinds.append(kind)
    whole, named = np.array(bounds, np.int64), np.array(kinds, np.int64)
    long = whole[:, 1] - whole[:, 0] >= SHORTEST
    return Rows(whole[long], named[long])
