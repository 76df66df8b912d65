"""Question: the source that types spans by a pseudo-dictionary, which questions drew from a corpus (GeNER).

A term t of the type c was found n_c times (n in all), at best with the probability p_c. A match of it has

    p(c) = p_c n_c / n

The evidence is the fused score of its best answer, signal by signal, and what turns it into log p.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from silversmith.core import Artefact, Document, Evidence, Leaf, Schema, Vote, write_artefact
from silversmith.models.concepts import ConceptEncoder
from silversmith.sources.question.dictionary import PseudoDictionary, Row, collect, read_rows, write_rows
from silversmith.sources.question.index import PhraseIndex
from silversmith.sources.question.matching import Annotator, Choice, Mention
from silversmith.sources.question.options import AskOptions, Rules
from silversmith.sources.question.questions import questions_of
from silversmith.sources.question.retrieval import Found, answer
from silversmith.sources.question.silver import NAME, probabilities
from silversmith.sources.question.widening import QualityPhrases, mine_phrases

__all__ = ["KIND", "NAME", "Question"]

KIND = "pseudo-dictionary"
TABLE, PHRASES = "dictionary.tsv", "phrases.txt"


class Question:
    """A pseudo-dictionary with the rules of its types. uncovered: always 0, it reads every word. found: the
    retrieval it was made of, where it was made just now. facts: what the manifest keeps of that."""

    name: ClassVar[str] = NAME

    def __init__(
        self,
        rows: Sequence[Row],
        rules: Mapping[str, Rules],
        *,
        phrases: QualityPhrases = frozenset(),
        choice: Choice = "shares",
        found: Found | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.dictionary = PseudoDictionary(rows)
        self.annotator = Annotator(self.dictionary, rules, phrases=phrases, choice=choice)
        self.found, self.facts = found, dict(facts or {})
        self.uncovered = 0

    @classmethod
    def prepare(
        cls,
        schema: Schema,
        index: PhraseIndex,
        *,
        encoder: ConceptEncoder,
        options: AskOptions | None = None,
        choice: Choice = "shares",
    ) -> Question:
        """Ask an index the questions of a schema. Raises ConfigError O003, Y010, Y011, Y032."""
        options = options or AskOptions()
        questions = questions_of(schema, options.template)
        found = answer(index, encoder, questions, options, schema)
        phrases: QualityPhrases = frozenset()
        if any(rules.widen for rules in found.rules.values()):
            phrases = mine_phrases(index.documents())
        made = cls.of_found(found, schema, options, phrases=phrases, choice=choice)
        made.facts["model"] = index.manifest["model"]
        return made

    @classmethod
    def of_found(
        cls,
        found: Found,
        schema: Schema,
        options: AskOptions,
        *,
        phrases: QualityPhrases = frozenset(),
        choice: Choice = "shares",
    ) -> Question:
        """From a retrieval, of an index or of another retriever."""
        facts = {
            "questions": [[one.type, one.text] for one in found.questions],
            "ask": options.model_dump(mode="json"),
            "schema": schema.model_dump(mode="json"),
        }
        return cls(collect(found), found.rules, phrases=phrases, choice=choice, found=found, facts=facts)

    def edited(self, rows: Sequence[Row]) -> Question:
        """The same with other rows: a table that a person changed."""
        annotator = self.annotator
        return Question(
            rows,
            annotator.rules,
            phrases=annotator.phrases,
            choice=annotator.choice,
            found=self.found,
            facts={**self.facts, "edited": True},
        )

    @classmethod
    def open(cls, folder: Path | str) -> Question:
        """From its folder. Raises ModelError A001 to A004; DataError Y040, Y041."""
        artefact = Artefact.open(folder, KIND)
        made = artefact.manifest
        rules = {kind: Rules(**values) for kind, values in made["rules"].items()}
        phrases = frozenset(artefact.path(PHRASES).read_text(encoding="utf-8").splitlines())
        facts = {key: made[key] for key in made["facts"]}
        rows = read_rows(artefact.path(TABLE))
        return cls(rows, rules, phrases=phrases, choice=made["choice"], facts=facts)

    def save(self, folder: Path | str, **fields: Any) -> None:
        """Write the table and what goes with it; fields go into the manifest."""
        rules = {kind: one.model_dump(mode="json") for kind, one in self.annotator.rules.items()}
        made = {**self.facts, "facts": sorted(self.facts), "rules": rules, "choice": self.annotator.choice}
        with write_artefact(folder, KIND, types=list(self.dictionary.types), **made, **fields) as aside:
            write_rows(self.dictionary, aside / TABLE)
            lines = "".join(f"{one}\n" for one in sorted(self.annotator.phrases))
            (aside / PHRASES).write_text(lines, encoding="utf-8")

    def settings(self) -> dict[str, Any]:
        """Whatever decides the votes."""
        rules = {kind: one.model_dump(mode="json") for kind, one in self.annotator.rules.items()}
        rows = [[one.term, one.type, one.count, one.probability] for one in self.dictionary]
        phrases = sorted(self.annotator.phrases)
        return {"rows": rows, "rules": rules, "choice": self.annotator.choice, "phrases": phrases}

    def label(self, documents: Iterable[Document]) -> Iterator[list[Vote]]:
        """Votes a document, in order."""
        for document in documents:
            yield [
                Vote(document.id, one.start, one.end, probabilities(one), NAME)
                for one in self.annotator.find(document)
            ]

    def type_spans(self, documents: Iterable[Document], *, outside: bool = False) -> Iterator[list[Vote]]:
        """A vote for each span that the documents carry: what the table says of its string.

        outside: whether "no entity" is allowed; else the probabilities are those of the types alone. A string
        that is no term has probability 0 for each type.
        """
        for document in documents:
            votes = []
            for span in document.spans:
                rows = self.dictionary.find(document.text[span.start : span.end])
                chances = dict.fromkeys(self.dictionary.types, 0.0)
                if rows:
                    total = sum(row.count for row in rows.values())
                    shares = {kind: row.count / total for kind, row in rows.items()}
                    known = probabilities(Mention(span.start, span.end, shares, rows, ""))
                    scale = 1.0 if outside else sum(known.values())
                    chances |= {kind: p / scale for kind, p in known.items()}
                votes.append(Vote(document.id, span.start, span.end, chances, NAME))
            yield votes

    def explain(self, document: Document, vote: Vote) -> Evidence:
        """Question, passage, score and rules of the term's best answer."""
        for one in self.annotator.find(document):
            if (one.start, one.end) == (vote.start, vote.end):
                return self._evidence(one)
        return Evidence((Leaf("no term", {}),), {}, ({"text": document.text[vote.start : vote.end]},))

    def _evidence(self, mention: Mention) -> Evidence:
        """Leaves: the answer's fused score, the term's share of counts; calibration: the rest of log p."""
        chances = probabilities(mention)
        leaves, support, calibration = [], [], {}
        for kind, row in mention.rows.items():
            if kind not in chances:
                continue
            asked = row.question or "written by hand"
            share = math.log(mention.shares[kind])
            leaves.append(Leaf(f"answer to {asked!r}", {kind: row.score}, {"rank": row.rank}))
            leaves.append(Leaf(f"share of {kind}", {kind: share}, {"count": row.count}))
            calibration[kind] = math.log(chances[kind]) - row.score - share
            rules = [mention.rule, *([f'rules made it from "{row.raw}"'] if row.raw != row.term else [])]
            support.append(
                {"text": row.passage or row.term, "question": asked, "rule": "; ".join(rules), "type": kind}
            )
        return Evidence(tuple(leaves), calibration, tuple(support))
