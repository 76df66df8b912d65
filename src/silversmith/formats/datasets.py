"""The data sets of the papers: where each original is, its licence, its counts, and how to make our files.

None of their text is here. The facts lie in datasets.toml; experiments read `DIR/<name>/<split>.jsonl.gz`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from silversmith.core.artefact import checksum
from silversmith.core.document import Document
from silversmith.core.errors import ConfigError, DataError, nearest
from silversmith.formats.losses import Losses
from silversmith.formats.registry import read, write

__all__ = [
    "DataSet",
    "Split",
    "convert_dataset",
    "data_sets",
    "find_data_set",
    "load_dataset",
    "verify_dataset",
]


class Split(BaseModel):
    """What a converted file must hold, and the original file it is made from (if our readers can make it).

    options: of the reader; `drop` is the title of a document to leave out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    documents: int
    spans: int
    sha256: str
    file: str | None = None
    format: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class DataSet(BaseModel):
    """One data set: what it is, where the original is (repository @ commit), licence, citation, splits.

    research_only: train and measure with it, but never copy it into a repository or package.
    how: how the originals become our files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    about: str
    source: tuple[str, ...]
    licence: str
    cite: str
    how: str
    research_only: bool
    types: tuple[str, ...]
    splits: dict[str, Split]

    def split(self, name: str) -> Split:
        """One split. Raises ConfigError F023 if there is none of that name."""
        if name not in self.splits:
            raise ConfigError("F023", f"{self.name} has no split {name!r}", remedy=nearest(name, self.splits))
        return self.splits[name]


@cache
def data_sets() -> dict[str, DataSet]:
    """All data sets by name."""
    text = (files("silversmith.formats") / "datasets.toml").read_text(encoding="utf-8")
    return {name: DataSet(name=name, **facts) for name, facts in tomllib.loads(text).items()}


def find_data_set(name: str) -> DataSet:
    """One data set. Raises ConfigError F022 if there is none of that name."""
    if name not in data_sets():
        raise ConfigError("F022", f"there is no data set {name!r}", remedy=nearest(name, data_sets()))
    return data_sets()[name]


def load_dataset(name: str, split: str, data: Path | str) -> list[Document]:
    """The documents of `<data>/<name>/<split>.jsonl.gz`, with their number and that of their spans checked.

    Raises ConfigError F022, F023; DataError F001 no such file, F024 other counts than the data set has.
    """
    facts = find_data_set(name).split(split)
    path = _path(name, split, data)
    documents = list(read(path, "jsonl"))
    _compare(facts, len(documents), sum(len(document.spans) for document in documents), path)
    return documents


def verify_dataset(name: str, data: Path | str) -> Iterator[tuple[str, str, str]]:
    """(split, state, detail) of each file.

    state: 'same' (checksum too), 'other bytes' (only the counts agree), 'wrong' or 'missing'.
    """
    for split, facts in find_data_set(name).splits.items():
        path = _path(name, split, data)
        if not path.is_file():
            yield split, "missing", str(path)
            continue
        try:
            load_dataset(name, split, data)
        except DataError as error:
            yield split, "wrong", str(error)
            continue
        found = checksum(path)
        counts = f"{facts.documents} documents, {facts.spans} spans"
        if found == facts.sha256:
            yield split, "same", counts
        else:
            yield split, "other bytes", f"{counts}, but sha256 {found[:12]} is not {facts.sha256[:12]}"


def convert_dataset(name: str, split: str, original: Path | str, data: Path | str) -> Losses:
    """Make `<data>/<name>/<split>.jsonl.gz` from the original file; its counts must be right.

    Raises ConfigError F022, F023, F025 (our readers can't make this split: the data set says how);
    DataError F024 other counts, and whatever the reader refuses. Then nothing is written.
    """
    data_set = find_data_set(name)
    facts = data_set.split(split)
    if facts.format is None:
        raise ConfigError("F025", f"{name}/{split} is not made by one command", remedy=data_set.how)
    options = {key: value for key, value in facts.options.items() if key != "drop"}
    reading = read(original, facts.format, **options)
    documents = list(reading)
    if "drop" in facts.options:
        kept = [one for one in documents if one.meta.get("title") != facts.options["drop"]]
        documents = [_renumbered(one, number, options["ids"]) for number, one in enumerate(kept)]
    spans = sum(len(document.spans) for document in documents)
    _compare(facts, len(documents), spans, Path(original))
    write(documents, _path(name, split, data), "jsonl")
    return reading.losses


def _renumbered(document: Document, number: int, ids: str) -> Document:
    """The document with the id it has after others were left out."""
    return replace(document, id=ids.format(number))


def _path(name: str, split: str, data: Path | str) -> Path:
    return Path(data) / name / f"{split}.jsonl.gz"


def _compare(facts: Split, documents: int, spans: int, path: Path) -> None:
    """Refuse other counts."""
    if (documents, spans) != (facts.documents, facts.spans):
        raise DataError(
            "F024",
            f"{documents} documents and {spans} spans; the data set has {facts.documents} and {facts.spans}",
            path=path,
            remedy="is it the version that `silversmith data show` names?",
        )
