"""Speed of exact scoring on 100,000 gold spans, beside nervaluate, with equal counts.

Method: 5,000 made-up documents of 20 flat spans, six types; predictions with a tenth of the spans
missing, moved, retyped each, and a tenth added. Both get what they read (we: Documents; nervaluate:
lists of dicts, with inclusive ends), made before the clock starts. The two run in turn, five times;
the ratio of the least CPU seconds of each counts (both use one thread; whatever else a machine does only
adds to a time). nervaluate's `Evaluator` always scores its four strategies, overall and by type; so
`strategy_only` also times its strict strategy alone, called directly, by type.

    python benchmarks/evaluator.py
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path

import nervaluate
from nervaluate.strategies import StrictEvaluation

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import measure, write_result

from silversmith.core import Document, Span
from silversmith.evaluation import evaluate

TYPES = ("LOC", "MISC", "NUM", "ORG", "PER", "TIME")
DOCUMENTS, SPANS, ROUNDS = 5000, 20, 5


def make(seed: int = 0) -> tuple[list[Document], list[Document]]:
    """Gold and predicted documents; both flat, as nervaluate needs for a one-to-one match."""
    dice = random.Random(seed)
    gold, predicted = [], []
    for number in range(DOCUMENTS):
        text = "abcdefgh " * (SPANS * 3)
        right, found = [], []
        for place in range(SPANS):
            start = place * 27
            end = start + dice.choice((8, 17))
            label = dice.choice(TYPES)
            right.append(Span(start, end, label))
            event = dice.random()
            if event < 0.1:
                continue
            if event < 0.2:
                found.append(Span(start + 2, end, label))
            elif event < 0.3:
                found.append(Span(start, end, dice.choice(TYPES)))
            else:
                found.append(Span(start, end, label))
            if dice.random() < 0.1:
                found.append(Span(start + 18, start + 26, dice.choice(TYPES)))
        gold.append(Document(str(number), text, tuple(right)))
        predicted.append(Document(str(number), text, tuple(found)))
    return gold, predicted


def as_dicts(documents: list[Document]) -> list[list[dict[str, object]]]:
    """What nervaluate reads."""
    return [
        [{"label": span.label, "start": span.start, "end": span.end - 1} for span in document.spans]
        for document in documents
    ]


def by_nervaluate(gold: list, predicted: list) -> dict[str, tuple[int, int, int]]:
    """tp, fp, fn by type, from nervaluate's strict strategy."""
    result = nervaluate.Evaluator(gold, predicted, tags=list(TYPES), loader="dict").evaluate()
    strict = {name: one["strict"] for name, one in result["entities"].items()}
    return {
        name: (one.correct, one.actual - one.correct, one.possible - one.correct)
        for name, one in strict.items()
    }


def by_strategy(gold: list, predicted: list) -> dict[str, int]:
    """True positives by type, from the strict strategy alone."""
    strict, correct = StrictEvaluation(), Counter()
    for one, other in zip(gold, predicted, strict=True):
        for tag in TYPES:
            mine, theirs = ([e for e in side if e.label == tag] for side in (one, other))
            correct[tag] += strict.evaluate(mine, theirs, [tag])[0].correct
    return dict(correct)


def by_us(gold: list[Document], predicted: list[Document]) -> dict[str, tuple[float, float, float]]:
    """The same, from `evaluate`."""
    counts = evaluate(gold, predicted).counts
    return {name: (counts.tp[name], counts.fp[name], counts.fn[name]) for name in counts.types}


def clock(function, *arguments) -> tuple[float, object]:
    """CPU seconds, and what the function returned."""
    begin = time.process_time()
    value = function(*arguments)
    return time.process_time() - begin, value


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    gold, predicted = make()
    dicts = as_dicts(gold), as_dicts(predicted)
    loader = nervaluate.loaders.DictLoader()
    entities = loader.load(dicts[0]), loader.load(dicts[1])
    seconds: dict[str, list[float]] = {"nervaluate": [], "strategy_only": [], "silversmith": []}
    for _ in range(ROUNDS):
        theirs_s, theirs = clock(by_nervaluate, *dicts)
        strategy_s, strategy = clock(by_strategy, *entities)
        ours_s, ours = clock(by_us, gold, predicted)
        for name, value in zip(seconds, (theirs_s, strategy_s, ours_s), strict=True):
            seconds[name].append(value)
        assert ours == theirs, "counts differ"
        assert {name: one[0] for name, one in ours.items()} == strategy, "counts differ"
    least = {name: min(values) for name, values in seconds.items()}
    extra = {
        "times_strategy_only": least["strategy_only"] / least["silversmith"],
        "seconds": least,
        "all_seconds": seconds,
        "gold_spans": sum(len(one.spans) for one in gold),
        "predicted_spans": sum(len(one.spans) for one in predicted),
        "counts_equal": True,
    }
    times = least["nervaluate"] / least["silversmith"]
    write_result("benchmarks/evaluator", {"speed.evaluator.times_nervaluate": measure(times)}, extra=extra)
    print(f"{times:.1f} times as fast as nervaluate, equal counts")


if __name__ == "__main__":
    main()
