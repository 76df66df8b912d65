"""Probing: some sentences tested in full before a corpus is mined, for scales and thresholds."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from silversmith.core import Document
from silversmith.models.masked import MaskedModel
from silversmith.sources.example.calibration import decoy_threshold
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.pairs import Scale
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.seeds import Seed, Seeds
from silversmith.sources.example.sentences import Sentence, sentences_of
from silversmith.sources.example.windows import windows_of

__all__ = ["Probe", "Survey", "survey"]

OFTEN = 5
"""A decoy's words are met so often in lower case."""
UNCASED = 0.98
"""A corpus with a larger share of lower-case words has no capitals to tell decoys by."""
FIXED = 2.0
"""Per cent of the candidates kept there (the paper's share for its prompting baseline)."""
BEST = 200

Scores = dict[tuple[int, int, int], float]
"""(sentence, first word, last word) -> score."""


@dataclass(slots=True)
class Survey:
    """What one reading of the text found. lower: lower-case words and how often; sample: some sentences."""

    documents: int = 0
    sentences: int = 0
    tested: int = 0
    words: int = 0
    cased: int = 0
    lower: Counter[str] = field(default_factory=Counter)
    sample: list[Sentence] = field(default_factory=list)


def survey(documents: Iterable[Document], options: ExampleOptions, *, sample: bool) -> Survey:
    """Read a corpus once, without a model.

    sample: draw `options.probe` different sentences with candidates, the same ones in any order of documents.
    """
    found = Survey()
    chosen: dict[bytes, Sentence] = {}
    drawn: list[tuple[int, bytes]] = []
    for position, document in enumerate(documents):
        found.documents += 1
        for sentence in sentences_of(document, position, spaced=options.spaced):
            found.sentences += 1
            _count(found, sentence)
            if options.longest is not None and len(sentence.words) > options.longest:
                continue
            if not windows_of(sentence, options):
                continue
            found.tested += 1
            key = sentence.digest()
            if not sample or key in chosen:
                continue
            chosen[key] = sentence
            heapq.heappush(drawn, (-int.from_bytes(key, "big"), key))
            if len(drawn) > options.probe:
                del chosen[heapq.heappop(drawn)[1]]
    found.sample = [chosen[key] for key in sorted(chosen)]
    return found


def _count(found: Survey, sentence: Sentence) -> None:
    """Words, and those that show a case."""
    for start, end in sentence.words:
        word = sentence.text[start:end]
        found.words += 1
        if word != word.upper() or word != word.lower():
            found.cased += 1
            if word == word.lower():
                found.lower[word] += 1


class Probe:
    """The sample's scores: for each example (counter-examples aside) those of all spans, nothing given up."""

    def __init__(self, model: MaskedModel, seeds: Seeds, options: ExampleOptions, found: Survey) -> None:
        self.seeds, self.options, self.survey = seeds, options, found
        self.examples = [seed for seed in seeds.seeds if not seed.counter]
        self.texts: dict[tuple[int, int, int], str] = {}
        self.scores: list[Scores] = [{} for _ in self.examples]
        apart = _apart(seeds, self.examples)
        scorer = Scorer(model, apart, options.changed(several="plain"))
        infinite = [float("inf")] * len(self.examples)
        for number, tested in enumerate(scorer.test(found.sample, infinite)):
            for hit in tested.hits:
                key = number, hit.first, hit.last
                self.scores[hit.type][key] = hit.mean
                words = tested.sentence.words
                self.texts[key] = tested.sentence.text[words[hit.first][0] : words[hit.last - 1][1]]

    def scales(self) -> list[Scale]:
        """Each example's scale to its type's first: median on median, spread on spread."""
        made = [Scale()] * len(self.seeds.seeds)
        for kind in range(len(self.seeds.types)):
            group = [n for n, seed in enumerate(self.examples) if seed.type == kind]
            middle, spread = _robust(self.scores[group[0]])
            for n in group[1:]:
                own_middle, own_spread = _robust(self.scores[n])
                slope = spread / own_spread if spread > 0 and own_spread > 0 else 1.0
                made[self.examples[n].number] = Scale(slope, middle - slope * own_middle)
        return made

    def strangers(self) -> list[Seed]:
        """Further examples whose best spans hardly any other example of the type has among its best."""
        found = []
        for kind in range(len(self.seeds.types)):
            group = [n for n, seed in enumerate(self.examples) if seed.type == kind]
            best = {n: _best(self.scores[n]) for n in group}
            for n in group[1:]:
                others = set().union(*(best[m] for m in group if m != n))
                if len(best[n] & others) < self.options.share * len(best[n]):
                    found.append(self.examples[n])
        return found

    def threshold(self, kind: int, scales: list[Scale]) -> float | None:
        """A type's threshold by decoys; where the corpus has no capitals, a fixed share of the candidates."""
        scores = self._type_scores(kind, scales)
        if not scores:
            return None
        lower = sum(self.survey.lower.values())
        if lower > UNCASED * max(1, self.survey.cased):
            return float(np.percentile(list(scores.values()), FIXED))
        decoys = [score for key, score in scores.items() if self._decoy(self.texts[key])]
        options = self.options
        return decoy_threshold(list(scores.values()), decoys, options.false_share, options.decoy_share)

    def _type_scores(self, kind: int, scales: list[Scale]) -> Scores:
        """Each span's best score over the type's examples."""
        found: Scores = {}
        for seed, scores in zip(self.examples, self.scores, strict=True):
            if seed.type == kind:
                for key, mean in scores.items():
                    found[key] = min(found.get(key, float("inf")), scales[seed.number](mean))
        return found

    def _decoy(self, text: str) -> bool:
        """Whether a span is surely no name: lower case, of words that are common in lower case."""
        words = text.split()
        return bool(words) and all(self.survey.lower[word] >= OFTEN for word in words)


def _apart(seeds: Seeds, examples: list[Seed]) -> Seeds:
    """Every example as a type of its own."""
    return Seeds(
        tuple(seeds.types[seed.type] for seed in examples),
        tuple(Seed(n, n, seed.text) for n, seed in enumerate(examples)),
        tuple(seeds.templates[seed.type] for seed in examples),
    )


def _robust(scores: Scores) -> tuple[float, float]:
    """Median, and median distance from it."""
    values = np.array(list(scores.values()) or [0.0])
    middle = float(np.median(values))
    return middle, float(np.median(np.abs(values - middle)))


def _best(scores: Scores) -> set[tuple[int, int, int]]:
    """The best spans: at most 200, at most a tenth."""
    count = max(1, min(BEST, len(scores) // 10))
    return set(sorted(scores, key=lambda key: (scores[key], key))[:count])
