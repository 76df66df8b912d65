"""Tagger: a trained student that reads documents and votes for typed spans, streaming."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Artefact, Document, Evidence, Vote, blocks
from silversmith.models.encode import make_batches
from silversmith.tagger.decoders import Decoder, SpanDecoder, TagDecoder
from silversmith.tagger.reading import Reader, Reading
from silversmith.tagger.tags import TagSet
from silversmith.tagger.windows import Packed, pack, windows_of

__all__ = ["DECODED", "Forward", "Tagger", "make_decoder", "score_words", "torch_forward"]

Scores = NDArray[np.float32]
Forward = Callable[[Packed], Scores]
"""A packed batch -> log scores float32 [words, K]."""

CHUNK = 32
"""Documents decoded together."""


def score_words(
    readings: Sequence[Reading],
    forward: Forward,
    outputs: int,
    frame: tuple[int, int],
    window: int,
    overlap: int,
    budget: int,
) -> list[Scores]:
    """Log scores float32 [words, K] of each reading; every word from the window that shows it best."""
    found = [np.zeros((len(one.words), outputs), np.float32) for one in readings]
    for batch in make_batches(windows_of(readings, window, overlap), budget):
        packed = pack(batch, readings, frame)
        scores = forward(packed)
        for low, high in pairwise(packed.bounds):
            if low < high:
                owner, begin = packed.owners[low]
                found[owner][begin : begin + high - low] = scores[low:high]
    return found


class Tagger:
    """A tagger. labels: its types. least: the least probability of a span.

    uncovered: always 0, for every word is read. Documents are taken in blocks of 256, so memory does not
    grow with the corpus.
    """

    name = "tagger"

    def __init__(
        self,
        config: dict[str, Any],
        tokenizer: Any,
        forward: Forward,
        decoder: Decoder,
        *,
        least: float = 0.0,
        budget: int = 2048,
        weights: str = "",
    ) -> None:
        self.config, self.forward, self.decoder, self.weights = config, forward, decoder, weights
        self.reader = Reader(tokenizer)
        self.least, self.budget, self.uncovered = least, budget, 0

    @property
    def labels(self) -> tuple[str, ...]:
        """The types that it knows."""
        return tuple(self.config["labels"])

    def identity(self) -> dict[str, Any]:
        """What must be equal for two taggers to give the same spans."""
        return {"name": self.name, "weights": self.weights, "labels": list(self.labels)}

    @classmethod
    def open(cls, folder: Path | str, *, least: float = 0.0, nested: bool = False) -> Tagger:
        """The tagger in a folder that `train` wrote. nested: keep spans in spans, where it scores spans.

        Raises ModelError: A001 to A004 no such artefact or a damaged one, K030 of another version.
        """
        from tokenizers import Tokenizer

        from silversmith.tagger.store import KIND, TOKENIZER, WEIGHTS, read_config, read_network

        artefact = Artefact.open(folder, KIND)
        config, network = read_config(artefact), read_network(artefact)
        parts = {name: one.numpy() for name, one in network.state_dict().items() if name in DECODED}
        tokenizer = Tokenizer.from_file(str(artefact.path(TOKENIZER)))
        weights = artefact.manifest["files"][WEIGHTS]
        decoder = make_decoder(config, parts, nested=nested)
        return cls(config, tokenizer, torch_forward(network), decoder, least=least, weights=weights)

    def scores(self, readings: Sequence[Reading]) -> list[Scores]:
        """What the network says of each word, float32 [words, outputs] a reading."""
        config = self.config
        frame = (config["frame"][0], config["frame"][1])
        return score_words(
            readings,
            self.forward,
            self.decoder.outputs,
            frame,
            config["window"],
            config["overlap"],
            self.budget,
        )

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """Votes of each document, in order: one a span, with the probability of every label."""
        for block in blocks(documents):
            readings = self.reader([one.text for one in block])
            scores = self.scores(readings)
            for begin in range(0, len(block), CHUNK):
                part = slice(begin, begin + CHUNK)
                found = self.decoder.found(scores[part])
                for document, reading, spans in zip(block[part], readings[part], found, strict=True):
                    yield [
                        Vote(
                            document.id,
                            int(reading.words[first, 0]),
                            int(reading.words[last - 1, 1]),
                            p,
                            self.name,
                        )
                        for first, last, p in spans
                        if max(p.values()) >= self.least
                    ]

    def tag(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents with the spans found (probability as score) instead of their own."""
        for block in blocks(documents):
            for document, votes in zip(block, self.label(block), strict=True):
                yield document.with_spans(vote.span() for vote in votes)

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """A network gives no reasons: raises NotImplementedError."""
        raise NotImplementedError("a tagger has no evidence; explain the source of its silver")


DECODED = ("transitions", "size.weight", "last.weight", "last.bias")
"""Weights that a decoder needs."""


def make_decoder(config: dict[str, Any], parts: dict[str, Scores], *, nested: bool = False) -> Decoder:
    """The decoder of a configuration. parts: those of DECODED that there are."""
    if config.get("head") == "spans":
        size, weight, bias = (parts[name] for name in DECODED[1:])
        return SpanDecoder(config["labels"], size, weight, bias, nested=nested)
    return TagDecoder(TagSet(tuple(config["labels"])), parts.get("transitions"))


def torch_forward(network: Any, device: str = "cpu") -> Forward:
    """The network as a function of packed batches."""
    import torch

    def forward(packed: Packed) -> Scores:
        ids, shapes, rows = (
            torch.from_numpy(one).to(device) for one in (packed.ids, packed.shapes, packed.rows)
        )
        with torch.inference_mode():
            scores: Scores = network(ids, packed.lengths, shapes, rows).float().cpu().numpy()
        return scores

    return forward
