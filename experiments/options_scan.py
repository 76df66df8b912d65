"""The options of `features` that this house chose, one changed at a time, on development documents.

    python -m experiments.options_scan --data DIR --documents 200

Each row fits on the first documents of the mapping split and is scored on as many of dev: weighted F1 of
full NER (exact) and of typing on gold spans, calibration error, and what ablation does. It never reads a
test split.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from experiments.ablation import SPARED
from experiments.common import RESULTS, write_result
from experiments.features_setup import corpora, found_documents, iou_table, load_tasks, parser

from silversmith.core import track
from silversmith.evaluation import expected_calibration_error, score
from silversmith.sources.features import Mapping, Options
from silversmith.sources.features.ablation import ablate_types
from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.quality import weighted_f1

COLUMNS = {
    "ner_exact": "NER exact", "typing": "typing", "ece": "ECE", "own_drop": "own drop, least",
    "other_drop": "others, most", "random_drop": "random, most", "mapped": "latents mapped",
    "seconds": "fit, s",
}  # fmt: skip


def variants() -> Iterator[tuple[str, Options]]:
    """(name, options): the default, then one change at a time."""
    base = Options(rule="logistic")
    yield "default (logistic)", base
    for name, values in {
        "rule": ("naive_bayes", "log_odds", "shrunk"),
        "token_gain": (0.1, 1.0, 5.0),
        "strength": (0.1, 1.0),
        "confidence": ("probability",),
        "t_conf": (0.25, 0.5),
        "cue_penalty": (1.0, 30.0, 100.0, 1000.0),
        "cues": (False,),
    }.items():
        for value in values:
            yield f"{name} = {value}", base.changed(**{name: value})
    for penalty, strengths in {"l1": (0.2, 0.5, 1.0), "elastic": (0.3, 1.0)}.items():
        for strength in strengths:
            yield (
                f"penalty = {penalty}, strength = {strength}",
                base.changed(penalty=penalty, strength=strength),
            )


def main() -> None:
    """Scan and write results/options_scan.json."""
    options = parser(__doc__ or "")
    options.add_argument("--documents", type=int, default=200)
    options.add_argument("--only", help="the settings whose name contains this")
    arguments = options.parse_args()
    arguments.split, arguments.limit = "dev", arguments.documents
    sets: dict[str, Any] = {}
    files = []
    for task in load_tasks(arguments):
        mapping, tested, _ = corpora(task, arguments, states=False)
        rows = []
        chosen = [one for one in variants() if not arguments.only or arguments.only in one[0]]
        for name, setting in track(chosen, f"options on {task.name}"):
            rows.append({"setting": name, **measured(mapping, tested, setting, arguments.seed)})
            print(rows[-1], flush=True)
        sets[task.name] = rows
        files += task.files
    write_result(
        "options_scan", {}, data_files=files, extra={"sets": sets}, markdown=_markdown(sets),
        seed=arguments.seed, folder=arguments.out or RESULTS,
    )  # fmt: skip


def measured(mapping: Corpus, tested: Corpus, options: Options, seed: int) -> dict[str, float]:
    """One setting."""
    start = time.perf_counter()
    fitted = Mapping.fit(mapping, options, examples=0)
    seconds = time.perf_counter() - start
    found = fitted.predict(tested.matrix, tested.proposed)
    typed = fitted.predict(tested.matrix, tested.gold).p[:, :-1]
    typed = typed / typed.sum(axis=1, keepdims=True)
    answer = typed.argmax(axis=1)
    right = answer == tested.gold.label
    ner = iou_table(tested, found_documents(tested, found.p, found.decided))["exact"].total()
    fall = ablate_types(fitted, mapping, tested, draws=20, seed=seed, outside=False)
    counted = np.array([label != SPARED for label in fall.labels])
    return {
        "ner_exact": float(score(ner).weighted.f1),
        "typing": weighted_f1(tested.gold.label, answer, len(tested.labels)),
        "ece": float(expected_calibration_error(typed.max(axis=1), right)),
        "own_drop": float(fall.own_drop[counted].min()),
        "other_drop": fall.other_drop,
        "random_drop": fall.random_drop,
        "mapped": float(len(fitted.mapped_latents())),
        "seconds": seconds,
    }


def _markdown(sets: dict[str, Any]) -> str:
    """One table a data set."""
    lines = ["# Options of `features`, one changed at a time (development documents)", ""]
    for name, rows in sets.items():
        lines += [f"## {name}", "", "| setting | " + " | ".join(COLUMNS.values()) + " |"]
        lines.append("|---|" + "---:|" * len(COLUMNS))
        for row in rows:
            cells = (f"{row[key]:.3f}" if abs(row[key]) < 10 else f"{row[key]:.0f}" for key in COLUMNS)
            lines.append(f"| {row['setting']} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
