"""A toy world: words with random states; animals and towns also carry a direction, as do their names."""

import hashlib
import re

import numpy as np

from silversmith.candidates.base import Candidate
from silversmith.core import Document, Span
from silversmith.models.encode import Encoded

WIDTH = 24
KINDS = {
    "animal": ("otter", "heron", "lynx", "badger", "stoat", "adder"),
    "town": ("Bergen", "Porto", "Lyon", "Turku", "Ghent", "Sopron"),
    "tool": ("hammer", "chisel", "ladle", "sickle", "awl", "plane"),
}
FRAMES = (
    "We saw the {} near {} .",
    "{} was far from the {} today .",
    "A {} and one old {} were there .",
    "Nobody in the valley had a {} or {} .",
)


def _vector(word, size=WIDTH):
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "little")
    return np.random.default_rng(seed).normal(size=size) * 0.3


class ToyModel:
    """One piece a word. taps 1 and 2: word states with the kind's direction, weak and strong."""

    name, width = "toy", WIDTH

    def identity(self):
        return {"name": "toy"}

    def encode(self, texts, taps):
        return [self._one(text, taps) for text in texts]

    def _one(self, text, taps):
        pieces = [(m.start(), m.end(), m.group().lower()) for m in re.finditer(r"\w+|\S", text)]
        states = np.zeros((len(pieces), WIDTH), np.float32)
        for row, (_, _, word) in enumerate(pieces):
            states[row] = _vector(word)
            for kind, words in KINDS.items():
                if word in {one.lower() for one in words} | {kind}:
                    states[row] += _vector("kind " + kind) * 4
        offsets = np.array([one[:2] for one in pieces], np.int32).reshape(-1, 2)
        return Encoded(offsets, {tap: states * (0.5 * tap) for tap in taps})


class Words:
    """Proposes each word."""

    taps = ()
    name = "words"

    def identity(self):
        return {"name": "words"}

    def propose(self, document, encoded=None):
        kinds = {word for words in KINDS.values() for word in words}
        return [
            Candidate(m.start(), m.end(), ("word",), 0.9 if m.group() in kinds else 0.1)
            for m in re.finditer(r"\w+", document.text)
        ]


def annotated(count, seed=0, kinds=tuple(KINDS)):
    """Documents whose animals, towns and tools are marked."""
    draw = np.random.default_rng(seed)
    found = []
    for number in range(count):
        chosen = draw.choice(kinds, 2)
        words = [str(draw.choice(KINDS[kind])) for kind in chosen]
        text = FRAMES[number % len(FRAMES)].format(*words)
        spans = []
        for kind, word in zip(chosen, words, strict=True):
            spans += [Span(m.start(), m.end(), str(kind)) for m in re.finditer(rf"\b{word}\b", text)]
        found.append(Document(f"t{number}", text, tuple(set(spans))))
    return found
