"""Full NER: candidates typed, overlaps resolved; scored at IoU 0.3, 0.5, 0.7 and at exact match.

    python -m experiments.full_ner --data DIR --split dev|test

Table 1 of the paper: weighted F1 on Re-DocRED .644 / .602 / .509 (IoU .3 / .5 / .7), on AnEM .326 /
.274 / .141, with Gemma 2 9B, 3,053 mapping documents and a mention detector. Candidates see no span of
either data set; only the mapping does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from experiments.common import RESULTS, measure, write_result
from experiments.features_dense import dense_decisions, probes
from experiments.features_setup import (
    SIZES,
    corpora,
    draws,
    found_documents,
    iou_table,
    load_tasks,
    parser,
    result_measures,
    result_name,
)

from silversmith.core import Document, track
from silversmith.evaluation import bootstrap, bootstrap_difference, score, seed_interval
from silversmith.reports.svg import Series, line_plot
from silversmith.sources.features import Mapping, Options
from silversmith.sources.features.corpus import Corpus
from silversmith.text.words import split_words

PAPER = {
    "redocred": {"iou30": 0.6439, "iou50": 0.6016, "iou70": 0.5092, "exact": 0.4666},
    "anem": {"iou30": 0.3262, "iou50": 0.2742, "iou70": 0.1414},
}
MATCHES = ("iou30", "iou50", "iou70", "exact")
FEW = 20


def main() -> None:
    """Run the data sets asked for and write results/full_ner[_dev].json."""
    arguments = parser(__doc__ or "").parse_args()
    measures: dict[str, Any] = {}
    extra: dict[str, Any] = {"split": arguments.split, "sets": {}}
    files, tables = [], []
    for task in load_tasks(arguments):
        mapping, tested, identity = corpora(task, arguments)
        recall, per_word = _candidates(tested)
        rows, counts = _rows(mapping, tested, arguments)
        curve = {} if arguments.quick else _curve(mapping, tested, arguments.seed)
        found = _measures(task.name, rows, counts, curve, recall, per_word)
        measures |= result_measures(found, arguments)
        tables.append(_markdown(task.name, rows, recall, per_word, len(mapping.documents)))
        extra["sets"][task.name] = {
            "rows": rows, "curve": curve, "model": identity, "candidate_recall": recall,
            "candidates_per_word": per_word, "recall_by_type": _recall_by_type(tested),
        }  # fmt: skip
        files += task.files
    head = "# Full NER, weighted F1\n\n"
    write_result(
        result_name("full_ner", arguments),
        measures,
        data_files=files,
        extra=extra,
        markdown=head + "\n".join(tables),
        svg=None if arguments.quick else _plot(extra["sets"]),
        seed=arguments.seed,
        folder=arguments.out or RESULTS,
    )


def _candidates(corpus: Corpus) -> tuple[float, float]:
    """(oracle recall at exact match, candidates a word)."""
    hits = int((corpus.proposed.label != corpus.outside).sum())
    gold = sum(len(document.spans) for document in corpus.documents)
    words = sum(len(one.words or split_words(one.text)) for one in corpus.documents)
    return hits / max(1, gold), len(corpus.proposed) / max(1, words)


def _recall_by_type(corpus: Corpus) -> dict[str, float]:
    """Oracle recall of each type."""
    hits = np.bincount(corpus.proposed.label, minlength=len(corpus.labels))
    gold = np.bincount(corpus.gold.label, minlength=len(corpus.labels))
    return {label: float(hits[i] / max(1, gold[i])) for i, label in enumerate(corpus.labels[:-1])}


def _sparse(options: Options) -> Callable[[Corpus, Corpus], list[Document]]:
    """`features` with some options."""

    def run(mapping: Corpus, tested: Corpus) -> list[Document]:
        found = Mapping.fit(mapping, options, examples=0).predict(tested.matrix, tested.proposed)
        return found_documents(tested, found.p, found.decided)

    return run


def _dense(probe: Any) -> Callable[[Corpus, Corpus], list[Document]]:
    """A dense baseline with the default decisions."""

    def run(mapping: Corpus, tested: Corpus) -> list[Document]:
        return found_documents(tested, *dense_decisions(mapping, tested, probe, Options()))

    return run


def _rows(mapping: Corpus, tested: Corpus, arguments: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every method on all mapping documents: rows of the table, and counts by document."""
    methods: dict[str, Callable[[Corpus, Corpus], list[Document]]] = {
        "features (default)": _sparse(Options()),
        "features, latents alone": _sparse(Options(cues=False)),
        "the paper's rule": _sparse(Options.paper()),
    }
    # Discriminant analysis and one MLP probe are enough here: both lose to logistic regression.
    methods |= {probe[0]: _dense(probe) for probe in probes(0 if arguments.quick else 1, priors=True)}
    rows, counts = [], {}
    for name, run in track(methods.items(), "methods", len(methods)):
        tables = iou_table(tested, run(mapping, tested))
        row: dict[str, Any] = {"method": name}
        for match in MATCHES:
            interval = bootstrap(tables[match])["weighted.f1"]
            all_scores = score(tables[match].total())
            row[match] = interval.to_json() | {
                "precision": all_scores.weighted.precision,
                "recall": all_scores.weighted.recall,
                "micro": all_scores.micro.f1,
                "macro": all_scores.macro.f1,
            }
        rows.append(row)
        counts[name] = tables
    return rows, counts


def _curve(mapping: Corpus, tested: Corpus, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Exact weighted F1 over mapping documents, sparse and dense; five draws for 20 documents."""
    runs = {"features": _sparse(Options()), "dense logistic": _dense(next(iter(probes(0))))}
    curve: dict[str, list[dict[str, Any]]] = {name: [] for name in runs}
    for size in track([one for one in SIZES if one <= len(mapping.documents)], "curve"):
        parts = draws(mapping, size, 5 if size == FEW else 1, seed)
        for name, run in runs.items():
            values = [
                score(iou_table(tested, run(part, tested))["exact"].total()).weighted.f1 for part in parts
            ]
            curve[name].append({"documents": size, "f1": float(np.mean(values)), "draws": values})
    return curve


def _measures(
    name: str,
    rows: Sequence[dict[str, Any]],
    counts: dict[str, Any],
    curve: dict[str, Any],
    recall: float,
    per_word: float,
) -> dict[str, Any]:
    """The measures of one data set, by the keys of results/targets.tsv."""
    ours = rows[0]
    wanted = MATCHES if name == "redocred" else ("iou30", "iou70")
    found = {
        f"{name}.ner.{match}.weighted_f1": measure(*(ours[match][key] for key in ("value", "low", "high")))
        for match in wanted
    }
    found[f"{name}.candidates.exact_recall"] = measure(recall)
    found[f"{name}.candidates.per_word"] = measure(per_word)
    if name == "redocred":
        best = max(rows[3:], key=lambda row: row["exact"]["value"])["method"]
        gap = bootstrap_difference(counts[ours["method"]]["exact"], counts[best]["exact"])["weighted.f1"]
        found[f"{name}.ner.exact.sparse_minus_dense"] = measure(gap.value, gap.low, gap.high)
        for point in curve.get("features", []):
            if point["documents"] == FEW:
                mean = seed_interval(point["draws"])
                found[f"{name}.ner.exact.map20.weighted_f1"] = measure(mean.value, mean.low, mean.high)
    return found


def _markdown(name: str, rows: Sequence[dict[str, Any]], recall: float, per_word: float, mapped: int) -> str:
    """One table."""
    paper = " | ".join(f"{PAPER[name][match]:.3f}" if match in PAPER[name] else "" for match in MATCHES)
    lines = [
        f"## {name}: {mapped} mapping documents; candidates: recall {recall:.3f}, {per_word:.2f} a word",
        "",
        "| method | IoU 0.3 | IoU 0.5 | IoU 0.7 | exact | P, R exact |",
        "|---|---:|---:|---:|---:|---:|",
        f"| paper (Gemma 2 9B, mention detector) | {paper} | |",
    ]
    for row in rows:
        values = " | ".join(f"{row[match]['value']:.3f}" for match in MATCHES)
        exact = f"{row['exact']['precision']:.3f}, {row['exact']['recall']:.3f}"
        lines.append(f"| {row['method']} | {values} | {exact} |")
    return "\n".join([*lines, ""])


def _plot(sets: dict[str, Any]) -> str:
    """Exact F1 over mapping documents."""
    series = [
        Series(f"{name}, {method}", [(point["documents"], point["f1"]) for point in points])
        for name, found in sets.items()
        for method, points in found["curve"].items()
    ]
    return line_plot(
        series, title="Full NER, exact match", x_label="mapping documents", y_label="weighted F1", log_x=True
    )


if __name__ == "__main__":
    main()
