"""Shard: a stretch of a corpus that is tested on its own.

Nothing that is remembered to save work (template sides, equal sentences, how good a span must be to be kept)
goes from one shard to the next, so shards can be tested in any order, anywhere, with the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from silversmith.sources.example.journal import Record, revive
from silversmith.sources.example.pairs import Tested
from silversmith.sources.example.ranking import Ranked, Ranking
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.sentences import Sentence
from silversmith.sources.example.template_side import Strings

__all__ = ["Shard"]


class Shard:
    """The state of a shard. limits: scores above which nothing is kept; size: spans kept a type."""

    def __init__(self, scorer: Scorer, limits: list[float], size: int) -> None:
        self.scorer, self.ranking = scorer, Ranking(limits, size)
        self.strings: Strings = {}
        self.seen: dict[bytes, Tested] = {}

    def test(self, sentences: Sequence[Sentence]) -> tuple[list[Tested], Strings, dict[str, int]]:
        """The results of a block's sentences, the strings that were new, and what it took."""
        fresh: dict[bytes, Sentence] = {}
        for sentence in sentences:
            if (key := sentence.digest()) not in self.seen:
                fresh.setdefault(key, sentence)
        known, before = len(self.strings), _numbers(self.scorer)
        found = self.scorer.test(list(fresh.values()), self.ranking.bounds, self.strings)
        self.seen.update(zip(fresh, found, strict=True))
        results = []
        for sentence in sentences:
            one = self.seen[sentence.digest()]
            results.append(Tested(sentence, one.hits, one.floor, one.read))
        self._rank(results)
        took = {name: count - before[name] for name, count in _numbers(self.scorer).items()}
        return results, dict(islice(self.strings.items(), known, None)), took

    def replay(self, sentences: Sequence[Sentence], record: Record) -> list[Tested]:
        """The results of a finished block, and the state as it was behind it."""
        pairs = zip(sentences, record["sentences"], strict=True)
        results = [revive(sentence, values) for sentence, values in pairs]
        for one in results:
            self.seen.setdefault(one.sentence.digest(), one)
        self._rank(results)
        for kind, text, sums in record["strings"]:
            self.strings[kind, text] = None if sums is None else tuple(sums)
        return results

    def _rank(self, results: Sequence[Tested]) -> None:
        """Hits into the shard's own ranking, which says how good a span must be."""
        for one in results:
            for hit in one.hits:
                self.ranking.add(Ranked.of(one.sentence, hit))


def _numbers(scorer: Scorer) -> dict[str, Any]:
    """What a scorer has done so far."""
    return {
        "spans": scorer.spans,
        "pairs": scorer.pairs,
        "survivors": scorer.survivors,
        "rows": scorer.measure.rows,
        "pieces": scorer.measure.pieces,
    }
