"""Dictionary matching against a slow oracle, and its corner cases."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from silversmith.text.matching import Matcher, split_tokens

words = st.sampled_from(
    ["a", "b", "A", "cell", "Cell", "-", "x-ray", "ray", ".", "é", "東", "京", "\n\n", "🙂"]
)
texts = st.lists(words, max_size=25).map(" ".join)
terms = st.lists(st.lists(words.filter(str.strip), min_size=1, max_size=4).map(" ".join), max_size=8)


def slow(text, wanted, fixed=(), skip_lower=0, hyphens=False):
    """Every start, every length, the longest wins; no table."""
    pattern = r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+|[^\w\s]|_"
    pieces = [(m.start(), m.end()) for m in re.finditer(pattern, text)]
    pieces = [p for p in pieces if hyphens or text[slice(*p)] != "-"]
    keys = [" ".join(split_tokens(term.lower(), hyphens=hyphens)) for term in wanted]
    found, n = [], 0
    while n < len(pieces):
        best = None
        for last in range(n, len(pieces)):
            start, end = pieces[n][0], pieces[last][1]
            if any(start < b and a < end for a, b in fixed) or "\n\n" in text[start:end]:
                break
            key = " ".join(text[a:b].lower() for a, b in pieces[n : last + 1])
            lower = last - n + 1 <= skip_lower and text[start:end] == text[start:end].lower()
            if key in keys and not lower:
                best = (start, end, last + 1)
        if best:
            found.append(best[:2])
            n = best[2]
        else:
            n += 1
    return found


@given(texts, terms, st.integers(0, 2), st.booleans())
@example("a x-ray", ["x ray"], 0, False)
def test_as_the_slow_way(text, wanted, skip_lower, hyphens):
    matcher = Matcher(wanted, hyphens=hyphens)
    found = [(m.start, m.end) for m in matcher.find(text, skip_lower=skip_lower)]
    assert found == slow(text, wanted, skip_lower=skip_lower, hyphens=hyphens)


@given(texts, terms, st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), max_size=3))
def test_nothing_touches_a_fixed_span(text, wanted, raw):
    fixed, end = [], 0
    for start, length in sorted(raw):
        if start >= end and start + length <= len(text):
            fixed.append((start, start + length))
            end = start + length
    found = [(m.start, m.end) for m in Matcher(wanted).find(text, fixed)]
    assert not any(a < d and c < b for a, b in found for c, d in fixed)
    assert found == slow(text, wanted, fixed)


def test_numbers_are_of_the_first_of_equal_terms():
    matcher = Matcher(["Heart attack", "stroke", "heart  attack", "  ", "non-small cell"])
    assert matcher.empty == [3]
    found = list(matcher.find("A HEART ATTACK, a stroke; non small cell"))
    assert [match.term for match in found] == [0, 1, 2]
    assert matcher.key("Non-Small  cell") == "non small cell"


def test_the_longest_wins_and_the_shorter_one_comes_back():
    matcher = Matcher(["new york", "new york times building", "york"])
    text = "New York Times of New York Times Building"
    assert [text[m.start : m.end] for m in matcher.find(text)] == ["New York", "New York Times Building"]


def test_case_may_count():
    assert [m.term for m in Matcher(["IT", "WHO"], case=True).find("it is WHO")] == [1]


def test_lower_case_that_grows_keeps_offsets():
    text = "İİ İstanbul and x"
    (match,) = Matcher(["x"]).find(text)
    assert text[match.start : match.end] == "x"


@pytest.mark.parametrize("term", ["(a", "a+", "[b]", "\\d", "^", "a|b", "$", "*"])
def test_signs_of_regular_expressions_are_plain(term):
    text = f"see {term} here"
    assert [text[m.start : m.end] for m in Matcher([term]).find(text)] == [term]


def test_many_one_letter_terms_are_quick():
    letters = [chr(97 + n % 26) for n in range(200_000)]
    begin = time.process_time()
    matcher = Matcher(letters)
    count = sum(1 for _ in matcher.find("a b c " * 5_000))
    assert count == 15_000
    assert len(matcher.numbers) == 26
    assert time.process_time() - begin < 5
