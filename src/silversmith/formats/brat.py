"""brat standoff: pairs of NAME.txt (the text) and NAME.ann (one annotation a line), in a folder.

    T1<tab>Disease 0 7<tab>leprosy
    T2<tab>Disease 0 5;14 21<tab>renal failure          (discontinuous: kept as Span.fragments)

Offsets count characters of the .txt file as it is: a byte-order mark and both signs of CRLF count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from silversmith.core.document import Document, Span
from silversmith.core.errors import ConfigError
from silversmith.formats.files import decoded, open_bytes, read_text
from silversmith.formats.form import Form
from silversmith.formats.intake import Intake
from silversmith.formats.losses import Losses
from silversmith.formats.names import name_of, new_file, visible

__all__ = ["BRAT", "read_brat", "write_brat"]

_KINDS = {
    "R": "relations",
    "E": "events",
    "A": "attributes",
    "M": "attributes",
    "N": "normalisations",
    "#": "notes",
    "*": "equivalences",
}
_PLACE = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)")
_BLANK = re.compile(r"\s+")


def read_brat(path: Path, intake: Intake, *, mismatch: str = "refuse") -> Iterator[Document]:
    """Documents of a folder of standoff (sub-folders too), or of one .txt or .ann file.

    mismatch: what to do if the .ann file quotes other words than its offsets point at: "refuse", or
    "positions" (follow the offsets, count it). A .txt without .ann is a document without spans.
    Raises DataError: F018 an annotation that can't be read, F019 standoff that disagrees with its text,
    F001 an .ann file without .txt, F003, F004.
    """
    if mismatch not in {"refuse", "positions"}:
        raise ConfigError("F010", f"mismatch={mismatch!r}", remedy="valid: positions, refuse")
    root = path if path.is_dir() else path.parent
    for file in _texts(path, intake):
        text = read_text(file)
        notes = file.with_suffix(".ann")
        spans = []
        if notes.exists():
            spans = list(_spans(notes, text, intake, mismatch == "positions"))
        else:
            intake.losses.note("texts without an .ann file", file.name)
        yield intake.document(name_of(file, root, ".txt"), text, spans, path=file)


def _texts(path: Path, intake: Intake) -> list[Path]:
    """The .txt files of a folder or of a pair. Raises DataError F001 for an .ann file without one."""
    if not path.is_dir():
        files = [path.with_suffix(".txt")]
        notes = [path] if path.suffix == ".ann" else []
    else:
        files, notes = visible(path, ".txt"), visible(path, ".ann")
    for note in notes:
        if not note.with_suffix(".txt").exists():
            raise intake.error("F001", "there is no text file beside this .ann file", path=note)
    return files


def _spans(path: Path, text: str, intake: Intake, follow: bool) -> Iterator[Span]:
    """The T lines of one .ann file as spans; other annotations are counted as lost."""
    with open_bytes(path) as file:
        content = decoded(file.read(), path, 1)
    for number, raw in enumerate(content.split("\n"), start=1):
        line = raw.removesuffix("\r")
        if not line.strip():
            continue
        if line[0] != "T":
            if line[0] not in _KINDS:
                raise intake.error("F018", f"not a brat annotation: {line[:60]!r}", number, path=path)
            intake.losses.lose(_KINDS[line[0]], f"{path.name}:{number}")
            continue
        with intake.at(number, path=path):
            yield _span(line, text, intake, number, path, follow)


def _span(line: str, text: str, intake: Intake, number: int, path: Path, follow: bool) -> Span:
    """The span of one T line, compared with the text it quotes."""
    fields = line.split("\t", 2)
    place = _PLACE.fullmatch(fields[1]) if len(fields) == 3 else None
    if place is None:
        raise intake.error(
            "F018",
            f"not a brat span: {line[:60]!r}",
            number,
            path=path,
            remedy="T1<tab>Label start end<tab>text",
        )
    pieces = sorted((int(start), int(end)) for start, end in map(str.split, place[2].split(";")))
    fragments = tuple(pieces) if len(pieces) > 1 else ()
    span = Span(pieces[0][0], pieces[-1][1], place[1], fragments=fragments)
    if span.end > len(text):
        what = f"span [{span.start}, {span.end}) ends after the text ({len(text)} characters)"
        raise intake.error("F019", what, number, path=path, remedy="has the .txt file been changed?")
    found = " ".join(text[start:end] for start, end in pieces)
    if _plain(found) != _plain(fields[2]):
        if not follow:
            raise intake.error(
                "F019",
                f"the text at [{span.start}, {span.end}) is {found[:40]!r}, not {fields[2][:40]!r}",
                number,
                path=path,
                remedy="mend the file, or follow the offsets with mismatch=positions",
            )
        intake.losses.note("quoted words that differ (offsets followed)", f"{path.name}:{number}")
    return span


def _plain(text: str) -> str:
    """The text with every run of blanks as one blank (brat writes line ends as blanks)."""
    return _BLANK.sub(" ", text).strip()


def write_brat(documents: Iterable[Document], path: Path, losses: Losses) -> None:
    """Write a folder of pairs. Raises DataError F012 for an id that can't name a file, or NUL in a text."""
    path.mkdir()
    for document in documents:
        file = new_file(path, document, ".txt")
        file.write_bytes(document.text.encode("utf-8"))
        lines = [_line(number, span, document, losses) for number, span in enumerate(document.spans, start=1)]
        file.with_suffix(".ann").write_bytes("".join(lines).encode("utf-8"))


def _line(number: int, span: Span, document: Document, losses: Losses) -> str:
    """The T line of a span."""
    label = _BLANK.sub("_", span.label)
    if label != span.label:
        losses.lose("blanks in labels (an underscore stands for them)", span.label)
    pieces = ";".join(f"{start} {end}" for start, end in span.fragments or ((span.start, span.end),))
    return f"T{number}\t{label} {pieces}\t{_plain(document.covered(span))}\n"


BRAT = Form(
    name="brat",
    about="brat standoff, pairs of .txt and .ann",
    suffixes=(".ann",),
    read=read_brat,
    write=write_brat,
    keeps=frozenset({"ids", "text", "spans", "nested", "fragments"}),
    partly={"spans": "blanks in labels become underscores"},
    folder=True,
)
