"""Quality without gold, judged where gold exists: do the stated 90 % ranges hold the truth?

    python -m experiments.quality --data DIR --cache DIR --choose     fits silver/quality.json
    python -m experiments.quality --data DIR --cache DIR              judges it

Silver sets: `features` on few labelled documents (three draws, two rules, three thresholds; made by
experiments.quality_sets), and gold with noise (three seeds). Each set's range comes from its agreement
with the two others of its group. The corrections were fitted, and the spread of their errors measured by
leaving out one data set at a time, on the data sets CHOOSING; the measures are of VALIDATION alone.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from experiments.common import RESULTS, measure, write_result
from experiments.quality_sets import CHOOSING, SETS, SETTINGS, VALIDATION, kept_path, read_set

from silversmith.core import Document, Span
from silversmith.evaluation import exact_counts, score
from silversmith.silver import Noise, perturb_all, resolve
from silversmith.silver.agreement import Ratios, count_agreement
from silversmith.silver.quality import FEWEST, Sureness, estimate_quality, quality_features, sureness
from silversmith.silver.ranges import logit, sigmoid

LOWEST = 0.05
OTHER = "naive_bayes"
"""Sets of this rule, which isn't the default, are judged apart: they are no part of lines and measures."""
THRESHOLDS = (0.3, 0.5, 0.7)
SEEDS = 3
NOISES: dict[str, tuple[Noise, ...]] = {
    "low recall 0.3": (Noise("low_recall", 0.3),),
    "low recall 0.6": (Noise("low_recall", 0.6),),
    "low precision 0.4": (Noise("low_precision", 0.4),),
    "jitter 0.3": (Noise("jitter", 0.3, steps=2),),
    "confusion 0.3": (Noise("confusion", 0.3),),
    "all": (Noise("low_recall", 0.4), Noise("jitter", 0.15), Noise("low_precision", 0.3)),
}
PACKAGED = Path(__file__).resolve().parent.parent / "src" / "silversmith" / "silver" / "quality.json"


@dataclass(frozen=True)
class Case:
    """One silver set among the three of its group, with what is true of it."""

    data: str
    group: str
    kind: str
    ratios: Ratios
    sure: Sureness | None
    agreement: Any
    at: int
    precision: float
    recall: float


def main() -> None:
    """Choose or judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--choose", action="store_true", help="fit the corrections on the choosing sets")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    wanted = CHOOSING if arguments.choose else VALIDATION
    names = [name for name in wanted if kept_path(arguments.cache, name, *SETTINGS[0]).exists()]
    cases = [case for name in names for case in _cases(name, arguments)]
    if arguments.choose:
        _choose(cases, names)
    else:
        _judge(cases, names, arguments)


def _cases(name: str, arguments: argparse.Namespace) -> Iterator[Case]:
    """All silver sets of one data set."""
    _, gold = read_set(name, arguments.data)
    for rule, spans in SETTINGS:
        path = kept_path(arguments.cache, name, rule, spans)
        if not path.exists():
            continue
        with np.load(path) as arrays:
            wide = [_documents(gold, arrays, f"p{seed}") for seed in range(SEEDS)]
        for threshold in THRESHOLDS:
            sets = [[_above(one, threshold) for one in documents] for documents in wide]
            sures = [sureness(documents, threshold) for documents in wide]
            yield from _group(name, f"{rule} {spans} at {threshold}", "seeds", gold, sets, sures)
    labels = sorted({span.label for one in gold for span in one.spans})
    for title, noises in NOISES.items():
        sets = [
            [one for one, _ in perturb_all(gold, [_seeded(noise, seed) for noise in noises], labels)]
            for seed in range(SEEDS)
        ]
        yield from _group(name, title, "sources", gold, sets, [None] * SEEDS)


def _seeded(noise: Noise, seed: int) -> Noise:
    """The noise with a seed. Unbiased: rounding up always hits a document's only span, in every seed."""
    return Noise(noise.kind, noise.rate, count="unbiased", steps=noise.steps, seed=seed)


def _documents(gold: Sequence[Document], arrays: Any, key: str) -> list[Document]:
    """The target documents with every resolved span of at least LOWEST, scored."""
    p, labels = arrays[key], arrays["labels"]
    best, sure = p.argmax(axis=1), p.max(axis=1)
    found: list[list[Span]] = [[] for _ in gold]
    rows = np.flatnonzero(sure >= LOWEST)
    place, start, end = (arrays[column] for column in ("document", "start", "end"))
    for row in rows:
        span = Span(int(start[row]), int(end[row]), str(labels[best[row]]), float(sure[row]), "features")
        found[place[row]].append(span)
    documents = []
    for one, spans in zip(gold, found, strict=True):
        kept = resolve([(span.start, span.end) for span in spans], [span.score or 0.0 for span in spans])
        documents.append(one.with_spans(spans[at] for at in kept))
    return documents


def _above(document: Document, threshold: float) -> Document:
    """The document with its surer spans."""
    return document.with_spans(span for span in document.spans if (span.score or 0.0) >= threshold)


def _group(
    data: str,
    group: str,
    kind: str,
    gold: Sequence[Document],
    sets: Sequence[Sequence[Document]],
    sures: Sequence[Sureness | None],
) -> Iterator[Case]:
    """The three sets of a group, each judged by the two others."""
    agreement = count_agreement(sets)
    for at, documents in enumerate(sets):
        truth = score(exact_counts(zip(gold, documents, strict=True)), "exact").micro
        if truth.predicted >= FEWEST:
            ratios = agreement.ratios(at)
            yield Case(data, group, kind, ratios, sures[at], agreement, at, truth.precision, truth.recall)


def _choose(cases: Sequence[Case], names: Sequence[str]) -> None:
    """Fit the corrections and write them into the package."""
    curves: dict[str, Any] = {}
    for kind, scored in (("sources", False), ("seeds", False), ("seeds, scored", True)):
        mine = [one for one in cases if one.kind == kind.partition(",")[0] and OTHER not in one.group]
        curves[kind] = {
            name: _curve(name, mine, scored, kind == "sources") for name in ("precision", "recall")
        }
    content = {
        "about": "made by python -m experiments.quality --choose; logits, see silver/quality.py",
        "data": [SETS[name].target for name in names],
        "cases": dict(Counter(one.kind for one in cases if OTHER not in one.group)),
        "curves": curves,
    }
    PACKAGED.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(content, indent=1))


def _curve(name: str, cases: Sequence[Case], scored: bool, fixed: bool) -> dict[str, Any]:
    """One line: least squares on logits, errors (as shares) left out by data set. fixed: the closed form."""
    rows = [quality_features(name, one.ratios, one.sure if scored else None) for one in cases]
    x, truth = np.array(rows), np.array([getattr(one, name) for one in cases])
    data = np.array([one.data for one in cases])
    weights = np.array([0.0, 1.0] + [0.0] * (x.shape[1] - 2)) if fixed else _fit(x, truth)
    errors = truth - _line(x, weights)
    if not fixed:
        for one in np.unique(data):
            mine = data == one
            errors[mine] = truth[mine] - _line(x[mine], _fit(x[~mine], truth[~mine]))
    low, high = np.quantile(errors, [0.05, 0.95])
    return {
        "weights": [round(float(w), 4) for w in weights],
        "low": round(float(max(0.01, -low)), 4),
        "high": round(float(max(0.01, high)), 4),
    }


def _line(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Shares."""
    return np.array([sigmoid(float(value)) for value in x @ weights])


def _fit(x: np.ndarray, truth: np.ndarray, ridge: float = 1.0) -> np.ndarray:
    """Ridge regression of the truth's logits; the intercept is free."""
    y = np.array([logit(float(one)) for one in truth])
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 0.01
    return np.linalg.solve(x.T @ x + penalty, x.T @ y)


def _judge(cases: Sequence[Case], names: Sequence[str], arguments: argparse.Namespace) -> None:
    """Coverage and width on the validation sets."""
    rows = []
    for one in cases:
        found = estimate_quality(one.agreement, one.at, kind=one.kind, sure=one.sure)  # type: ignore[arg-type]
        rows.append(
            {
                "data": one.data, "group": one.group, "kind": one.kind, "seed": one.at,
                "precision": one.precision, "recall": one.recall,
                "precision_range": found.precision.to_json(), "recall_range": found.recall.to_json(),
                "precision_inside": one.precision in found.precision,
                "recall_inside": one.recall in found.recall,
            }
        )  # fmt: skip
    mine = [row for row in rows if OTHER not in row["group"]]
    both = [row["precision_inside"] and row["recall_inside"] for row in mine]
    widths = [row[f"{name}_range"]["high"] - row[f"{name}_range"]["low"] for row in mine for name in NAMES]
    path = write_result(
        "quality",
        {
            "quality.coverage_90": measure(float(np.mean(both))),
            "quality.range_width": measure(float(np.mean(widths)), min(widths), max(widths)),
        },
        data_files=[arguments.data / f"{SETS[name].target}.jsonl.gz" for name in names],
        extra={"validation": names, "choosing": list(CHOOSING), "silver_sets": len(mine), "rows": rows},
        markdown=_markdown(rows),
        folder=arguments.out,
    )
    print(_markdown(rows))
    print(path)


NAMES = ("precision", "recall")


def _origin(row: dict[str, Any]) -> str:
    """Where a set comes from."""
    if row["kind"] == "sources":
        return "gold with noise"
    return f"features, {OTHER} (no part of the measure)" if OTHER in row["group"] else "features"


def _markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Coverage by kind and by data set."""
    lines = [
        "# Quality without gold",
        "",
        "Share of silver sets whose true value lies in the stated 90 % range, and mean width of the ranges.",
        "",
        "| sets | number | precision inside | recall inside | both | width, precision | width, recall |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    parts: dict[str, list[dict[str, Any]]] = {
        "the measure": [row for row in rows if OTHER not in row["group"]]
    }
    for row in rows:
        parts.setdefault(_origin(row), []).append(row)
    for row in rows:
        parts.setdefault(f"{row['data']}, {_origin(row)}", []).append(row)
    for name, part in parts.items():
        inside = [[row[f"{key}_inside"] for row in part] for key in NAMES]
        both = np.mean([all(pair) for pair in zip(*inside, strict=True)])
        widths = [
            np.mean([row[f"{key}_range"]["high"] - row[f"{key}_range"]["low"] for row in part])
            for key in NAMES
        ]
        cells = [f"{np.mean(one):.2f}" for one in inside]
        cells += [f"{both:.2f}", *(f"{width:.2f}" for width in widths)]
        lines.append(f"| {name} | {len(part)} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
