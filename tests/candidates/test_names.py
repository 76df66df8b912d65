from __future__ import annotations

import pytest

from silversmith.candidates.base import read
from silversmith.candidates.names import Names, Quotes
from silversmith.core import Document


def found(text: str, rule: Names | Quotes | None = None) -> dict[str, str]:
    """text of a span -> its origin (the last one)."""
    reading = read(Document("d", text))
    return {
        text[reading.words[first][0] : reading.words[last - 1][1]]: origin
        for first, last, origin in (rule or Names()).find(reading)
    }


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("We met Ada Brisk there.", "Ada Brisk"),
        ("the University of Northport opened", "University of Northport"),
        ("General Charles de Vries came", "Charles de Vries"),
        ("at Brisk & Sons", "Brisk & Sons"),
        ("at Brisk ' s Harbour", "Brisk"),
        ("near Saint-Marie-sur-Mer", "Saint-Marie"),
        ("near Saint - Marie", "Saint - Marie"),
        ("the War of 1812 began", "War of 1812"),
        ("the People's Daily", "People's Daily"),
        ("the People 's Daily", "People 's Daily"),
        ("by Kim Won-yong", "Kim Won-yong"),
        ("by Kim Won - yong", "Kim Won - yong"),
        ("in the United States", "the United States"),
        ("in the United States", "United States"),
        ("an iPhone", "iPhone"),
        ("The Brisk Institute is old", "Brisk Institute"),
        ("Kurdish (عەلی) name", "عەلی"),
        ("Brisk (Northport) Ltd. sells", "Brisk (Northport) Ltd."),
        ("the Bank of the North and of the South", "Bank of the North and of the South"),
    ],
)
def test_names(text: str, gold: str) -> None:
    assert gold in found(text), found(text)


def test_origins_tell_how_a_span_was_found() -> None:
    origins = found("So Ada Maria Brisk of the Northport Bank spoke.")
    assert origins["Ada Maria Brisk"] == "name"
    assert origins["Maria Brisk"] == "part"
    assert origins["Ada Maria Brisk of the Northport Bank"] == "joined"
    assert origins["Brisk of the Northport"] == "joined part"
    assert origins["the Northport Bank"] == "the"
    assert "So Ada" not in origins


def test_function_words_that_open_a_sentence_are_no_names() -> None:
    assert found("In spring they left. When she came, he wept.") == {}


def test_runs_do_not_leave_their_sentence() -> None:
    assert "Ada Brisk. Bob" not in found("It was Ada Brisk. Bob Hale came.")


def test_a_very_long_run_gives_few_spans() -> None:
    reading = read(Document("d", "Word " * 3000))
    assert sum(1 for _ in Names().find(reading)) < 8 * 3000


@pytest.mark.parametrize(
    "text", ["He read “the last keeper” twice.", 'He read " the last keeper " twice.', "``the last keeper''"]
)
def test_quoted_titles(text: str) -> None:
    assert "the last keeper" in found(text, Quotes())


def test_an_open_quote_gives_nothing() -> None:
    assert found('He said "go. Then he went.', Quotes()) == {}
