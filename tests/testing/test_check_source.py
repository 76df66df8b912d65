"""The battery itself: a right source passes, and each way of being wrong is seen."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from silversmith.core import Artefact, ConfigError, Document, Evidence, Leaf, Vote, blocks, write_artefact
from silversmith.testing import NASTY, check_source, nasty_documents

CAPITAL = re.compile(r"[A-Z][a-z]+")
P = {"NAME": 0.75, "OTHER": 0.125}


class Capitals:
    """Every capitalised word is a NAME: the smallest right source."""

    name: ClassVar[str] = "capitals"

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        for block in blocks(documents):
            yield from [self.votes(document) for document in block]

    def votes(self, document: Document) -> list[Vote]:
        found = CAPITAL.finditer(document.text)
        return [Vote(document.id, one.start(), one.end(), P, self.name) for one in found]

    def explain(self, document: Document, vote: Vote) -> Evidence:
        chances = {**P, "O": 0.125}
        leaves = (Leaf("capital", {"NAME": 1.5, "O": -0.5}), Leaf("bias", {"NAME": 0.25}))
        score = {"NAME": 1.75, "OTHER": 0.0, "O": -0.5}
        return Evidence(leaves, {name: math.log(p) - score[name] for name, p in chances.items()})


class Blanks(Capitals):
    def votes(self, document):
        return [Vote(document.id, 0, len(document), P, self.name)] if document.text else []


class TooLong(Capitals):
    def votes(self, document):
        return [Vote(document.id, 0, len(document) + 1, P, self.name)] if document.text == "I" else []


class OtherId(Capitals):
    def votes(self, document):
        return [Vote("x", one.start, one.end, P, self.name) for one in super().votes(document)]


class OtherName(Capitals):
    def votes(self, document):
        return [Vote(document.id, one.start, one.end, P, "x") for one in super().votes(document)]


class Finds(Capitals):
    def votes(self, document):
        return []


class Skips(Capitals):
    def label(self, documents):
        return (votes for votes in super().label(documents) if votes)


class Shuffles(Capitals):
    def label(self, documents):
        for block in blocks(documents):
            yield from [self.votes(document) for document in reversed(block)]


class Greedy(Capitals):
    def label(self, documents):
        yield from [self.votes(document) for document in list(documents)]


class Moody(Capitals):
    calls = 0

    def votes(self, document):
        self.calls += 1
        return super().votes(document)[self.calls > 40 :]


class ByPlace(Capitals):
    """Its probabilities depend on the place in the block."""

    def label(self, documents):
        for block in blocks(documents):
            for place, document in enumerate(block):
                p = {"NAME": 0.75 - 1e-4 * place / 256, "OTHER": 0.125}
                yield [
                    Vote(one.document_id, one.start, one.end, p, self.name) for one in self.votes(document)
                ]


class NoLeaves(Capitals):
    def explain(self, document, vote):
        return Evidence((), {"NAME": math.log(0.75)})


class Off(Capitals):
    def explain(self, document, vote):
        right = super().explain(document, vote)
        return Evidence(right.leaves, {**right.calibration, "NAME": right.calibration["NAME"] + 1e-6})


class Unexplained(Capitals):
    def explain(self, document, vote):
        right = super().explain(document, vote)
        return Evidence(right.leaves, {"OTHER": right.calibration["OTHER"]})


class Nameless(Capitals):
    name = ""


def save(source: Capitals, folder: Path) -> None:
    with write_artefact(folder, "capitals") as aside:
        (aside / "p.json").write_text(json.dumps(P))


def load(folder: Path) -> Capitals:
    Artefact.open(folder, "capitals")
    return Capitals()


def refuse() -> None:
    raise ConfigError("C010", "there is no model")


def test_a_right_source_passes(tmp_path):
    check_source(Capitals, save=save, load=load, folder=tmp_path, missing={"the model": refuse})


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (Blanks, "begins or ends with a blank"),
        (TooLong, "outside the text"),
        (OtherId, "its document_id is 'x'"),
        (OtherName, "its source is 'x'"),
        (Finds, "finds nothing"),
        (Skips, "lists of votes"),
        (Shuffles, "document_id"),
        (Greedy, "before the first votes"),
        (Moody, "a second run gives other votes"),
        (ByPlace, "the probability of NAME differs"),
        (NoLeaves, "without leaves"),
        (Off, "evidence for NAME adds up"),
        (Unexplained, "no evidence for its label"),
        (Nameless, "it is no Source"),
        (object, "it is no Source"),
    ],
)
def test_each_fault_is_seen(wrong, complaint):
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        check_source(wrong)


def test_probabilities_changed_behind_the_back_of_vote_are_seen():
    class Inflated(Capitals):
        def votes(self, document):
            found = super().votes(document)
            for one in found:
                object.__setattr__(one, "probabilities", {"NAME": 0.9, "OTHER": 0.2})
            return found

    with pytest.raises(AssertionError, match="probabilities"):
        check_source(Inflated)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [(lambda: None, "nothing is refused"), (lambda: {}["key"], "KeyError instead of a coded error")],
)
def test_what_is_missing_must_be_refused_by_a_coded_error(call, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_source(Capitals, missing={"the model": call})


def test_an_artefact_that_is_not_verified_is_seen(tmp_path):
    with pytest.raises(AssertionError, match=r"a byte of p\.json missing: nothing is refused"):
        check_source(Capitals, save=save, load=lambda folder: Capitals(), folder=tmp_path)


def test_the_nasty_corpus_is_nasty():
    documents = nasty_documents()
    assert len({document.id for document in documents}) == len(documents) == len(NASTY) + 2
    texts = [document.text for document in documents]
    assert "" in texts
    assert max(len(word) for text in texts for word in text.split()) >= 100_000
    everything = "".join(texts)
    for needed in ("\x00", "\r\n", "\u202e", "\u200d", "\U0001f469", "\u0308", "\ufeff", "م", "艾", "<mask>"):
        assert needed in everything
    assert any(len(text.lower()) != len(text) for text in texts)
    for text in texts:
        text.encode("utf-8")
