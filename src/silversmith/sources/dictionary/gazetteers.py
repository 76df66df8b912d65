"""Gazetteers: term lists in the forms that people have them in, read line by line.

| form | what is read | what is not |
|---|---|---|
| TSV, TXT | term, type, count, id; one column: the term alone | comments (lines that begin with #) |
| JSONL | {"term", "type", "id", "count", "synonyms": [...]} | other keys |
| OBO | name and synonyms of each [Term], its id | obsolete terms, BROAD and RELATED synonyms, relations |
| SKOS (Turtle, RDF/XML) | prefLabel and altLabel of one language | hidden labels, notations, hierarchies |
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from silversmith.core import DataError
from silversmith.sources.dictionary.entries import HEAD, Entry

__all__ = ["Gazetteer", "read_gazetteer"]

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
SKOS = "{http://www.w3.org/2004/02/skos/core#}"
XML = "{http://www.w3.org/XML/1998/namespace}"
LABEL = re.compile(r'skos:(prefLabel|altLabel)\s+((?:"(?:[^"\\]|\\.)*"(?:@[\w-]+)?\s*,?\s*)+)')
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([\w-]+))?')
SUBJECT = re.compile(r"^(<[^>]*>|[\w.-]*:[\w.-]*)\s", re.MULTILINE)
SYNONYM = re.compile(r'^synonym:\s*"((?:[^"\\]|\\.)*)"\s*(\w+)?')


@dataclass
class Gazetteer:
    """A reading. left_out: reason -> lines or labels that were not read."""

    entries: list[Entry] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def read_gazetteer(path: Path | str, type: str | None = None, *, language: str = "en") -> Gazetteer:
    """Read a term list; its suffix says the form (.tsv, .txt, .jsonl, .obo, .ttl, .rdf, .xml).

    type: of all terms, or of those that name none. language: of SKOS labels (those without a language are
    read too). Raises DataError: L002 a suffix that isn't known, L003 a line that can't be read, L004 a term
    without a type, L005 no such file.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            "L002", f"no term list that is known: {path.suffix!r}", path=path, remedy=", ".join(READERS)
        )
    found = Gazetteer()
    try:
        reader(path, found, type, language)
    except FileNotFoundError:
        raise DataError("L005", "there is no such file", path=path) from None
    except UnicodeDecodeError as error:
        raise DataError("L003", f"it is not UTF-8: {error.reason}", path=path) from None
    return found


def _tsv(path: Path, found: Gazetteer, type: str | None, _: str) -> None:
    """Term, type, count, id; the type may be missing if one is given for all."""
    for number, line in _lines(path):
        if line.startswith("#") or line == HEAD or not line.strip():
            found.left_out["comments and empty lines"] += bool(line.strip()) and line != HEAD
            continue
        term, *rest = (cell.strip() for cell in line.split("\t"))
        kind = (rest[0] if rest and rest[0] else None) or type
        count = rest[1] if len(rest) > 1 and rest[1] else "1"
        try:
            value = float(count)
        except ValueError:
            value = -1.0
        if not 0 < value < float("inf"):
            raise DataError("L003", f"a count above 0 expected, found {count!r}", path=path, line=number)
        _add(found, path, number, term, kind, rest[2] if len(rest) > 2 else "", value)


def _jsonl(path: Path, found: Gazetteer, type: str | None, _: str) -> None:
    """One object a line."""
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
            terms = [one["term"], *one.get("synonyms", [])]
            if not all(isinstance(term, str) for term in terms):
                raise TypeError("a term that is no string")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                "L003", f'expected {{"term": ..., "type": ...}}: {error}', path=path, line=number
            ) from None
        for term in terms:
            kind, count = one.get("type") or type, float(one.get("count", 1))
            _add(found, path, number, term, kind, str(one.get("id", "")), count)


def _obo(path: Path, found: Gazetteer, type: str | None, _: str) -> None:
    """The [Term] stanzas."""
    stanza: list[tuple[int, str]] = []
    for number, line in (*_lines(path), (0, "[end]")):
        if not line.startswith("["):
            stanza.append((number, line))
            continue
        _stanza(path, stanza, found, type)
        stanza = [(number, line)]


def _stanza(path: Path, stanza: list[tuple[int, str]], found: Gazetteer, type: str | None) -> None:
    """One stanza's names."""
    if not stanza or stanza[0][1].strip() != "[Term]":
        return
    lines = [line for _, line in stanza]
    if any(line.startswith("is_obsolete: true") for line in lines):
        found.left_out["obsolete terms"] += 1
        return
    mark = next((line[3:].strip() for line in lines if line.startswith("id:")), "")
    for number, line in stanza:
        if line.startswith("name:"):
            _add(found, path, number, line[5:].strip(), type, mark)
        elif line.startswith("synonym:"):
            synonym = SYNONYM.match(line)
            if synonym is None:
                raise DataError("L003", "a synonym in quotes expected", path=path, line=number)
            if synonym[2] in {"BROAD", "RELATED"}:
                found.left_out["broad and related synonyms"] += 1
            else:
                _add(found, path, number, synonym[1].replace('\\"', '"'), type, mark)


def _turtle(path: Path, found: Gazetteer, type: str | None, language: str) -> None:
    """Labels of each subject; the rest of Turtle is not looked at."""
    text = path.read_text(encoding="utf-8")
    subjects = [(one.start(), one[1].strip("<>")) for one in SUBJECT.finditer(text) if one[1][0] != "@"]
    for label in LABEL.finditer(text):
        before = [name for start, name in subjects if start <= label.start()]
        number = text.count("\n", 0, label.start()) + 1
        for string in STRING.finditer(label[2]):
            if (string[2] or language).partition("-")[0] != language:
                found.left_out["labels in other languages"] += 1
                continue
            term = string[1].replace('\\"', '"').replace("\\\\", "\\")
            _add(found, path, number, term, type, before[-1] if before else "")


def _rdf(path: Path, found: Gazetteer, type: str | None, language: str) -> None:
    """Labels of each element with rdf:about."""
    try:
        for _, element in ElementTree.iterparse(path):
            mark = element.get(f"{RDF}about")
            if mark is None:
                continue
            for kind in ("prefLabel", "altLabel"):
                for label in element.findall(f"{SKOS}{kind}"):
                    if (label.get(f"{XML}lang") or language).partition("-")[0] != language:
                        found.left_out["labels in other languages"] += 1
                    else:
                        _add(found, path, None, (label.text or "").strip(), type, mark)
            element.clear()
    except ElementTree.ParseError as error:
        raise DataError("L003", f"no XML: {error}", path=path) from None


def _add(
    found: Gazetteer, path: Path, line: int | None, term: str, kind: str | None, mark: str, count: float = 1.0
) -> None:
    """One entry. Raises DataError L004 without a type."""
    if not term:
        found.left_out["empty terms"] += 1
        return
    if not kind:
        raise DataError(
            "L004", f"{term!r} has no type", path=path, line=line, remedy=f"name it for all: Disease={path}"
        )
    found.entries.append(Entry(term, kind, mark, count))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends."""
    with path.open(encoding="utf-8-sig", newline=None) as file:
        for number, line in enumerate(file, start=1):
            yield number, line.rstrip("\n")


READERS: dict[str, Callable[[Path, Gazetteer, str | None, str], None]] = {
    ".tsv": _tsv,
    ".txt": _tsv,
    ".jsonl": _jsonl,
    ".obo": _obo,
    ".ttl": _turtle,
    ".rdf": _rdf,
    ".xml": _rdf,
}
