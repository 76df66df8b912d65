"""Words that are surely outside when no label covers them: signs and function words, by rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["FUNCTION_WORDS", "certain_outside"]

FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "of",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "from",
        "to",
        "into",
        "onto",
        "over",
        "under",
        "between",
        "among",
        "through",
        "during",
        "before",
        "after",
        "since",
        "until",
        "about",
        "against",
        "as",
        "than",
        "and",
        "or",
        "but",
        "nor",
        "so",
        "yet",
        "if",
        "because",
        "although",
        "though",
        "while",
        "when",
        "where",
        "who",
        "whom",
        "whose",
        "which",
        "what",
        "why",
        "how",
        "is",
        "am",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "having",
        "will",
        "would",
        "shall",
        "should",
        "can",
        "could",
        "may",
        "might",
        "must",
        "not",
        "n't",
        "no",
        "i",
        "you",
        "he",
        "she",
        "it",
        "we",
        "they",
        "me",
        "him",
        "her",
        "us",
        "them",
        "my",
        "your",
        "his",
        "its",
        "our",
        "their",
        "mine",
        "yours",
        "hers",
        "ours",
        "theirs",
        "himself",
        "herself",
        "itself",
        "themselves",
        "there",
        "here",
        "also",
        "very",
        "too",
        "just",
        "only",
        "even",
        "still",
        "already",
        "then",
        "thus",
        "however",
        "both",
        "either",
        "neither",
        "each",
        "every",
        "all",
        "any",
        "some",
        "such",
        "same",
        "other",
        "another",
        "more",
        "most",
        "many",
        "much",
        "few",
        "less",
        "least",
        "own",
        "'s",
        "'m",
        "'re",
        "'ve",
        "'ll",
        "'d",
        "said",
        "say",
        "says",
    ]
)


def certain_outside(text: str, words: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which words are signs or function words that can't join two names, bool [words].

    Between two words with a capital or digit nothing is certain ("University of X", "A - B", "1 , 2000"), nor
    is a capitalised word before another ("The Who", "May 1") or in the middle of a sentence.
    """
    spoken = [text[start:end] for start, end in words.tolist()]
    plain = np.array(
        [one.lower() in FUNCTION_WORDS or not any(map(str.isalnum, one)) for one in spoken], bool
    )
    marked = np.array([any(c.isupper() or c.isdigit() for c in one) for one in spoken], bool)
    joins = np.zeros(len(words), bool)
    if len(words) > 2:
        joins[1:-1] = marked[:-2] & marked[2:]
    following = np.append(marked[1:], False)
    return plain & ~joins & ~(marked & (following | ~_first(text, words)))


def _first(text: str, words: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether the word follows a full stop, a line break or nothing, so that its capital means little."""
    first = np.ones(len(words), bool)
    for place in range(1, len(words)):
        between = text[words[place - 1, 0] : words[place, 0]]
        first[place] = any(mark in between for mark in ".!?\n\"'“”:")
    return first
