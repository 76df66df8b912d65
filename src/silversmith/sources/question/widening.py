"""Quality phrases of a corpus, which boundaries are widened to (rule 10), in place of AutoPhrase.

An n-gram of 2 to 5 words is one if it stands there at least 5 times, has no grammar at its ends, and

    min over its splits of NPMI   x   min(entropy of the word before, entropy of the word after, 1)   >  0.3

NPMI: normalised pointwise mutual information of the two sides; entropies in bits of what stands beside it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from silversmith.core import Document
from silversmith.sources.question.rules import STOP_WORDS
from silversmith.text.sentences import split_sentences
from silversmith.text.words import split_words

__all__ = ["QualityPhrases", "mine_phrases", "widen"]

LONGEST, LEAST, KEPT = 5, 5, 0.3

QualityPhrases = frozenset[str]
"""Lower-case n-grams, one blank between words."""
Range = tuple[int, int]


class _Counts(NamedTuple):
    """n-gram -> how often; n-gram -> word before and word after -> how often; words in all."""

    grams: Counter[tuple[str, ...]]
    beside: dict[tuple[str, ...], tuple[Counter[str], Counter[str]]]
    total: int


def mine_phrases(documents: Iterable[Document]) -> QualityPhrases:
    """The quality phrases of a corpus. Its sentences are held in memory."""
    sentences = [words for one in documents for words in _sentences(one)]
    counts = _count(sentences)
    return frozenset(
        " ".join(gram)
        for gram, times in counts.grams.items()
        if len(gram) > 1 and times >= LEAST and _quality(gram, counts) > KEPT
    )


def widen(
    text: str, span: Range, sentence: Range, taken: Sequence[Range], phrases: QualityPhrases, most: int
) -> Range:
    """The longest quality phrase around a span, by at most `most` words a side; never into another mention.

    taken: ranges of other mentions. Where none fits, the span itself.
    """
    words = [(a + sentence[0], b + sentence[0]) for a, b in split_words(text[slice(*sentence)])]
    inside = [n for n, (a, b) in enumerate(words) if a < span[1] and b > span[0]]
    if not inside or not most:
        return span
    first, last = inside[0], inside[-1] + 1
    best, size = span, last - first
    for low in range(max(0, first - most), first + 1):
        for high in range(last, min(len(words), last + most) + 1):
            start, end = words[low][0], words[high - 1][1]
            if high - low <= size or any(a < end and start < b and (a, b) != span for a, b in taken):
                continue
            if " ".join(text[a:b].lower() for a, b in words[low:high]) in phrases:
                best, size = (start, end), high - low
    return best


def _sentences(document: Document) -> Iterable[list[str]]:
    """Lower-case words of each sentence."""
    text = document.text
    for start, end in document.sentences or split_sentences(text):
        yield [text[a + start : b + start].lower() for a, b in split_words(text[start:end])]


def _count(sentences: Sequence[Sequence[str]]) -> _Counts:
    """Count n-grams, the longer ones only where both shorter ones are frequent enough."""
    grams: Counter[tuple[str, ...]] = Counter((word,) for words in sentences for word in words)
    total = grams.total()
    beside: dict[tuple[str, ...], tuple[Counter[str], Counter[str]]] = defaultdict(
        lambda: (Counter(), Counter())
    )
    for size in range(2, LONGEST + 1):
        fresh: Counter[tuple[str, ...]] = Counter()
        for words in sentences:
            for n in range(len(words) - size + 1):
                gram = tuple(words[n : n + size])
                if grams[gram[1:]] >= LEAST and grams[gram[:-1]] >= LEAST and _whole(gram):
                    fresh[gram] += 1
        kept = {gram for gram, times in fresh.items() if times >= LEAST}
        for words in sentences if kept else ():
            for n in range(len(words) - size + 1):
                gram = tuple(words[n : n + size])
                if gram in kept:
                    before, after = beside[gram]
                    before[words[n - 1] if n else ""] += 1
                    after[words[n + size] if n + size < len(words) else ""] += 1
        grams.update({gram: fresh[gram] for gram in kept})
    return _Counts(grams, beside, total)


def _whole(gram: tuple[str, ...]) -> bool:
    """No sign anywhere but hyphens and full stops inside words."""
    return all(any(map(str.isalnum, word)) for word in gram)


def _quality(gram: tuple[str, ...], counts: _Counts) -> float:
    """The formula at the head of this file."""
    if gram[0] in STOP_WORDS or gram[-1] in STOP_WORDS:
        return 0.0
    p = counts.grams[gram] / counts.total
    npmi = min(
        math.log(p / (_share(gram[:cut], counts) * _share(gram[cut:], counts))) / -math.log(p)
        for cut in range(1, len(gram))
    )
    before, after = counts.beside[gram]
    return npmi * min(_entropy(before), _entropy(after), 1.0)


def _share(gram: tuple[str, ...], counts: _Counts) -> float:
    return max(counts.grams[gram], LEAST) / counts.total


def _entropy(beside: Counter[str]) -> float:
    """In bits; every sentence edge counts as a word of its own."""
    total = beside.total()
    edge = beside[""]
    inner = -sum(n / total * math.log2(n / total) for word, n in beside.items() if word)
    return inner + edge / total * math.log2(total) if edge else inner
