"""The student without a network: a conditional random field on hand-made features of words.

Trained by python-crfsuite (extra `crf`); its weights are kept as plain arrays, so that tagging needs numpy
only, and decoded by the same chain as the network's tags. Sentences are its sequences.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Artefact, Document, ModelError, Vote, blocks, write_artefact
from silversmith.tagger.corpus import check_silver
from silversmith.tagger.decoders import TagDecoder
from silversmith.tagger.export.onnx_export import need
from silversmith.tagger.options import TrainOptions
from silversmith.tagger.reading import word_spans
from silversmith.tagger.tags import TagSet
from silversmith.tagger.word_features import word_features
from silversmith.text import split_sentences, split_words

__all__ = ["CRF_KIND", "CrfTagger", "train_crf"]

CRF_KIND = "tagger-crf"
Scores = NDArray[np.float32]


class CrfTagger:
    """features: name -> row of weights float32 [features, K]. least: the least probability of a span."""

    name = "tagger"

    def __init__(
        self,
        labels: Sequence[str],
        features: dict[str, int],
        weights: Scores,
        transitions: Scores,
        *,
        least: float = 0.0,
        checksum: str = "",
    ) -> None:
        self.labels, self.features, self.weights, self.checksum = tuple(labels), features, weights, checksum
        self.decoder = TagDecoder(TagSet(self.labels), transitions)
        self.least, self.uncovered = least, 0

    @classmethod
    def open(cls, folder: Path | str, *, least: float = 0.0) -> CrfTagger:
        """The tagger in a folder that `train --encoder crf` wrote. Raises ModelError A001 to A004, K030."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        artefact = Artefact.open(folder, CRF_KIND)
        try:
            config = json.loads(artefact.path("tagger.json").read_text(encoding="utf-8"))
            names = artefact.path("features.txt").read_text(encoding="utf-8").split("\n")
            arrays = load_file(artefact.path("weights.safetensors"))
            features = {name: number for number, name in enumerate(names)}
            parts = arrays["weights"], arrays["transitions"]
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise ModelError("K030", f"no tagger of this version: {error}", path=folder) from error
        made = artefact.manifest["files"]["weights.safetensors"]
        return cls(config["labels"], features, *parts, least=least, checksum=made)

    def identity(self) -> dict[str, Any]:
        """What must be equal for two taggers to give the same spans."""
        return {"name": "crf", "weights": self.checksum, "labels": list(self.labels)}

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """Votes of each document, in order: one a span, with the probability of every label."""
        for block in blocks(documents):
            for document in block:
                yield self._votes(document)

    def tag(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents with the spans found instead of their own."""
        for document in documents:
            yield document.with_spans(vote.span() for vote in self._votes(document))

    def scores(self, text: str, words: Sequence[tuple[int, int]]) -> Scores:
        """Log scores float32 [words, K] of one sentence."""
        found = np.zeros((len(words), self.weights.shape[1]), np.float32)
        for place, names in enumerate(word_features(text, words)):
            rows = [self.features[name] for name in names if name in self.features]
            found[place] = self.weights[rows].sum(0)
        return found

    def _votes(self, document: Document) -> list[Vote]:
        sentences = _sentences(document.text)
        found = self.decoder.found([self.scores(document.text, words) for words in sentences])
        return [
            Vote(document.id, words[first][0], words[last - 1][1], p, self.name)
            for words, spans in zip(sentences, found, strict=True)
            for first, last, p in spans
            if max(p.values()) >= self.least
        ]


def train_crf(
    documents: Sequence[Document],
    out: Path | str,
    options: TrainOptions,
    *,
    labels: Sequence[str] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Train on documents and write the folder; facts of the run. steps: most rounds of L-BFGS.

    Raises DataError K020 to K023, ConfigError K050 if python-crfsuite isn't installed.
    """
    from safetensors.numpy import save_file

    crfsuite = need("pycrfsuite")
    tags = TagSet(check_silver(documents, labels))
    trainer = crfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params({"c1": 0.05, "c2": 0.05, "max_iterations": options.steps})
    silver = _fill(trainer, documents, tags)
    with tempfile.TemporaryDirectory(prefix="silversmith-") as room:
        path = str(Path(room) / "model")
        trainer.train(path)
        tagger = crfsuite.Tagger()
        tagger.open(path)
        features, weights, transitions = _arrays(tagger.info(), tags)
    facts = {
        "loss": "crf",
        "why": "the CRF has one loss",
        "steps": options.steps,
        "best": {},
        "silver": silver,
    }
    with write_artefact(out, CRF_KIND, result=facts, **fields) as aside:
        save_file({"weights": weights, "transitions": transitions}, aside / "weights.safetensors")
        (aside / "features.txt").write_text("\n".join(features), encoding="utf-8")
        config = json.dumps({"labels": list(tags.labels)}, ensure_ascii=False) + "\n"
        (aside / "tagger.json").write_text(config, encoding="utf-8")
    return facts


def _fill(trainer: Any, documents: Sequence[Document], tags: TagSet) -> dict[str, Any]:
    """Give every sentence to the trainer; what was trained on."""
    facts: dict[str, Any] = {
        "documents": len(documents),
        "held_out": 0,
        "words": 0,
        "widened": 0,
        "left_out": 0,
    }
    spans = dict.fromkeys(tags.labels, 0)
    for document in documents:
        words = np.asarray(split_words(document.text), np.int32).reshape(-1, 2)
        flat, widened, left_out = word_spans(document, words)
        names = [tags.names[one] for one in tags.encode(len(words), flat)]
        begin = 0
        for sentence in _sentences(document.text):
            trainer.append(word_features(document.text, sentence), names[begin : begin + len(sentence)])
            begin += len(sentence)
        facts["words"] += len(words)
        facts["widened"], facts["left_out"] = facts["widened"] + widened, facts["left_out"] + left_out
        for _, _, label in flat:
            spans[label] += 1
    return facts | {"spans": spans}


def _sentences(text: str) -> list[list[tuple[int, int]]]:
    """The words of each sentence."""
    words = split_words(text)
    found, begin = [], 0
    for _, end in split_sentences(text, words):
        last = begin
        while last < len(words) and words[last][1] <= end:
            last += 1
        found.append(words[begin:last])
        begin = last
    return found


def _arrays(info: Any, tags: TagSet) -> tuple[list[str], Scores, Scores]:
    """Feature names, weights [features, K] and transitions [K, K] of a crfsuite model.

    A tag that the model never saw follows the rest at a price, and is never chosen by features.
    """
    place = {name: number for number, name in enumerate(tags.names)}
    names = sorted({feature for feature, _ in info.state_features})
    row = {name: number for number, name in enumerate(names)}
    weights = np.zeros((len(names), len(tags)), np.float32)
    for (feature, tag), weight in info.state_features.items():
        weights[row[feature], place[tag]] = weight
    transitions = np.zeros((len(tags), len(tags)), np.float32)
    seen = [place[name] for name in info.labels]
    unseen = np.setdiff1d(np.arange(len(tags)), seen)
    transitions[:, unseen] = transitions[unseen, :] = -20.0
    for (one, other), weight in info.transitions.items():
        transitions[place[one], place[other]] = weight
    return names, weights, transitions
