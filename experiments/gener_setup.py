"""What the experiments on GeNER share: the sets, their indexes, questions, and scores as in the paper.

Retrieval is over the set's own unlabelled training text (labels are not looked at); dev and test texts are
never indexed. Questions are the paper's sub-questions (table C.2). Options are the package's defaults; the
rules are the paper's by set (names for news, encyclopaedia and tweets, terms for biomedical text).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from silversmith.core import Document, Schema, Span
from silversmith.evaluation import bootstrap, document_counts, exact_counts
from silversmith.formats import read
from silversmith.models.mini import load_mini
from silversmith.sources.concept.opening import load_encoder
from silversmith.sources.question import (
    AskOptions,
    PhraseIndex,
    Question,
    build_index,
    make_ask_options,
    preset_schema,
)

__all__ = [
    "PAPER",
    "SETS",
    "Task",
    "ask_task",
    "gold_of",
    "micro",
    "open_index",
    "options_of",
]

SETS = ("conll2003", "wikigold", "wnut16", "ncbi", "bc5cdr")
FINE = ("enzyme", "astronomicalobject", "award", "conference")
PAPER = {"conll2003": 0.710, "wikigold": 0.725, "wnut16": 0.485, "ncbi": 0.755, "bc5cdr": 0.743}
PROFILE = {"conll2003": "names", "wikigold": "names", "wnut16": "names", "ncbi": "terms", "bc5cdr": "terms"}


@dataclass(frozen=True)
class Task:
    """One set: its name, its folder and the types that count (lower case)."""

    name: str
    folder: Path
    schema: Schema

    @classmethod
    def of(cls, name: str, data: Path) -> Task:
        """By name."""
        return cls(name, data / name, preset_schema(name))

    def file(self, part: str) -> Path:
        """A split's file."""
        return self.folder / f"{part}.jsonl.gz"

    def gold(self, part: str) -> list[Document]:
        """A split with the spans of the types that count, spelled as in the schema."""
        return [gold_of(one, self.schema) for one in read(self.file(part))]


def gold_of(document: Document, schema: Schema) -> Document:
    """The document with the spans that count (CoNLL and Wikigold without MISC, WNUT-16 without `other`)."""
    spelled = {name.lower(): name for name in schema.names}
    return document.with_spans(
        Span(span.start, span.end, spelled[span.label.lower()])
        for span in document.spans
        if span.label.lower() in spelled
    )


def open_index(task: Task, cache: Path) -> PhraseIndex:
    """The index of the set's training text, built where it isn't there."""
    encoder, proposer = load_encoder("mini")
    folder = cache / f"index-{task.name}"
    if not (folder / "manifest.json").is_file():
        documents = [one.with_spans(()) for one in read(task.file("train"))]
        build_index(documents, folder, encoder, proposer, total=len(documents))
    return PhraseIndex.open(folder, encoder.identity())


def options_of(task: Task, **values: Any) -> AskOptions:
    """The package's defaults with the set's rules."""
    return make_ask_options(**{"profile": PROFILE.get(task.name, "auto"), **values})


def ask_task(task: Task, cache: Path, encoder: Any = None, **values: Any) -> Question:
    """The source of the set's questions."""
    return Question.prepare(
        task.schema,
        open_index(task, cache),
        encoder=encoder or load_mini().concept,
        options=options_of(task, **values),
        choice="majority",
    )


def micro(gold: Sequence[Document], found: Iterable[Document]) -> dict[str, float]:
    """Entity micro F1, precision, recall, and the 95 % interval of F1 over documents."""
    pairs = list(zip(gold, found, strict=True))
    known = bootstrap(document_counts(pairs, exact_counts))
    f1, p, r = known["micro.f1"], known["micro.precision"], known["micro.recall"]
    return {"f1": f1.value, "low": f1.low, "high": f1.high, "precision": p.value, "recall": r.value}
