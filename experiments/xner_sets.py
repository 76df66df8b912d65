"""The data sets of the X-NER experiments and their examples, fixed before any result was seen.

Examples: the paper's table 7; those of BC5CDR are ours. Two of MIT Restaurant's eight labels have none.
`more`: two further examples a type, ours, for the rows with three; they were written down at once, for kinds
that the first one leaves out (a company and an authority beside a club).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from silversmith.core import Document, EntityType, Schema, Span
from silversmith.formats import read
from silversmith.sources.example.sentences import sentences_of

__all__ = ["SETS", "Task", "file_of", "gold_sentences", "read_part", "schema_of"]


@dataclass(frozen=True)
class Task:
    """examples: label -> example. longest, threshold: the paper's appendix C. paper: its F1 (table 2).

    more: label -> further examples. choose: the part that choices are made on.
    loose: how far beyond the paper's threshold a mining ranks, so that `choose` sees its best.
    chosen: label -> threshold of `mini`'s silver, of the best F1 of `choose` on that part.
    """

    examples: dict[str, str]
    longest: int
    threshold: float
    paper: float | None
    lower_case: bool = False
    more: dict[str, tuple[str, ...]] = field(default_factory=dict)
    choose: str = "dev"
    loose: float = 1.0
    chosen: dict[str, float] = field(default_factory=dict)


MORE = {
    "PER": ("Clinton", "Michael Schumacher"),
    "LOC": ("Germany", "Los Angeles"),
    "ORG": ("Microsoft", "European Commission"),
    "MISC": ("World Cup", "Olympic Games"),
}
PICK, PICKED = "pick", 700
"""For a set without dev: so many sentences, the first ones of train."""
NEWS = {"PER": "Masaki Yoshida", "LOC": "Singapore", "ORG": "Boston Celtics", "MISC": "Japanese"}
SETS = {
    "conll2003": Task(
        NEWS, 30, 0.15, 0.602, more=MORE, chosen={"PER": 0.1, "LOC": 0.1, "ORG": 0.1, "MISC": 0.075}
    ),
    "tweebank-ner": Task(
        NEWS, 30, 0.20, 0.449, more=MORE, chosen={"PER": 0.1167, "LOC": 0.0833, "ORG": 0.1167, "MISC": 0.075}
    ),
    "wnut17": Task(
        {
            "person": "Masaki Yoshida",
            "location": "Singapore",
            "creative-work": "#BattlestarGalactica",
            "group": "Boston Celtics",
            "corporation": "Microsoft",
            "product": "iPhone",
        },
        20,
        0.15,
        0.414,
        more={
            "person": ("Justin Bieber", "Obama"),
            "location": ("London", "New York"),
            "creative-work": ("Toy Story", "Call of Duty"),
            "group": ("Yankees", "Coldplay"),
            "corporation": ("Facebook", "Sony"),
            "product": ("Xbox", "Windows"),
        },
        loose=1.5,
        chosen={
            "person": 0.15,
            "location": 0.0938,
            "creative-work": 0.0094,
            "group": 0.0938,
            "corporation": 0.0562,
            "product": 0.0469,
        },
    ),
    "mit_restaurant": Task(
        {
            "Restaurant_Name": "McDonald's",
            "Location": "nearby",
            "Dish": "chicken sandwich",
            "Price": "cheap",
            "Rating": "five star",
            "Cuisine": "Japanese",
        },
        20,
        0.20,
        0.373,
        lower_case=True,
        more={
            "Restaurant_Name": ("olive garden", "pizza hut"),
            "Location": ("downtown", "main street"),
            "Dish": ("sushi", "cheeseburger"),
            "Price": ("expensive", "moderately priced"),
            "Rating": ("good reviews", "best"),
            "Cuisine": ("italian", "seafood"),
        },
        choose=PICK,
        loose=1.3,
        chosen={
            "Restaurant_Name": 0.065,
            "Location": 0.0108,
            "Dish": 0.0867,
            "Price": 0.0542,
            "Rating": 0.0108,
            "Cuisine": 0.0867,
        },
    ),
    "bc5cdr": Task(
        {"Chemical": "aspirin", "Disease": "asthma"},
        30,
        0.15,
        None,
        more={"Chemical": ("dopamine", "lithium"), "Disease": ("hypertension", "seizures")},
    ),
}


def schema_of(name: str, examples: int = 1) -> Schema:
    """The types of a set that have an example, with so many of theirs."""
    task = SETS[name]
    chosen = {label: (one, *task.more.get(label, ()))[:examples] for label, one in task.examples.items()}
    return Schema(types=tuple(EntityType(name=label, examples=some) for label, some in chosen.items()))


def read_part(data: Path, name: str, part: str, most: int | None = None) -> list[Document]:
    """The documents of a part; most: only so many of the first."""
    found = list(read(file_of(data, name, part)))[: PICKED if part == PICK else None]
    return found[:most] if most else found


def file_of(data: Path, name: str, part: str) -> Path:
    """Where a part is."""
    return data / name / f"{'train' if part == PICK else part}.jsonl.gz"


def gold_sentences(documents: Iterable[Document]) -> Iterator[Document]:
    """Every sentence as a document of its own, with its gold spans."""
    for document in documents:
        for one in sentences_of(document, 0):
            low, high = one.places[0][0], one.places[-1][1]
            spans = tuple(
                Span(span.start - low, span.end - low, span.label)
                for span in document.spans
                if low <= span.start and span.end <= high
            )
            words = tuple((a - low, b - low) for a, b in one.places)
            yield Document(f"{document.id}#{one.number + 1}", document.text[low:high], spans, words)
