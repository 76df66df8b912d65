"""Candidates from tools that the user may have installed: spaCy, benepar, maverick-coref.

They are imported only when one of these rules is made; their spans of characters become spans of words.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from silversmith.candidates.base import Find, Reading
from silversmith.core import ConfigError

__all__ = ["Maverick", "SpacyPhrases"]


class SpacyPhrases:
    """Noun chunks of a spaCy pipeline (`spacy chunk`), with their article-free form, and constituents.

    Where the pipeline holds benepar, every noun phrase of its trees is proposed too (`constituent`).
    pipeline: a loaded pipeline, or the name of an installed one. Raises ConfigError T002 if spaCy or the
    pipeline isn't installed.
    """

    name = "spacy chunk"

    def __init__(self, pipeline: Any = "en_core_web_sm") -> None:
        self._pipeline = _load_pipeline(pipeline) if isinstance(pipeline, str) else pipeline
        self.pipeline = pipeline if isinstance(pipeline, str) else pipeline.meta["name"]

    def find(self, reading: Reading) -> Iterator[Find]:
        """Chunks and constituents."""
        parsed = self._pipeline(reading.document.text)
        for chunk in parsed.noun_chunks:
            yield from _words(reading, chunk.start_char, chunk.end_char, self.name)
            bare = chunk[1:] if len(chunk) > 1 and chunk[0].pos_ in {"DET", "PRON"} else None
            if bare is not None:
                yield from _words(reading, bare.start_char, bare.end_char, self.name)
        for sentence in parsed.sents:
            if sentence.has_extension("constituents"):
                for part in sentence._.constituents:
                    if "NP" in part._.labels:
                        yield from _words(reading, part.start_char, part.end_char, "constituent")


class Maverick:
    """Mentions of maverick-coref, a coreference model (`coreference`).

    Its code and weights are licensed CC BY-NC-SA 4.0: for non-commercial use only, so you must say that
    you accept that. Raises ConfigError T003 if you don't, T002 if it isn't installed.
    """

    name = "coreference"

    def __init__(self, model: Any = None, *, accept_non_commercial: bool = False) -> None:
        if not accept_non_commercial:
            raise ConfigError(
                "T003",
                "maverick-coref is licensed CC BY-NC-SA 4.0, for non-commercial use only",
                remedy="pass accept_non_commercial=True if that fits your use, or leave this rule out",
            )
        self._model = _load_maverick() if model is None else model

    def find(self, reading: Reading) -> Iterator[Find]:
        """Every mention of every cluster, singletons included."""
        found = self._model.predict(reading.document.text, singletons=True)
        for cluster in found["clusters_char_offsets"] or []:
            for start, last in cluster:  # its ends are inclusive
                yield from _words(reading, start, last + 1, self.name)


def _words(reading: Reading, start: int, end: int, origin: str) -> Iterable[Find]:
    """The smallest span of words that holds the characters [start, end), if there is one."""
    first = bisect_right(reading.words, start, key=lambda word: word[1])
    last = bisect_left(reading.words, end, key=lambda word: word[0])
    return [(first, last, origin)] if first < last else []


def _load_pipeline(name: str) -> Any:
    try:
        import spacy

        return spacy.load(name)
    except (ImportError, OSError) as error:
        raise ConfigError(
            "T002",
            f"the spaCy pipeline {name!r} can't be loaded: {error}",
            remedy="pip install spacy and the pipeline, or leave this rule out",
        ) from None


def _load_maverick() -> Any:
    try:
        from maverick import Maverick as Model
    except ImportError as error:
        raise ConfigError(
            "T002",
            f"maverick-coref can't be loaded: {error}",
            remedy="pip install maverick-coref, or leave this rule out",
        ) from None
    return Model()
