"""Mining against the plain algorithm: token positions, time, and whether the order is the same.

Same model, same sentences, same examples, all types, one run. The plain one (mining_plain.py) runs first on
everything; the fast one keeps what is under the threshold, and the order of what it keeps is compared. Two
scores nearer than 1e-6 are a tie that float rounding may turn round; how many there are is printed.

    python benchmarks/mining.py --data DIR [--sentences 500] [--model mini] [--threads 1]

DIR holds conll2003/train.jsonl.gz as `silversmith data` makes it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import measure, write_result
from experiments.xner_sets import SETS, schema_of
from mining_plain import Plain, PlainScore

from silversmith.core import Schema
from silversmith.formats import read
from silversmith.models.masked import MaskedModel
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.seeds import make_seeds
from silversmith.sources.example.sentences import Sentence, sentences_of
from silversmith.sources.example.windows import windows_of

TIE = 1e-6


@dataclass(frozen=True)
class Compared:
    """Positions and seconds of both; spans kept; places where the orders differ, ties aside and with them."""

    plain_positions: int
    fast_positions: int
    plain_seconds: float
    fast_seconds: float
    kept: int
    misplaced: int
    ties_turned: int
    largest_gap: float
    pairs: int
    survivors: int

    @property
    def same_order(self) -> bool:
        """Whether the kept spans stand in the same order."""
        return self.misplaced == 0


def first_sentences(path: Path, count: int, options: ExampleOptions) -> list[Sentence]:
    """The first sentences with a span to test, each text once."""
    found: dict[bytes, Sentence] = {}
    for position, document in enumerate(read(path)):
        for sentence in sentences_of(document, position, spaced=options.spaced):
            short = options.longest is None or len(sentence.words) <= options.longest
            if short and windows_of(sentence, options):
                found.setdefault(sentence.digest(), sentence)
            if len(found) == count:
                return list(found.values())
    return list(found.values())


def compare(
    model: MaskedModel, schema: Schema, sentences: Sequence[Sentence], options: ExampleOptions
) -> Compared:
    """Run both on the same sentences."""
    seeds = make_seeds(schema, options, model)
    types = [
        (one.name, one.examples[0], f"{template.before}{{span}}{template.after}")
        for one, template in zip(schema.types, seeds.templates, strict=True)
    ]
    spans = [[(one.start, one.end) for one in windows_of(sentence, options)] for sentence in sentences]
    oracle = Plain(model, options.temperature)
    begin = time.perf_counter()
    ranked = oracle.rank([one.text for one in sentences], spans, types)
    middle = time.perf_counter()
    scorer = Scorer(model, seeds, options)
    bounds = [options.threshold_of(name) for name in schema.names]
    tested = scorer.test(sentences, bounds)
    end = time.perf_counter()
    mine = sorted(
        (hit.score, n, words[hit.first][0], words[hit.last - 1][1], schema.names[hit.type])
        for n, one in enumerate(tested)
        for words in [one.sentence.words]
        for hit in one.hits
    )
    kept, misplaced, ties, gap = _order(mine, ranked)
    return Compared(
        oracle.positions,
        scorer.measure.pieces,
        middle - begin,
        end - middle,
        kept,
        misplaced,
        ties,
        gap,
        scorer.pairs,
        scorer.survivors,
    )


def _order(mine: Sequence[tuple[Any, ...]], ranked: Sequence[PlainScore]) -> tuple[int, int, int, float]:
    """Spans kept, places out of order, neighbours turned round by ties, largest difference of scores."""
    theirs = {(one.sentence, one.start, one.end, one.label): one.score for one in ranked}
    scores = [theirs[one[1:]] for one in mine]
    gap = max((abs(one[0] - score) for one, score in zip(mine, scores, strict=True)), default=0.0)
    falls = [a - b for a, b in pairwise(scores) if a > b]
    ties = sum(fall <= TIE for fall in falls)
    return len(mine), len(falls) - ties, ties, gap


def main() -> None:
    """Measure and write results/benchmarks/mining.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=500)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    import torch

    from silversmith.models.masked_open import open_masked

    torch.set_num_threads(arguments.threads)
    model, chosen = open_masked(arguments.model), SETS["conll2003"]
    options = ExampleOptions().changed(longest=chosen.longest).settled(model.threshold)
    path = arguments.data / "conll2003" / "train.jsonl.gz"
    sentences = first_sentences(path, arguments.sentences, options)
    found = compare(model, schema_of("conll2003"), sentences, options)
    ratio, speed = (
        found.plain_positions / found.fast_positions,
        found.plain_seconds / found.fast_seconds,
    )
    facts = vars(found)
    print(f"positions {ratio:.1f}x fewer, {speed:.1f}x faster, same order: {found.same_order}; {facts}")
    write_result(
        "benchmarks/mining",
        {"xner.positions_ratio": measure(ratio), "xner.speedup": measure(speed)},
        data_files=[path],
        extra={"model": model.identity(), "same_order": found.same_order, "found": dict(facts)},
    )


if __name__ == "__main__":
    main()
