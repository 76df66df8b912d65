from __future__ import annotations

from types import SimpleNamespace

import pytest

from silversmith.candidates import Union
from silversmith.candidates.external import Maverick, SpacyPhrases
from silversmith.core import ConfigError, Document


def test_maverick_asks_about_its_licence() -> None:
    with pytest.raises(ConfigError, match=r"T003.*CC BY-NC-SA 4\.0.*non-commercial"):
        Maverick()


def test_maverick_mentions_become_candidates() -> None:
    text = "Ada came. She slept."
    model = SimpleNamespace(
        predict=lambda text, singletons: {"clusters_char_offsets": [[(0, 2), (10, 12)], [(14, 18)]]}
    )
    found = Union([Maverick(model, accept_non_commercial=True)]).propose(Document("d", text))
    assert [text[one.start : one.end] for one in found] == ["Ada", "She", "slept"]


def test_maverick_without_clusters() -> None:
    model = SimpleNamespace(predict=lambda text, singletons: {"clusters_char_offsets": None})
    assert Union([Maverick(model, accept_non_commercial=True)]).propose(Document("d", "Hm.")) == []


class Slice:
    """A stand-in for spaCy's Span over blank-separated words."""

    def __init__(self, words: list[tuple[int, int, str]]) -> None:
        self.words = words
        self.start_char, self.end_char = words[0][0], words[-1][1]
        self.pos_ = words[0][2]

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, place: int | slice) -> Slice:
        return Slice(self.words[place] if isinstance(place, slice) else [self.words[place]])


def test_spacy_chunks_with_and_without_article() -> None:
    text = "The keeper slept."
    chunk = Slice([(0, 3, "DET"), (4, 10, "NOUN")])
    parsed = SimpleNamespace(noun_chunks=[chunk], sents=[])

    def pipeline(text: str) -> SimpleNamespace:
        return parsed

    pipeline.meta = {"name": "stand-in"}  # type: ignore[attr-defined]
    rule = SpacyPhrases(pipeline)
    found = Union([rule]).propose(Document("d", text))
    assert [text[one.start : one.end] for one in found] == ["The keeper", "keeper"]
    assert rule.pipeline == "stand-in"


def test_a_pipeline_that_is_not_installed_is_named() -> None:
    with pytest.raises(ConfigError, match=r"T002.*no_such_pipeline"):
        SpacyPhrases("no_such_pipeline")
