"""Words that are surely outside."""

import numpy as np

from silversmith.tagger.certain import certain_outside
from silversmith.text import split_words


def certain(text):
    words = split_words(text)
    found = certain_outside(text, np.asarray(words, np.int32).reshape(-1, 2))
    return [text[a:b] for (a, b), sure in zip(words, found, strict=True) if sure]


def test_signs_and_function_words_but_not_between_names():
    assert certain("The mayor of Bern , who left , met them .") == ["The", "of", ",", "who", ",", "them", "."]
    assert certain("the University of Bern") == ["the"]
    assert certain("May 1 , 2000 and") == ["and"]


def test_a_capital_in_the_middle_is_never_certain():
    assert certain("a band named The Who") == ["a"]
    assert certain("US troops and the WHO left it") == ["and", "the", "it"]
    assert certain("") == []
