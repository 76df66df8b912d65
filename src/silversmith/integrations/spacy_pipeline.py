"""A tagger as a spaCy component: nlp.add_pipe("silversmith", config={"tagger": FOLDER}).

It sets doc.ents, and doc.spans["silversmith"] with the probabilities in its attrs["scores"]. A pipeline
that is written to disk carries the tagger's folder with it. Extra: `spacy`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from silversmith.core import Artefact, Document, write_artefact
from silversmith.tagger.export.onnx_export import need
from silversmith.tagger.opening import open_tagger

__all__ = ["SpacyTagger", "export_spacy"]

NAME, FOLDER = "silversmith", "tagger"
BATCH = 64


class SpacyTagger:
    """The component. folder: of the tagger (None until from_disk). least: least probability of a span."""

    def __init__(self, folder: str | Path | None, least: float = 0.0) -> None:
        self.folder, self.least = folder, least
        self.tagger = open_tagger(folder, least=least) if folder else None

    def __call__(self, doc: Any) -> Any:
        """Tag one Doc."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Any], *, batch_size: int = BATCH, **_: Any) -> Iterator[Any]:
        """Tag Docs in batches, in order."""
        docs = iter(stream)
        while batch := list(islice(docs, batch_size)):
            documents = [Document(str(number), doc.text) for number, doc in enumerate(batch)]
            if self.tagger is None:
                raise ValueError(
                    "the component has no tagger: give its folder in the config, or load from disk"
                )
            for doc, tagged in zip(batch, self.tagger.tag(documents), strict=True):
                _set(doc, tagged)
                yield doc

    def to_disk(self, path: str | Path, **_: Any) -> None:
        """Copy the tagger's folder."""
        if self.folder:
            shutil.copytree(self.folder, Path(path) / FOLDER, dirs_exist_ok=True)

    def from_disk(self, path: str | Path, **_: Any) -> SpacyTagger:
        """Open the copied folder."""
        self.folder = Path(path) / FOLDER
        self.tagger = open_tagger(self.folder, least=self.least)
        return self


def _set(doc: Any, tagged: Document) -> None:
    """Spans of characters as spans of spaCy's tokens (widened to whole ones; of two that meet the first)."""
    found = [
        (doc.char_span(span.start, span.end, label=span.label, alignment_mode="expand"), span.score)
        for span in tagged.spans
    ]
    kept, end = [], 0
    for span, score in found:
        if span is not None and span.start >= end:
            kept.append((span, score))
            end = span.end
    group = need("spacy").tokens.SpanGroup(
        doc, name=NAME, attrs={"scores": [score for _, score in kept]}, spans=[span for span, _ in kept]
    )
    doc.spans[NAME] = group
    doc.ents = [span for span, _ in kept]


def export_spacy(tagger: Path | str, out: Path | str, language: str = "en", **fields: Any) -> None:
    """Write a spaCy pipeline that holds the tagger; spacy.load(out) needs silversmith installed.

    Raises ConfigError K050 if spaCy isn't installed, ModelError A001 to A005.
    """
    spacy = need("spacy")
    artefact = Artefact.open(tagger)
    import_module("silversmith.integrations.spacy_factory")  # also where the entry point is not installed
    nlp = spacy.blank(language)
    nlp.add_pipe(NAME, config={"tagger": str(tagger)})
    with write_artefact(out, "spacy", source=artefact.manifest["files"], **fields) as aside:
        nlp.to_disk(aside)
        _forget_folder(aside / "config.cfg", str(tagger))


def _forget_folder(config: Path, folder: str) -> None:
    """The pipeline holds its tagger: the configuration must not name the one it came from."""
    import json

    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(f"tagger = {json.dumps(folder)}", "tagger = null"), encoding="utf-8")
