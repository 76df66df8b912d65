from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.text.sentences import split_sentences
from silversmith.text.words import split_words


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Moor lives in the U.S. He likes it.", ["Dr. Moor lives in the U.S.", "He likes it."]),
        ('She said "Go." Then she went.', ['She said "Go."', "Then she went."]),
        ('He said " Go . " Then he went .', ['He said " Go . "', "Then he went ."]),
        ("It cost 3.5 dollars. (Really.) Yes!", ["It cost 3.5 dollars.", "(Really.)", "Yes!"]),
        ("A title\nA line\n\nEnd", ["A title", "A line", "End"]),
        ("東京は首都。大きい！", ["東京は首都。", "大きい！"]),
        ("यह एक है। वह दो है।", ["यह एक है।", "वह दो है।"]),
        ("it is e.g. this one. and so on", ["it is e.g. this one. and so on"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_text_wrapped_at_a_margin_is_not_cut_at_its_lines() -> None:
    lines = [
        "The keeper of the lighthouse wrote every evening in a",
        "book that nobody has opened since the winter of the",
    ]
    lines += ["flood, because the key of the drawer was lost in the", "harbour. Then spring came."]
    assert sentences("\n".join(lines)) == ["\n".join(lines)[:-18], "Then spring came."]
    assert len(sentences("\n".join(lines) + "\n\nA new part.")) == 3


@given(st.text(st.characters(codec="utf-8")))
def test_sentences_are_disjoint_and_hold_every_word(text: str) -> None:
    found = split_sentences(text)
    assert all(a < b for a, b in found)
    assert all(b <= c for (_, b), (c, _) in pairwise(found))
    words = split_words(text)
    assert sum(sum(a <= start and end <= b for start, end in words) for a, b in found) == len(words)
