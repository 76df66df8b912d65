"""Mining with the embedded model: small, but it knows what fits beside a name."""

import pytest

from silversmith.core import Document, Schema
from silversmith.sources.example import load_masked, merge_examples, mine

pytestmark = pytest.mark.usefixtures("quiet")
TEXTS = (
    "The minister flew to Finland on Monday and returned from Taiwan a week later .",
    "He was born in Norway and worked in Brazil for many years .",
    "The bridge was closed because of heavy snow and strong wind .",
    "Talks between Malaysia and Indonesia will resume in spring .",
)


def test_mini_finds_countries_from_one_city():
    documents = [Document(f"{n}", text) for n, text in enumerate(TEXTS)]
    schema = merge_examples(Schema(types=()), ["LOC=Singapore"])
    mining = mine(schema, documents, model=load_masked("mini"))
    best = [one.text for one in mining.ranking[:4]]
    assert set(best) <= {"Finland", "Taiwan", "Norway", "Brazil", "Malaysia", "Indonesia"}


def test_mini_knows_words_from_their_neighbours():
    model = load_masked("mini")
    ids, _ = model.framed("the ship sailed across the atlantic ocean to new york .")
    guesses = {}
    for place in range(1, len(ids) - 1):
        for _, values in model.log_probabilities([model.row(ids, [place])]):
            guesses[place] = float(values[0, ids[place]])
    mean = sum(guesses.values()) / len(guesses)
    assert mean > -4.0  # a perplexity of 55; by chance it would be 28,089
