"""A source of your own: a small dictionary, judged by the battery that every source must pass."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from silversmith import Document, Evidence, Vote
from silversmith.core import Leaf, blocks
from silversmith.testing import check_source

TERMS = {"Lisbon": ("LOC", 40, 1), "Porto": ("LOC", 30, 6), "Bialto": ("ORG", 9, 1)}
"""Term -> its type, how often it was one, how often it was not."""


class Terms:
    """Every term of the dictionary, as sure as its counts allow."""

    name = "terms"
    pattern = re.compile("|".join(rf"\b{re.escape(term)}\b" for term in TERMS))

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """Votes a document, a block at a time."""
        for block in blocks(documents):
            yield from [list(self.votes(document)) for document in block]

    def votes(self, document: Document) -> Iterator[Vote]:
        """A vote for every place of a term."""
        for match in self.pattern.finditer(document.text):
            kind, right, wrong = TERMS[match.group()]
            yield Vote(document.id, *match.span(), {kind: right / (right + wrong)}, self.name)

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """The log-odds of the counts, and what turns them into a probability."""
        term = document.text[vote.start : vote.end]
        kind, right, wrong = TERMS[term]
        odds = math.log(right / wrong)
        leaf = Leaf(f"{term}: {right} of {right + wrong}", {kind: odds})
        return Evidence((leaf,), {kind: math.log(right / (right + wrong)) - odds})


def main() -> None:
    """Label one text, and run the battery."""
    document = Document("letter", "Bialto moved from Porto to Lisbon.")
    for votes in Terms().label([document]):
        for vote in votes:
            print(document.text[vote.start : vote.end], vote.label, f"{vote.probability:.2f}")
    check_source(Terms, documents=[document, Document("empty", "")])
    print("the battery is content")


if __name__ == "__main__":
    main()
