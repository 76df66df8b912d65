"""CoNLL columns: a word and its tag a line, an empty line after a sentence, -DOCSTART- before a document.

    Ada<tab>B-PER
    wrote<tab>O

The text is the words joined by blanks. Two or four columns (or any number) are read; tags in IOB1, IOB2,
BIOES or BILOU are told apart by themselves. Without -DOCSTART- every sentence is a document.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from silversmith.core.document import Document, Span
from silversmith.core.errors import ConfigError, DataError, nearest
from silversmith.formats.files import open_out, text_lines
from silversmith.formats.form import Form
from silversmith.formats.intake import Intake
from silversmith.formats.losses import Losses
from silversmith.formats.tags import SCHEMES, TagDecoder, encode_tags
from silversmith.formats.tokens import tokens_of

__all__ = ["CONLL", "read_conll", "write_conll"]

_DOCSTART = "-DOCSTART-"

_COMMENT = re.compile(r"#\s*(?:newpar|[A-Za-z_][\w.: -]*=).*")
_NEWDOC = re.compile(r"#\s*newdoc(?:\s+id\s+=\s+(.+))?")
_BLANKS = re.compile(" +")
_CUT = re.compile(r"[\t\r\n]+")


@dataclass(slots=True)
class _Sentence:
    """Words, tags and line numbers until the next empty line; `opens`: a document began before it."""

    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    opens: bool = False
    name: str = ""


def read_conll(
    path: Path, intake: Intake, *, token_column: int = 0, tag_column: int = -1, ids: str = ""
) -> Iterator[Document]:
    """Documents of a file of columns, separated by tabs or blanks.

    token_column, tag_column: from 0, negative ones from the end. ids: pattern of the ids, e.g.
    "train-{:05d}" (or "web-{}" where '# newdoc id = ...' gives names). Raises DataError F020 for a line
    with another number of columns than the first.
    """
    decoder, draft, number = TagDecoder(), _Draft(), 0
    whole = False
    for sentence in _sentences(path, intake, token_column, tag_column):
        if (sentence.opens or not whole) and draft.begun:
            yield draft.document(intake, number, ids)
            draft, number = _Draft(), number + 1
        if sentence.opens:
            whole = True
            draft.begun, draft.name = True, sentence.name
        draft.add(sentence, decoder)
    if draft.begun:
        yield draft.document(intake, number, ids)
    decoder.report(intake.losses)


class _Draft:
    """A document that grows by sentences."""

    def __init__(self) -> None:
        self.begun, self.name, self.line, self._size = False, "", 1, 0
        self._tokens: list[str] = []
        self._words: list[tuple[int, int]] = []
        self._sentences: list[tuple[int, int]] = []
        self._spans: list[Span] = []

    def add(self, sentence: _Sentence, decoder: TagDecoder) -> None:
        """Append a sentence."""
        if not sentence.words:
            return
        if not self._words:
            self.begun, self.line = True, sentence.lines[0]
        first = len(self._words)
        for word in sentence.words:
            self._words.append((self._size, self._size + len(word)))
            self._size += len(word) + 1
        self._tokens += sentence.words
        self._sentences.append((self._words[first][0], self._words[-1][1]))
        for begin, end, label in decoder.decode(sentence.tags, sentence.lines):
            start, stop = self._words[first + begin][0], self._words[first + end - 1][1]
            self._spans.append(Span(start, stop, label))

    def document(self, intake: Intake, number: int, ids: str) -> Document:
        """The finished document."""
        named = ids.format(self.name) if ids and self.name else self.name
        return intake.document(
            named or intake.made_id(number, ids),
            " ".join(self._tokens),
            self._spans,
            line=self.line,
            words=self._words,
            sentences=self._sentences,
        )


def _sentences(path: Path, intake: Intake, token_column: int, tag_column: int) -> Iterator[_Sentence]:
    """The sentences of a file, the last one too if no empty line ends it."""
    sentence, width = _Sentence(), 0
    for number, line in text_lines(path):
        begins = line.split(maxsplit=1)[:1] == [_DOCSTART]
        newdoc = _NEWDOC.fullmatch(line) if line[:1] == "#" else None
        if not line.strip(" \t") or begins or newdoc:
            if sentence.words or (sentence.opens and (begins or newdoc)):
                yield sentence
                sentence = _Sentence()
            if begins or newdoc:
                sentence.opens, sentence.name = True, (newdoc[1] or "").strip() if newdoc else ""
            continue
        if line[0] == "#" and "\t" not in line and _COMMENT.fullmatch(line):
            continue
        columns = line.split("\t") if "\t" in line else _BLANKS.split(line.strip(" "))
        if not width:
            width = len(columns)
            _tell_columns(width, token_column, tag_column, intake)
        size = len(columns)
        fits = all(-size <= column < size for column in (token_column, tag_column))
        if (size != width and min(token_column, tag_column) < 0) or size < 2 or not fits:
            raise _columns_error(intake, number, columns, width)
        _add(sentence, columns[token_column], columns[tag_column].strip(), number, intake)
    if sentence.words or sentence.opens:
        yield sentence


def _add(sentence: _Sentence, word: str, tag: str, number: int, intake: Intake) -> None:
    """One line of columns."""
    if not tag:
        raise intake.error("F020", f"no tag behind {word[:40]!r}", number, remedy="write O for no entity")
    if not word.strip():
        intake.losses.repair("blank words (removed)", f"line {number}")
        return
    sentence.words.append(word)
    sentence.tags.append(tag)
    sentence.lines.append(number)


def _tell_columns(width: int, token_column: int, tag_column: int, intake: Intake) -> None:
    """Count the columns that are not read."""
    used = {token_column % width, tag_column % width}
    unused = [str(column + 1) for column in range(width) if column not in used]
    if unused:
        intake.losses.lose(f"columns not read (number {', '.join(unused)})", count=len(unused))


def _columns_error(intake: Intake, number: int, columns: list[str], width: int) -> DataError:
    """The error for a line with too few or too many columns."""
    if len(columns) != width:
        what = f"{len(columns)} columns here, {width} in the lines before"
    else:
        what = f"{width} column{'s' * (width > 1)}: no such token or tag column"
    return intake.error("F020", what, number, remedy="a word and its tag a line, tabs or blanks between them")


def write_conll(
    documents: Iterable[Document], path: Path, losses: Losses, *, columns: int = 2, scheme: str = "IOB2"
) -> None:
    """Write words and tags, separated by tabs, with -DOCSTART- before each document.

    columns: 2, or 4 (word, _, _, tag). scheme: IOB1, IOB2, BIOES or BILOU. Of overlapping spans the longest
    stays. Raises ConfigError F010 for other values, DataError F012 for a word that is '-DOCSTART-'.
    """
    if scheme not in SCHEMES:
        raise ConfigError("F010", f"scheme={scheme!r}", remedy=nearest(scheme, SCHEMES))
    if columns not in {2, 4}:
        raise ConfigError("F010", f"columns={columns!r}", remedy="2 or 4")
    middle = "\t_\t_\t" if columns == 4 else "\t"
    with open_out(path) as file:
        for document in documents:
            file.write(f"{_DOCSTART}{middle.replace('_', '-X-', 1)}O\n\n".encode())
            for sentence in _tagged(document, losses, scheme):
                lines = [f"{word}{middle}{tag}\n" for word, tag in sentence]
                file.write(("".join(lines) + "\n").encode("utf-8"))


def _tagged(document: Document, losses: Losses, scheme: str) -> Iterator[list[tuple[str, str]]]:
    """The sentences of a document as pairs of word and tag."""
    tokens = tokens_of(document, losses, nested=False)
    words = [_word(document.text[start:end], document, losses) for start, end in tokens.words]
    if " ".join(words) != document.text:
        losses.lose("blanks between words and signs in no word", document.id)
    chunks = [(first, last, _label(span.label, losses)) for first, last, span in tokens.spans]
    firsts = [first for first, _, _ in chunks]
    borders = [*tokens.breaks, len(words)]
    for begin, end in pairwise(borders):
        here = chunks[bisect_left(firsts, begin) : bisect_left(firsts, end)]
        inside = [(first - begin, last - begin, name) for first, last, name in here]
        yield list(zip(words[begin:end], encode_tags(end - begin, inside, scheme), strict=True))


def _word(word: str, document: Document, losses: Losses) -> str:
    """A word that fits a column."""
    if word == _DOCSTART:
        raise DataError("F012", f"{_DOCSTART} can't be a word in columns", where=f"document {document.id!r}")
    cut = _CUT.sub(" ", word)
    if cut != word:
        losses.lose("tabs and line ends inside words (a blank stands for them)", document.id)
    return cut


def _label(label: str, losses: Losses) -> str:
    """A label that fits a column."""
    cut = _CUT.sub("_", label).strip() or "_"
    if cut != label:
        losses.lose("blanks around or line ends in labels", label)
    return cut


CONLL = Form(
    name="conll",
    about="CoNLL columns (IOB1, IOB2, BIOES, BILOU)",
    suffixes=(".conll", ".bio", ".iob", ".iob2", ".tsv"),
    read=read_conll,
    write=write_conll,
    keeps=frozenset({"spans"}),
    partly={
        "text": "becomes the words joined by one blank",
        "spans": "tabs and line ends in labels",
        "nested": "of overlapping spans the longest stays",
        "words": "found by rule if there are none",
        "sentences": "borders inside a span; the text outside of sentences joins the one before",
    },
)
