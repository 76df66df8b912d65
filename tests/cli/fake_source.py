"""A source that needs no model: capitalised words are spans. It stands in for `open_features`."""

import math
import os
import re
import sys
import time
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from silversmith.core import Evidence, Leaf, Vote
from silversmith.models.encode import Encoded

HERE = Path(__file__).parent
TYPES = ("LOC", "ORG", "PER")
PROGRAM = """
import sys
sys.path.insert(0, {here!r})
import fake_source
import silversmith.sources.features.opening as opening
opening.open_features = fake_source.open_fake
from silversmith.cli.main import run
run(sys.argv[1:])
"""


class Fake:
    """Labels by the first letter of a word; slowly if FAKE_DELAY says so, and no further than FAKE_STOP."""

    name = "fake"

    def __init__(self, threshold=0.5, nested=False):
        self.uncovered, self.threshold, self.nested = 0, threshold, nested

    def label(self, documents):
        for document in documents:
            time.sleep(float(os.environ.get("FAKE_DELAY", 0)))
            if document.id == os.environ.get("FAKE_STOP"):
                raise KeyboardInterrupt
            spans = [match.span() for match in re.finditer(r"\b[A-Z]\w+(?: [A-Z]\w+)*", document.text)]
            votes = [self._vote(document, *span) for span in spans]
            yield [vote for vote in votes if vote.label != "O" and vote.probability >= self.threshold]

    def type_spans(self, documents, *, outside=False):
        for document in documents:
            yield [self._vote(document, span.start, span.end) for span in document.spans]

    def explain(self, document, vote):
        scores = self._scores(document.text[vote.start : vote.end])
        size = math.log(sum(map(math.exp, scores.values())))
        leaves = (
            Leaf("first letter", {label: value - 0.25 for label, value in scores.items()}, {"value": 1.0}),
            Leaf("bias", dict.fromkeys(scores, 0.25)),
        )
        return Evidence(leaves, dict.fromkeys(scores, -size), ({"kind": "rule", "text": "a capital letter"},))

    def _vote(self, document, start, end):
        scores = self._scores(document.text[start:end])
        size = sum(map(math.exp, scores.values()))
        chances = {label: math.exp(scores[label]) / size for label in TYPES}
        return Vote(document.id, start, end, chances, self.name)

    def _scores(self, text):
        best = TYPES[ord(text[0]) % 3] if text[0].isupper() else "O"
        return {label: 3.0 if label == best else 0.1 * n for n, label in enumerate((*TYPES, "O"))}


def open_fake(mapping, model=None, candidates=None, *, threshold=None, nested=False, **reading):
    """In place of silversmith.sources.features.opening.open_features."""
    return Fake(0.5 if threshold is None else threshold, nested)


def command(*words, **environment):
    """The command line with the fake source, as a list for subprocess, and its environment."""
    program = PROGRAM.format(here=str(HERE))
    return [sys.executable, "-c", program, *map(str, words)], {**os.environ, **environment}


class TinyModel:
    """A language model in name: the state of a word is what its letters look like, and its latents too."""

    name, width, tap, d_sae, taps = "tiny", 16, 1, 16, ()

    @property
    def sae(self):
        return self

    def identity(self):
        return {"name": self.name}

    def encode(self, texts, taps=None):
        if isinstance(texts, np.ndarray):
            return csr_array(texts)
        return [self._encoded(text) for text in texts]

    def _encoded(self, text):
        places = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
        states = np.zeros((len(places), self.width), np.float32)
        for row, (start, end) in enumerate(places):
            word = text[start:end]
            states[row, ord(word[0]) % 8] = 1.0
            states[row, 8 + min(len(word), 7)] = 0.5
        return Encoded(np.array(places, np.int32).reshape(-1, 2), {self.tap: states})


def tiny_parts(model, candidates):
    """In place of silversmith.sources.features.opening.load_parts."""
    from silversmith.candidates.union import preset

    return TinyModel(), preset(candidates)
