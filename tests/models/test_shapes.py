from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from silversmith.models.shapes import SHAPES, shape_codes
from silversmith.text.words import split_words


def codes(text: str) -> list[int]:
    return shape_codes(text, split_words(text)).tolist()


def test_shapes_tell_what_an_uncased_model_misses() -> None:
    a, b, c, d = codes("x word Word WORD iPod")[1:]
    assert len({a, b, c, d}) == 4
    assert codes("a 1997 3.5 p53 %")[1:] == [5, 6, 7, 14]


def test_first_words_of_sentences_are_marked() -> None:
    first = [code >= 16 for code in codes('Ann ran. "Then" she\nstopped')]
    assert first == [True, False, False, True, True, False, False, True]


@given(st.text(max_size=50))
def test_codes_are_in_range(text: str) -> None:
    found = shape_codes(text, split_words(text))
    assert bool(np.all((found >= 0) & (found < SHAPES)))
