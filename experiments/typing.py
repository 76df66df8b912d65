"""Typing on gold spans: `features` against the paper's rule and dense baselines, over mapping documents.

    python -m experiments.typing --data DIR --split dev      chooses the paper rule's open options
    python -m experiments.typing --data DIR --split test     reports, once

Figure 2 of the paper. Its best there: 0.803 (Re-DocRED, Gemma 2 9B, layer 9) and 0.623 (AnEM, layer 20).
One answer a gold span. "O allowed": the mapping may answer O, which is an error; else it is asked for
the best type. Baselines are fitted on the gold spans' types alone, so O is no answer of theirs.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from experiments.common import RESULTS, measure, write_result
from experiments.features_dense import dense_types, probes
from experiments.features_setup import (
    SIZES,
    Task,
    corpora,
    draws,
    load_tasks,
    parser,
    result_measures,
    result_name,
    typed_documents,
)
from numpy.typing import NDArray

from silversmith.core import track
from silversmith.evaluation import (
    bootstrap,
    bootstrap_difference,
    document_counts,
    exact_counts,
    expected_calibration_error,
)
from silversmith.reports.svg import Series, line_plot
from silversmith.sources.features import Mapping, Options
from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.grid import best, run_grid, settings
from silversmith.sources.features.quality import weighted_f1

PAPER = {"redocred": 0.803, "anem": 0.623}
GRID = {"q": [0.0, 25.0, 50.0, 75.0], "k": [8, 16, 32, 64, None], "t_p": [0.3, 0.4, 0.5, 0.6, 0.7]}
SECOND = {"rule": ["naive_bayes", "log_odds"], "q": [None, 0.0, 25.0, 50.0, 75.0], "k": [16, 32, 64, None]}
GRID_DOCUMENTS = 200


def main() -> None:
    """Run the data sets asked for and write results/typing[_dev].json."""
    arguments = parser(__doc__ or "").parse_args()
    folder = arguments.out or RESULTS
    measures: dict[str, Any] = {}
    extra: dict[str, Any] = {"split": arguments.split, "sets": {}}
    files, tables = [], []
    for task in load_tasks(arguments):
        mapping, tested, identity = corpora(task, arguments)
        chosen = _chosen(task, mapping, tested, arguments, folder, measures)
        rows, own, result = _rows(mapping, tested, chosen, arguments)
        if arguments.split == "test":  # dev chooses and times the grid; its scores are no measures
            measures |= result_measures(own_measures(task.name, result), arguments)
        curve = {} if arguments.quick else _curve(mapping, tested, arguments.seed)
        extra["sets"][task.name] = {"rows": rows, "curve": curve, "model": identity, **own}
        extra["sets"][task.name]["scores"] = own_measures(task.name, result)
        tables.append(_markdown(task, rows, len(mapping.documents), len(tested.documents)))
        files += task.files
    name = result_name("typing", arguments)
    svg = _plot(extra["sets"]) if not arguments.quick else None
    head = "# Typing on gold spans, weighted F1\n\n"
    write_result(
        name, measures, data_files=files, extra=extra, markdown=head + "\n".join(tables), svg=svg,
        seed=arguments.seed, folder=folder,
    )  # fmt: skip


def own_measures(name: str, result: dict[str, Any]) -> dict[str, Any]:
    """The measures of one data set, by the keys of results/targets.tsv."""
    found = {
        f"{name}.typing.weighted_f1": result["default"],
        f"{name}.typing.sparse_minus_dense": result["difference"],
    }
    if name == "redocred":
        found[f"{name}.typing.paper_rule.weighted_f1"] = result["paper"]
        found[f"{name}.typing.best_dense.weighted_f1"] = result["dense"]
        found[f"{name}.typing.ece"] = measure(result["ece"])
    return found


def _chosen(
    task: Task, mapping: Corpus, tested: Corpus, arguments: Any, folder: Path, measures: dict[str, Any]
) -> Options:
    """The paper rule's open options: chosen on dev by the grid, read back for test."""
    kept = folder / f"{result_name('typing', arguments)}_dev.json"
    if arguments.split == "test":
        if not kept.exists():
            return Options.paper()
        return Options(**json.loads(kept.read_text())["sets"][task.name]["paper_options"])
    few = draws(mapping, GRID_DOCUMENTS, 1, arguments.seed)[0]
    start = time.perf_counter()
    points = run_grid(few, tested, settings(Options.paper(t_conf=0.0), **GRID))
    points += run_grid(
        few, tested, settings(Options.paper(t_conf=0.0), **SECOND, rho=[0.0, 0.5], alpha=[1.0, 5.0])
    )
    seconds = time.perf_counter() - start
    if task.name == "redocred" and not arguments.limit and not arguments.language_model:
        measures["speed.grid_200.seconds"] = measure(seconds * 200 / len(points))
    return best(points)["precision"].options


def _rows(
    mapping: Corpus, tested: Corpus, paper: Options, arguments: Any
) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """Every method on all mapping documents: (rows of the table, facts, measures)."""
    fitted = Mapping.fit(mapping, Options(), examples=0)
    found = fitted.predict(tested.matrix, tested.gold)
    types = found.p[:, :-1] / found.p[:, :-1].sum(axis=1, keepdims=True)
    answers = {"features (default)": [types.argmax(axis=1)], "features, O allowed": [found.decided]}
    only = Mapping.fit(mapping, Options(negatives=0.0), examples=0).predict(tested.matrix, tested.gold)
    answers["features, fitted without O"] = [only.p[:, :-1].argmax(axis=1)]
    bare = Mapping.fit(mapping, Options(cues=False), examples=0).predict(tested.matrix, tested.gold)
    answers["features, latents alone"] = [bare.p[:, :-1].argmax(axis=1)]
    published = Mapping.fit(mapping, paper, examples=0).predict(tested.matrix, tested.gold)
    answers["the paper's rule"] = [published.p[:, :-1].argmax(axis=1)]
    answers["the paper's rule, O allowed"] = [published.decided]
    dense = defaultdict(list)
    for probe in track(list(probes(1 if arguments.quick else 5)), "baselines"):
        dense[probe[0]].append(dense_types(mapping, tested, probe))
    rows = [_row(name, tested, each) for name, each in {**answers, **dense}.items()]
    best_dense = max((row for row in rows if row["method"] in dense), key=lambda row: row["f1"])
    ours, theirs = (
        _counts(tested, each[0]) for each in (answers["features (default)"], dense[best_dense["method"]])
    )
    gap = bootstrap_difference(ours, theirs)["weighted.f1"]
    by_name = {row["method"]: measure(row["f1"], row["low"], row["high"]) for row in rows}
    sure = types.max(axis=1)
    ece = expected_calibration_error(sure, types.argmax(axis=1) == tested.gold.label)
    facts = {"paper_options": paper.model_dump(mode="json"), "best_dense": best_dense["method"], "ece": ece}
    facts |= {"rule": fitted.options.rule, "temperature": fitted.temperature, "counts": dict(fitted.counts)}
    result = {
        "default": by_name["features (default)"],
        "paper": by_name["the paper's rule, O allowed"],
        "dense": by_name[best_dense["method"]],
        "difference": measure(gap.value, gap.low, gap.high),
        "ece": ece,
    }
    return rows, facts, result


def _counts(corpus: Corpus, answer: NDArray[np.int64]) -> Any:
    """Counts by document of one answer a gold span."""
    pairs = zip(corpus.documents, typed_documents(corpus, answer), strict=True)
    return document_counts(pairs, exact_counts)


def _row(name: str, corpus: Corpus, answers: Sequence[NDArray[np.int64]]) -> dict[str, Any]:
    """Mean over seeds; the interval is the first seed's over documents."""
    values = [weighted_f1(corpus.gold.label, answer, len(corpus.labels)) for answer in answers]
    interval = bootstrap(_counts(corpus, answers[0]))["weighted.f1"]
    mean = float(np.mean(values))
    return {
        "method": name,
        "f1": mean,
        "low": interval.low + mean - interval.value,
        "high": interval.high + mean - interval.value,
        "seeds": len(values),
    }


def _curve(mapping: Corpus, tested: Corpus, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Weighted F1 over mapping documents, sparse and dense; five draws for 20 documents."""
    probe = next(iter(probes(0)))
    y, classes = tested.gold.label, len(tested.labels)
    curve: dict[str, list[dict[str, Any]]] = {"features": [], "dense logistic": []}
    for size in track([one for one in SIZES if one <= len(mapping.documents)], "curve"):
        values: dict[str, list[float]] = {name: [] for name in curve}
        for part in draws(mapping, size, 5 if size == 20 else 1, seed):
            found = Mapping.fit(part, Options(), examples=0).predict(tested.matrix, tested.gold)
            values["features"].append(weighted_f1(y, found.p[:, :-1].argmax(axis=1), classes))
            values["dense logistic"].append(weighted_f1(y, dense_types(part, tested, probe), classes))
        for name, each in values.items():
            curve[name].append({"documents": size, "f1": float(np.mean(each)), "draws": each})
    return curve


def _markdown(task: Task, rows: Sequence[dict[str, Any]], mapped: int, scored: int) -> str:
    """One table."""
    lines = [
        f"## {task.name}: {mapped} mapping documents, {scored} scored",
        "",
        "| method | weighted F1 | 95 % interval |",
        "|---|---:|---:|",
        f"| paper, best of its sweep (Gemma 2 9B, O allowed) | {PAPER[task.name]:.3f} | |",
    ]
    for row in rows:
        seeds = f" (mean of {row['seeds']} seeds)" if row["seeds"] > 1 else ""
        lines.append(f"| {row['method']}{seeds} | {row['f1']:.3f} | {row['low']:.3f} to {row['high']:.3f} |")
    return "\n".join([*lines, ""])


def _plot(sets: dict[str, Any]) -> str:
    """F1 over mapping documents."""
    series = [
        Series(f"{name}, {method}", [(point["documents"], point["f1"]) for point in points])
        for name, found in sets.items()
        for method, points in found["curve"].items()
    ]
    return line_plot(
        series, title="Typing on gold spans", x_label="mapping documents", y_label="weighted F1", log_x=True
    )


if __name__ == "__main__":
    main()
