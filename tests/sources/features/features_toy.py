"""A toy world: words of known kinds, a model whose states show the kind, one latent a dimension."""

import re
import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.sparse import csr_array

from silversmith.core import Document, Span
from silversmith.models.encode import Encoded

TYPES = ("DAY", "PERSON", "PLACE")
WORDS = {
    "PERSON": ["Ada", "Bob", "Carla", "Dmitri", "Emeka", "Fatima", "Greta", "Hiro", "Ines", "Jonas"],
    "PLACE": ["Lima", "Oslo", "Quito", "Rabat", "Sofia", "Tunis", "Vaduz", "Zagreb", "Cairo", "Dakar"],
    "DAY": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "O": ["Yesterday", "Nobody", "However", "Perhaps", "Later", "Indeed"],
}
KIND = {word: kind for kind, words in WORDS.items() for word in words}
PLACES = {"PERSON": 0, "PLACE": 1, "DAY": 2, "O": 3}
WIDTH = 24


def toy_documents(count, seed=0):
    """Documents of a few sentences; spans of the three types, two-word ones among them."""
    random = np.random.default_rng(seed)
    return [_document(f"toy-{seed}-{number}", random) for number in range(count)]


def _document(name, random):
    text, spans = "", []
    for _ in range(int(random.integers(2, 5))):
        for part in ("O", "PERSON", "met", "PERSON", "in", "PLACE", "on", "DAY"):
            text += " " if text else ""
            if part in WORDS:
                words = random.choice(WORDS[part], 2 if part == "PERSON" and random.random() < 0.4 else 1)
                start = len(text)
                text += " ".join(words)
                if part != "O":
                    spans.append(Span(start, len(text), part))
            else:
                text += part
        text += " ."
    return Document(name, text, tuple(spans))


class ToyModel:
    """Pieces of at most four letters; the first four dimensions show a word's kind, the rest its letters."""

    name, width = "toy", WIDTH

    def __init__(self, version="1"):
        self.version, self.calls = version, 0

    @property
    def sae(self):
        return ToySae()

    def identity(self):
        return {"name": self.name, "checksum": self.version}

    def encode(self, texts, taps=None):
        self.calls += 1
        return [self._one(text, taps or [1]) for text in texts]

    def _one(self, text, taps):
        places, states = [], []
        for match in re.finditer(r"\w+|[^\w\s]", text):
            for start in range(match.start(), match.end(), 4):
                places.append((start, min(start + 4, match.end())))
                states.append(toy_state(KIND.get(match.group()), text[start : start + 4]))
        offsets = np.array(places, np.int32).reshape(-1, 2)
        rows = np.array(states, np.float32).reshape(-1, WIDTH)
        return Encoded(offsets, dict.fromkeys(taps, rows))


@cache
def toy_state(kind, piece):
    """The state of a piece of a word of some kind."""
    random = np.random.default_rng(zlib.crc32(piece.encode("utf-8", "surrogatepass")))
    state = random.normal(0, 1, WIDTH)
    state[:4] = random.normal(-0.5, 0.3, 4)
    if kind is not None:
        state[PLACES[kind]] += 3.0
    return state


class ToySae:
    """Each dimension is a latent: its positive part."""

    name, tap, d_sae = "toy-sae", 1, WIDTH

    def __init__(self, version="1"):
        self.version = version
        self.source = {"neuronpedia": "toy/1-sae"}

    def identity(self):
        return {"name": self.name, "tap": self.tap, "sha256": self.version}

    def encode(self, x):
        return csr_array(np.maximum(np.asarray(x, np.float32), 0))


@dataclass(frozen=True)
class Found:
    start: int
    end: int
    origins: tuple = ("capitals",)
    mention: float | None = None


class Capitals:
    """Runs of at most three capitalised words."""

    name = "capitals"

    def propose(self, document, encoded):
        found = set()
        for match in re.finditer(r"\b[A-Z]\w*(?: [A-Z]\w*)*", document.text):
            words = [
                (match.start() + one.start(), match.start() + one.end())
                for one in re.finditer(r"\w+", match.group())
            ]
            found.update(
                (words[i][0], words[j][1])
                for i in range(len(words))
                for j in range(i, min(i + 3, len(words)))
            )
        return [Found(a, b, mention=0.9 if b - a > 3 else 0.2) for a, b in sorted(found)]
