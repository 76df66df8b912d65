"""The battery that every source must pass, built-in or plugin: what DESIGN calls the contract of a source.

def test_battery(tmp_path):
    check_source(make_source, save=save, load=load, folder=tmp_path, missing={"no model": ...})
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from silversmith.core.document import Document
from silversmith.core.errors import SilversmithError
from silversmith.core.source import BLOCK, Source
from silversmith.core.votes import Vote
from silversmith.testing.nasty import nasty_documents

__all__ = [
    "check_blocks",
    "check_evidence",
    "check_missing",
    "check_round_trip",
    "check_source",
    "check_streaming",
    "check_votes",
]

ADDS_UP = 1e-9
"""Evidence and the vote's probability may differ by so much; the document is labelled alone for it."""
BLOCK_TOLERANCE = 1e-5
"""Probabilities of another block size may differ by so much (matrix products change in the last bits)."""
PLAIN = (
    "Ada Lovelace met Charles Babbage in London on 5 June 1833.",
    "The Royal Society paid 12 pounds to Mary Somerville.",
    "In 1843 Luigi Menabrea wrote from Turin about the Analytical Engine.",
)


def check_source(
    make_source: Callable[[], Source],
    *,
    documents: Sequence[Document] | None = None,
    save: Callable[[Source, Path], None] | None = None,
    load: Callable[[Path], Source] | None = None,
    folder: Path | None = None,
    missing: Mapping[str, Callable[[], object]] | None = None,
    block: int = BLOCK,
    tolerance: float = BLOCK_TOLERANCE,
) -> None:
    """Run every check on a fitted source.

    Args:
        make_source: builds the source; called once.
        documents: texts it does find something in; default: the nasty corpus and plain English sentences.
        save, load, folder: write its artefact, read it back, an empty folder for it (all or none).
        missing: what is missing -> a call that must then be refused with a clear error.
        block: the source's block size, where it isn't the house's.
        tolerance: of probabilities in blocks of another size.

    Raises:
        AssertionError: says what the source does wrong, and on which document.
    """
    source = make_source()
    _require(
        isinstance(source, Source) and bool(source.name), "it is no Source: it lacks name, label or explain"
    )
    corpus = list(documents) if documents is not None else [*nasty_documents(), *_plain(len(PLAIN))]
    check_votes(source, corpus)
    check_evidence(source, corpus)
    check_blocks(source, corpus, block=block, tolerance=tolerance)
    check_streaming(source, block=block)
    if save and load and folder:
        check_round_trip(source, corpus, save, load, folder)
    check_missing(missing or {})


def check_votes(source: Source, documents: Sequence[Document]) -> None:
    """One list a document, in order; ids, names and offsets right; something found; the same bytes again."""
    found = list(source.label(documents))
    _require(len(found) == len(documents), f"{len(documents)} documents gave {len(found)} lists of votes")
    for document, votes in zip(documents, found, strict=True):
        for vote in votes:
            _check_vote(source, document, vote)
    _require(
        any(found),
        "it finds nothing in the whole corpus, so the battery proves nothing: give other documents",
    )
    _require(list(source.label(documents)) == found, "a second run gives other votes")
    _require(list(source.label([])) == [], "no documents give votes")


def _check_vote(source: Source, document: Document, vote: Vote) -> None:
    """One vote's id, source, offsets and probabilities."""
    place = f"document {document.id!r} [{vote.start}, {vote.end})"
    _require(vote.document_id == document.id, f"{place}: its document_id is {vote.document_id!r}")
    _require(vote.source == source.name, f"{place}: its source is {vote.source!r}, not {source.name!r}")
    _require(0 <= vote.start < vote.end <= len(document.text), f"{place}: outside the text")
    covered = document.text[vote.start : vote.end]
    _require(covered == covered.strip(), f"{place}: begins or ends with a blank: {covered!r}")
    values = list(vote.probabilities.values())
    right = all(0.0 <= value <= 1.0 for value in values) and math.fsum(values) <= 1 + 1e-6  # NaN is wrong too
    _require(right, f"{place}: probabilities {dict(vote.probabilities)}")


def check_evidence(source: Source, documents: Sequence[Document], *, most: int = 40) -> None:
    """The leaves and the calibration of a vote add up to the log of its probabilities."""
    seen = 0
    for document in documents:
        for vote in next(iter(source.label([document])))[:3]:
            evidence = source.explain(document, vote)
            place = f"document {document.id!r} [{vote.start}, {vote.end})"
            _require(bool(evidence.leaves), f"{place}: evidence without leaves")
            _require(vote.label in evidence.calibration, f"{place}: no evidence for its label {vote.label!r}")
            for label in evidence.calibration:
                stated = vote.probabilities.get(label, vote.outside)
                adds = math.exp(evidence.log_probability(label))
                _require(
                    abs(adds - stated) <= ADDS_UP,
                    f"{place}: evidence for {label} adds up to {adds}, the vote says {stated}",
                )
            seen += 1
        if seen >= most:
            return


def check_blocks(
    source: Source,
    documents: Sequence[Document],
    *,
    block: int = BLOCK,
    other: int = 5,
    tolerance: float = BLOCK_TOLERANCE,
) -> None:
    """Blocks labelled apart (as after a resume) give the same bytes, another block size the same labels."""
    several = [*documents, *_plain(max(0, block + 3 - len(documents)))]
    whole = list(source.label(several))
    apart = list(_in_parts(source, several, block))
    _require(apart == whole, "a run resumed at a block's edge gives other votes than a whole run")
    for document, one, two in zip(several, whole, _in_parts(source, several, other), strict=True):
        place = f"document {document.id!r}, blocks of {other}"
        _require(
            [(vote.start, vote.end, vote.label) for vote in one]
            == [(vote.start, vote.end, vote.label) for vote in two],
            f"{place}: other spans or labels",
        )
        for left, right in zip(one, two, strict=True):
            for label, value in left.probabilities.items():
                away = abs(value - right.probabilities[label])
                _require(away <= tolerance, f"{place}: the probability of {label} differs by {away}")


def check_streaming(source: Source, *, block: int = BLOCK) -> None:
    """The first votes come before a second block has been read: memory doesn't grow with the corpus."""
    read = 0

    def counted() -> Iterator[Document]:
        nonlocal read
        for document in _plain(2 * block + 1):
            read += 1
            yield document

    next(iter(source.label(counted())))
    _require(read <= block + 1, f"it read {read} documents before the first votes; a block has {block}")


def check_round_trip(
    source: Source,
    documents: Sequence[Document],
    save: Callable[[Source, Path], None],
    load: Callable[[Path], Source],
    folder: Path,
) -> None:
    """An artefact read back labels to the same bytes; an altered one is refused."""
    place = folder / "artefact"
    save(source, place)
    _require((place / "manifest.json").is_file(), "the artefact has no manifest.json")
    _require(
        list(load(place).label(documents)) == list(source.label(documents)), "read back, it gives other votes"
    )
    data = max(
        (p for p in place.rglob("*") if p.is_file() and p.name != "manifest.json"),
        key=lambda p: p.stat().st_size,
    )
    data.write_bytes(data.read_bytes()[:-1])
    check_missing({f"a byte of {data.name}": lambda: load(place)})


def check_missing(missing: Mapping[str, Callable[[], object]]) -> None:
    """Each call is refused with a coded error of one line."""
    for what, call in missing.items():
        try:
            call()
        except SilversmithError as error:
            _require(
                bool(error.code) and "\n" not in str(error),
                f"{what} missing: the error is no coded line: {error}",
            )
        except Exception as error:
            raise AssertionError(
                f"{what} missing: {type(error).__name__} instead of a coded error: {error}"
            ) from error
        else:
            raise AssertionError(f"{what} missing: nothing is refused")


def _in_parts(source: Source, documents: Sequence[Document], size: int) -> Iterator[list[Vote]]:
    """Votes of consecutive parts, each labelled by a call of its own."""
    for start in range(0, len(documents), size):
        yield from source.label(documents[start : start + size])


def _plain(count: int) -> Iterable[Document]:
    """English sentences in turn."""
    return [Document(f"plain-{number}", PLAIN[number % len(PLAIN)]) for number in range(count)]


def _require(condition: bool, message: str) -> None:
    """Raise AssertionError unless the condition holds (`assert` would vanish under python -O)."""
    if not condition:
        raise AssertionError(message)
