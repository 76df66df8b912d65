"""spaCy's factory `silversmith`, found by the entry point `spacy_factories`; imports spaCy."""

from __future__ import annotations

from typing import Any

from spacy.language import Language

from silversmith.integrations.spacy_pipeline import SpacyTagger

__all__ = ["make_component"]


@Language.factory("silversmith", default_config={"tagger": None, "least": 0.0})  # type: ignore[untyped-decorator]
def make_component(nlp: Any, name: str, tagger: str | None, least: float) -> SpacyTagger:
    """The component of `nlp.add_pipe("silversmith", config={"tagger": FOLDER})`."""
    return SpacyTagger(tagger, least)
