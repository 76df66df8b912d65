"""Scorer: the span test, fast and exact.

Scores are those of the plain algorithm (benchmarks/mining_plain.py); what is saved changes none of them:
originals are read once a sentence and place, the template's side once a string, and a pair is given up as
soon as its sum so far is above what is kept, for divergences are never negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from silversmith.models.masked import MaskedModel
from silversmith.sources.example.filled import Filled, fill
from silversmith.sources.example.measures import Cosine, Divergence, Measure
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.pairs import Hit, Pair, Scale, Tested, Work, best_hits, prune
from silversmith.sources.example.seeds import Seed, Seeds
from silversmith.sources.example.sentence_side import SentenceSide
from silversmith.sources.example.sentences import Sentence
from silversmith.sources.example.template_side import Hopeless, Strings, TemplateSide
from silversmith.sources.example.windows import Window, windows_of

__all__ = ["Scorer"]

Found = list[tuple[Pair, Hit]]


class Scorer:
    """Tests spans of sentences against all examples of all types in one pass.

    scales: one an example (default: as they are). spans, pairs, survivors: tested so far, spans with an
    example, and of those what the template side did not rule out.
    """

    def __init__(
        self,
        model: MaskedModel,
        seeds: Seeds,
        options: ExampleOptions,
        scales: Sequence[Scale] | None = None,
    ) -> None:
        self.model, self.seeds, self.options = model, seeds, options
        self.scales = list(scales or [Scale()] * len(seeds.seeds))
        cosine = options.measure == "cosine"
        self.measure: Measure = Cosine(model) if cosine else Divergence(model, options.temperature)
        self.template = TemplateSide(model, seeds, self.measure, spans=cosine)
        self.beside = SentenceSide(model, options, self.measure)
        self.spans = self.pairs = self.survivors = 0

    def test(
        self,
        sentences: Sequence[Sentence],
        bounds: Sequence[float],
        strings: Strings | None = None,
        windows: Sequence[Sequence[Window]] | None = None,
    ) -> list[Tested]:
        """What is kept of each sentence: spans whose score is at most their type's bound.

        bounds: one a type; inf keeps all. strings: a dict that lives longer saves the template side of
        strings that come again. windows: the spans to test (default: those of the options). Equal sentences
        are tested once.
        """
        strings = {} if strings is None else strings
        if windows is not None:
            return self._test(sentences, bounds, strings, windows)
        once: dict[bytes, Sentence] = {}
        keys = [sentence.digest() for sentence in sentences]
        for key, sentence in zip(keys, sentences, strict=True):
            once.setdefault(key, sentence)
        found = dict(zip(once, self._test(list(once.values()), bounds, strings, None), strict=True))
        return [replace(found[key], sentence=sentence) for key, sentence in zip(keys, sentences, strict=True)]

    def _test(
        self,
        sentences: Sequence[Sentence],
        bounds: Sequence[float],
        strings: Strings,
        windows: Sequence[Sequence[Window]] | None,
    ) -> list[Tested]:
        """The same for sentences that all differ, or with windows of their own."""
        works = [self._open(one, windows[n] if windows else None) for n, one in enumerate(sentences)]
        if self.options.ways != "sentence":
            self._fill_strings(works, bounds, strings)
        pairs = [pair for work in works for pair in self._pairs(work, bounds, strings)]
        pairs = self._complete(prune(pairs, self.options.several), self.options.several)
        hits: dict[int, list[Hit]] = {}
        for pair, hit in self._uncountered(list(best_hits(pairs, self.options.several)), strings):
            hits.setdefault(id(pair.work), []).append(hit)
        return [Tested(work.sentence, tuple(hits.get(id(work), ())), work.floor, work.read) for work in works]

    def pair(
        self, work: Work, window: Window, filled: Filled, seed: Seed, limit: float, strings: Strings
    ) -> Pair | None:
        """A span with an example, the template side summed; None if there is nothing to test it by."""
        total, count = 0.0, 0
        if self.options.ways != "template":
            count += self.beside.count(filled)
        if self.options.ways != "sentence":
            sums = strings.get((seed.type, window.text))
            if sums is None:
                return None
            total = sums[self.template.groups[seed.type].index(seed)]
            count += self.template.count(seed.type)
        if not count:
            return None
        self.pairs += 1
        scale = Scale() if seed.counter else self.scales[seed.number]
        return Pair(work, window, filled, seed, scale, limit, count, total)

    def open_at(self, sentence: Sentence, window: Window) -> Work:
        """A sentence with one window of any kind, whatever its length."""
        return self._open(sentence, [window])

    def complete_pairs(self, work: Work, kind: int) -> list[Pair]:
        """The pairs of an opened sentence with all examples of a type, nothing given up."""
        strings: Strings = {}
        if self.options.ways != "sentence":
            self.template.fill({kind: [window.text for window, _ in work.windows]}, strings)
        infinite = float("inf")
        made = [
            pair
            for window, filled in work.windows
            for seed in self.seeds.of(kind)
            if (pair := self.pair(work, window, filled, seed, infinite, strings)) is not None
        ]
        return self._complete(made, "plain")

    def _open(self, sentence: Sentence, windows: Sequence[Window] | None) -> Work:
        """A sentence with its windows' pieces; not read if it is longer than the limit or the model."""
        work, limit = Work(sentence), self.options.longest
        if windows is None and limit is not None and len(sentence.words) > limit:
            work.read = False
            return work
        windows = windows_of(sentence, self.options) if windows is None else windows
        if not windows:
            return work
        text = sentence.text
        whole = fill(self.model, text, 0, len(text))
        if whole is None:
            work.read = False
            return work
        found = ((one, whole.at(one.start, one.end, self.model)) for one in windows)
        work.windows = [(one, filled) for one, filled in found if filled is not None]
        self.spans += len(work.windows)
        return work

    def _tested(self, kind: int, window: Window) -> bool:
        """Whether a type may have such a span."""
        options = self.options
        free = not options.skip_digits or self.seeds.types[kind] in options.digit_types
        return free or not window.digit

    def _fill_strings(self, works: Sequence[Work], bounds: Sequence[float], strings: Strings) -> None:
        """The template side of every string that is not yet known, as far as it takes to rule it out."""
        fresh = {
            kind: list(
                dict.fromkeys(
                    window.text
                    for work in works
                    for window, _ in work.windows
                    if (kind, window.text) not in strings and self._tested(kind, window)
                )
            )
            for kind in self.template.groups
        }
        hopeless = {kind: self._hopeless(kind, bounds[kind]) for kind in fresh}
        self.template.fill(fresh, strings, hopeless)

    def _hopeless(self, kind: int, bound: float) -> Hopeless:
        """Whether template sums rule a string out for every example of a type, whatever its sentence says."""
        sides = 0 if self.options.ways == "template" else len(self.beside.sides)
        count = self.template.count(kind) + sides
        group = self.template.groups[kind]
        scales = [(n, self.scales[seed.number]) for n, seed in enumerate(group) if not seed.counter]
        return lambda sums: all(scale(sums[n] / count) > bound for n, scale in scales)

    def _pairs(self, work: Work, bounds: Sequence[float], strings: Strings) -> Iterator[Pair]:
        """Every span with every example of every type that may have it."""
        for window, filled in work.windows:
            for kind in self.template.groups:
                if self._tested(kind, window):
                    for seed in self.seeds.of(kind):
                        pair = self.pair(work, window, filled, seed, bounds[kind], strings)
                        if pair is not None:
                            yield pair

    def _complete(self, pairs: list[Pair], several: str) -> list[Pair]:
        """The pairs that are left when the sentence side has been added."""
        if self.options.ways == "template":
            return pairs
        self.survivors += len(pairs)
        return self.beside.add(pairs, several)

    def _uncountered(self, found: Found, strings: Strings) -> Found:
        """The hits whose span is not nearer to a counter-example of the type than to its best example."""
        against = []
        for best, hit in found:
            for seed in self.seeds.of(hit.type, counter=True):
                pair = self.pair(best.work, best.window, best.filled, seed, hit.mean, strings)
                if pair is not None and pair.score <= pair.limit:
                    against.append(pair)
        if not against:
            return found
        nearer = {
            (id(pair.work), pair.place)
            for pair in self._complete(against, "plain")
            if pair.score < pair.limit
        }
        return [(best, hit) for best, hit in found if (id(best.work), best.place) not in nearer]
