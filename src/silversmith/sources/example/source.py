"""Example: the source that types spans by one example a type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from silversmith.core import Document, Evidence, Schema, Vote, blocks
from silversmith.models.masked import MaskedModel
from silversmith.sources.example.explain import explain_span
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.pairs import Tested
from silversmith.sources.example.run import mine
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.seeds import make_seeds
from silversmith.sources.example.sentences import Sentence, sentences_of
from silversmith.sources.example.votes import NAME, Scored, votes_of
from silversmith.sources.example.windows import Window

__all__ = ["Example"]


class Example:
    """A mining with the model it tests with. uncovered: documents so far with a sentence too long to test."""

    name: ClassVar[str] = NAME

    def __init__(self, mining: Mining, model: MaskedModel) -> None:
        self.mining, self.model = mining, model
        self.seeds = make_seeds(mining.schema, mining.options, model)
        self.scorer = Scorer(model, self.seeds, mining.options, mining.scales)
        self.uncovered = 0

    @classmethod
    def prepare(
        cls,
        schema: Schema,
        documents: Iterable[Document],
        *,
        model: MaskedModel,
        options: ExampleOptions | None = None,
        journal: Path | None = None,
    ) -> Example:
        """Mine a corpus. Raises as `mine`."""
        return cls(mine(schema, documents, model=model, options=options, journal=journal), model)

    @classmethod
    def open(cls, folder: Path | str, model: MaskedModel) -> Example:
        """A mining from its folder. Raises ModelError X021 if it was made with another model."""
        return cls(Mining.open(folder, model.identity()), model)

    def save(self, folder: Path | str, **fields: Any) -> None:
        """Write the mining; fields go into its manifest."""
        self.mining.save(folder, **fields)

    def settings(self) -> dict[str, Any]:
        """Whatever decides the votes, as plain values."""
        mining = self.mining
        return {
            "model": mining.identity,
            "schema": mining.schema.model_dump(mode="json"),
            "options": mining.options.model_dump(mode="json"),
            "scales": [[one.slope, one.shift] for one in mining.scales],
            "calibrations": {name: one.to_json() for name, one in mining.calibrations.items()},
        }

    def label(self, documents: Iterable[Document], *, every: bool = False) -> Iterator[list[Vote]]:
        """Votes a document, in order, a block at a time.

        every: a vote for each tested span near some type, overlapping ones too.
        """
        band = self.mining.options.band if every else 1.0
        limits = [one * band for one in self.mining.thresholds()]
        for block in blocks(documents):
            sentences = [one for n, document in enumerate(block) for one in self._sentences(document, n)]
            # Strings of earlier blocks would change the last bits of this one's votes, so none are kept.
            found: list[list[Scored]] = [[] for _ in block]
            unread = set()
            for tested in self.scorer.test(sentences, limits):
                found[tested.sentence.document] += _scored(tested)
                unread |= set() if tested.read else {tested.sentence.document}
            self.uncovered += len(unread)
            for document, scored in zip(block, found, strict=True):
                yield votes_of(document.id, scored, self.mining, every=every)

    def type_spans(self, documents: Iterable[Document], *, outside: bool = False) -> Iterator[list[Vote]]:
        """A vote for each span that the documents carry (its label is not looked at), in their order.

        outside: whether "no entity" is allowed; else the probabilities are those of the types alone.
        """
        for document in documents:
            votes = []
            for span in document.spans:
                found = self._at(document, span.start, span.end)
                scored = [
                    (span.start, span.end, hit.type, hit.score) for hit in (found.hits if found else ())
                ]
                made = votes_of(document.id, scored, self.mining, every=True)
                chances = dict(made[0].probabilities) if made else {}
                if not outside and chances:
                    total = sum(chances.values())
                    chances = {name: one / total for name, one in chances.items()}
                if not chances:
                    chances = dict.fromkeys(self.mining.types, 0.0)
                votes.append(Vote(document.id, span.start, span.end, chances, NAME))
            yield votes

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """Leaves, one a masked place, that add up to the score; the words that moved most as support."""
        found = self._place(document, vote.start, vote.end)
        if found is None:
            return explain_span(self.scorer, self.mining, None, vote)
        return explain_span(self.scorer, self.mining, found, vote)

    def _sentences(self, document: Document, position: int) -> list[Sentence]:
        """The sentences of a document."""
        return sentences_of(document, position, spaced=self.mining.options.spaced)

    def _place(self, document: Document, start: int, end: int) -> tuple[Sentence, Window] | None:
        """The sentence that a span lies in and the words it meets; None if there are none."""
        for sentence in self._sentences(document, 0):
            meets = [n for n, place in enumerate(sentence.places) if place[1] > start and place[0] < end]
            if meets:
                return sentence, _window(sentence, meets)
        return None

    def _at(self, document: Document, start: int, end: int) -> Tested | None:
        """A span tested against everything, whatever its words."""
        found = self._place(document, start, end)
        if found is None:
            return None
        infinite = [float("inf")] * len(self.mining.types)
        return self.scorer.test([found[0]], infinite, windows=[[found[1]]])[0]


def _window(sentence: Sentence, meets: Sequence[int]) -> Window:
    """The words as a window. Asked for by name, it may have digits."""
    first, last = meets[0], meets[-1] + 1
    start, end = sentence.words[first][0], sentence.words[last - 1][1]
    return Window(first, last, start, end, sentence.text[start:end], False)


def _scored(tested: Tested) -> list[Scored]:
    """A sentence's hits at their places in the document."""
    return [(*tested.sentence.place(hit.first, hit.last), hit.type, hit.score) for hit in tested.hits]
