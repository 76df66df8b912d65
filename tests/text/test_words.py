from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.text.words import split_words


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in split_words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Lee didn't pay $3,000.50.", "Dr. Lee did n't pay $ 3,000.50 ."),
        ("Anna's cat, O'Brien’s dog", "Anna 's cat , O'Brien ’s dog"),
        ("J. R. Hale of the U.S. Navy", "J. R. Hale of the U.S. Navy"),
        ("He said no. Then (see Fig. 3) left.", "He said no . Then ( see Fig. 3 ) left ."),
        ("mail a.b@c-d.org, https://x.io/a?b=1.", "mail a.b@c-d.org , https://x.io/a?b=1 ."),
        ("1997-8, mid-1990s, p53", "1997 - 8 , mid - 1990s , p53"),
        ("東京タワー", "東 京 タ ワ ー"),
        ("नमस्ते दुनिया।", "नमस्ते दुनिया ।"),
        ("👍🏽 ok 👩‍🔬", "👍🏽 ok 👩‍🔬"),
        ("wait ... ``so'' --", "wait ... `` so '' --"),
        ("", ""),
        (" \n\t\x00\u200b", ""),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert words(text) == expected.split(" ") if expected else words(text) == []


def test_thai_is_split_into_characters_with_their_marks() -> None:
    assert words("ที่นี่") == ["ที่", "นี่"]
    assert words("ภาษา") == ["ภ", "า", "ษ", "า"]


@given(st.text())
def test_every_visible_character_is_in_exactly_one_word(text: str) -> None:
    spans = split_words(text)
    covered = [0] * len(text)
    last = 0
    for start, end in spans:
        assert last <= start < end <= len(text)
        last = end
        for place in range(start, end):
            covered[place] += 1
    for char, count in zip(text, covered, strict=True):
        assert count <= 1
        if char.isspace():
            assert count == 0
        if unicodedata.category(char)[0] in "LNPS":
            assert count == 1, (char, spans)


@given(st.text(st.sampled_from("aB1 .,'’n-t日ก้é\u0301"), max_size=60))
def test_words_do_not_depend_on_what_stands_far_away(text: str) -> None:
    assert words(text + " \n end") == [*words(text + " \n"), "end"]


@pytest.mark.parametrize("piece", ["a", "a'", "1,", "a.", "@", "e\u0301", "a.b-", "n't", "w@", "A. ", "日"])
def test_one_monstrous_word_takes_linear_time(piece: str) -> None:
    start = time.process_time()
    split_words(piece * (100_000 // len(piece)))
    assert time.process_time() - start < 5
