"""The sets, types and sources of the fusion experiments, fixed before any result was seen.

Questions are the paper's (table C.2) where it has them, else ours; `example` has the seeds of X-NER's
experiments (experiments/xner_sets.py), Re-DocRED those of news and three of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from experiments.xner_sets import NEWS
from experiments.xner_sets import SETS as EXAMPLES

from silversmith.core import Document
from silversmith.formats import read
from silversmith.sources.question.questions import PRESETS

__all__ = ["GOLD", "SETS", "SOURCES", "Task", "fitted_on", "read_set", "schema_text"]

GOLD = 20
"""Documents with gold that `features` is fitted on."""
SOURCES = ("features", "concept", "question", "dictionary", "example")
PEOPLE, PLACES = PRESETS["conll2003"]["PER"], PRESETS["conll2003"]["LOC"]
WORKS = ("movie", "song", "TV program", "book")


@dataclass(frozen=True)
class Task:
    """Type -> names (`concept`), questions, an example."""

    names: dict[str, tuple[str, ...]]
    questions: dict[str, tuple[str, ...]]
    examples: dict[str, str]


SETS = {
    "redocred": Task(
        {
            "PER": ("person",), "LOC": ("location",), "ORG": ("organisation",), "TIME": ("date",),
            "NUM": ("number",), "MISC": ("work of art", "event"),
        },
        {
            "PER": PEOPLE, "LOC": PLACES, "ORG": ("sports team", "institution", "company", "band"),
            "TIME": ("date", "year"), "NUM": ("number",), "MISC": (*WORKS, "event", "award"),
        },
        {**NEWS, "TIME": "12 March 1998", "NUM": "three", "MISC": "Titanic"},
    ),
    "bc5cdr": Task(
        {"Chemical": ("chemical",), "Disease": ("disease",)},
        {name: tuple(lines) for name, lines in PRESETS["bc5cdr"].items()},
        EXAMPLES["bc5cdr"].examples,
    ),
    "wnut17": Task(
        {
            "person": ("person",), "location": ("location",), "group": ("group",),
            "corporation": ("corporation",), "product": ("product",), "creative-work": ("creative work",),
        },
        {
            "person": (*PEOPLE, "musician"), "location": PLACES, "group": ("sports team", "band"),
            "corporation": ("company", "technology company"),
            "product": ("mobile app", "software", "smart phone", "car"), "creative-work": WORKS,
        },
        EXAMPLES["wnut17"].examples,
    ),
    "conll2003": Task(
        {
            "PER": ("person",), "LOC": ("location",), "ORG": ("organisation",),
            "MISC": ("nationality", "event"),
        },
        {
            "PER": PEOPLE, "LOC": PLACES, "ORG": tuple(PRESETS["conll2003"]["ORG"]),
            "MISC": ("nationality", "language", "event"),
        },
        NEWS,
    ),
}  # fmt: skip


def read_set(data: Path, name: str, part: str) -> list[Document]:
    """The documents of a part with their gold; spans of other types (there are none) would be kept."""
    return list(read(data / name / f"{part}.jsonl.gz"))


def fitted_on(train: list[Document], seed: int = 0) -> list[Document]:
    """The documents whose gold `features` sees; all types are among them (drawn again until they are)."""
    labels = {span.label for one in train for span in one.spans}
    draw = np.random.default_rng([seed, 15])
    for _ in range(1000):
        chosen = [train[n] for n in sorted(draw.choice(len(train), GOLD, replace=False).tolist())]
        if {span.label for one in chosen for span in one.spans} >= labels:
            return chosen
    return chosen


def schema_text(task: Task, source: str) -> str:
    """The schema file of a source."""
    lines = []
    for name, concepts in task.names.items():
        lines += ["[[type]]", f'name = "{name}"', f"concepts = {_listed(concepts)}"]
        if source in {"question", "dictionary"}:
            lines.append(f"questions = {_listed(task.questions[name])}")
        if source == "example":
            lines.append(f"examples = {_listed((task.examples[name],))}")
    return "\n".join(lines) + "\n"


def _listed(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{one}"' for one in values) + "]"
