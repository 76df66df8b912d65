"""Words that are surely outside when no label covers them: signs and function words, by rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["FUNCTION_WORDS", "certain_outside"]

FUNCTION_WORDS = frozenset([
    "'d", "'ll", "'m", "'re", "'s", "'ve", "a", "about", "after", "against", "all", "already", "also",
    "although", "am", "among", "an", "and", "another", "any", "are", "as", "at", "be", "because", "been",
    "before", "being", "between", "both", "but", "by", "can", "could", "did", "do", "does", "during",
    "each", "either", "even", "every", "few", "for", "from", "had", "has", "have", "having", "he", "her",
    "here", "hers", "herself", "him", "himself", "his", "how", "however", "i", "if", "in", "into", "is",
    "it", "its", "itself", "just", "least", "less", "many", "may", "me", "might", "mine", "more", "most",
    "much", "must", "my", "n't", "neither", "no", "nor", "not", "of", "on", "only", "onto", "or", "other",
    "our", "ours", "over", "own", "said", "same", "say", "says", "shall", "she", "should", "since", "so",
    "some", "still", "such", "than", "that", "the", "their", "theirs", "them", "themselves", "then",
    "there", "these", "they", "this", "those", "though", "through", "thus", "to", "too", "under", "until",
    "us", "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "whose",
    "why", "will", "with", "would", "yet", "you", "your", "yours",
])  # fmt: skip
"""Words of English grammar, lower case."""


def certain_outside(text: str, words: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which words are signs or function words that can't join two names, bool [words].

    Between two words with a capital or digit nothing is certain ("University of X", "A - B", "1 , 2000"), nor
    is a capitalised word before another ("The Who", "May 1") or in the middle of a sentence.
    """
    spoken = [text[start:end] for start, end in words.tolist()]
    plain = np.array([_plain(one) for one in spoken], bool)
    marked = np.array([any(c.isupper() or c.isdigit() for c in one) for one in spoken], bool)
    joins = np.zeros(len(words), bool)
    if len(words) > 2:
        joins[1:-1] = marked[:-2] & marked[2:]
    following = np.append(marked[1:], False)
    return plain & ~joins & ~(marked & (following | ~_first(text, words)))


def _plain(word: str) -> bool:
    """A sign, or a function word that is not written in capitals ("US", "WHO", "IT" are names)."""
    written = word.lower() in FUNCTION_WORDS and word in {word.lower(), word.capitalize()}
    return written or not any(map(str.isalnum, word))


def _first(text: str, words: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether the word follows a full stop, a line break or nothing, so that its capital means little."""
    first = np.ones(len(words), bool)
    for place in range(1, len(words)):
        between = text[words[place - 1, 0] : words[place, 0]]
        first[place] = any(mark in between for mark in ".!?\n\"'“”:")
    return first
