"""Ablation: recall of each type on gold spans without the latents that speak for it (Figure 6 of the paper).

    python -m experiments.ablation --data DIR --split dev|test

A type's latents are those whose strongest evidence is that type (y* of equation 8), ranked by what they
add up to on the mapping documents. Their top half (and 20 %) is zeroed in the activations; beside it as
many mapped latents at random.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from experiments.common import RESULTS, measure, write_result
from experiments.features_setup import corpora, load_tasks, parser

from silversmith.reports.svg import grouped_bars
from silversmith.sources.features import Mapping, Options
from silversmith.sources.features.ablation import Ablation, ablate_types

DRAWS = (50, 10)
"""Random draws: the default's and, since each one pools anew, the paper's."""
SPARED = "MISC"
"""Reported, not counted in the smallest drop: a type that is what the others are not."""


def main() -> None:
    """Run both rules on Re-DocRED and write results/ablation[_dev].json."""
    arguments = parser(__doc__ or "").parse_args()
    arguments.sets = ["redocred"]
    folder = arguments.out or RESULTS
    (task,) = load_tasks(arguments)
    mapping, tested, identity = corpora(task, arguments, states=False)
    chosen = folder / "typing_dev.json"
    paper = Options.paper()
    if chosen.exists():
        paper = Options(**json.loads(chosen.read_text())["sets"]["redocred"]["paper_options"])
    default = Options(rule="logistic")
    rules = {
        "default": default,
        "default without cues": default.changed(cues=False),
        "sparser (penalty elastic)": default.changed(penalty="elastic"),
        "paper": paper,
    }
    found: dict[str, dict[str, Ablation]] = {}
    for name, options in rules.items():
        fitted = Mapping.fit(mapping, options, examples=0)
        found[name] = {
            f"{share:.0%}": ablate_types(
                fitted,
                mapping,
                tested,
                share=share,
                draws=DRAWS[name == "paper"],
                seed=arguments.seed,
                outside=False,
            )
            for share in (0.5, 0.2)
        }
    half = found["default"]["50%"]
    counted = np.array([label != SPARED for label in half.labels])
    measures = {
        "ablation.own_recall_drop_min": measure(half.own_drop[counted].min()),
        "ablation.other_recall_drop_max": measure(half.other_drop),
        "ablation.random_recall_drop_max": measure(half.random_drop),
    }
    rows = {name: {share: _record(one) for share, one in shares.items()} for name, shares in found.items()}
    write_result(
        "ablation" if arguments.split == "test" else "ablation_dev",
        measures,
        data_files=task.files,
        extra={"split": arguments.split, "rules": rows, "model": identity},
        markdown=_markdown(found),
        svg=_plot(found),
        seed=arguments.seed,
        folder=folder,
    )


def _record(one: Ablation) -> dict[str, Any]:
    """An ablation as JSON values."""
    return {
        "labels": one.labels, "whole": one.whole.tolist(), "without": one.without.tolist(),
        "random": one.random.tolist(), "removed": one.removed.tolist(),
        "own_drop": one.own_drop.tolist(), "other_drop": one.other_drop, "random_drop": one.random_drop,
    }  # fmt: skip


def _markdown(found: dict[str, dict[str, Ablation]]) -> str:
    """One table a rule and share: rows = type whose latents were removed."""
    parts = ["# Recall on gold spans without a type's latents\n"]
    for rule, shares in found.items():
        for share, one in shares.items():
            parts.append(f"## {rule} rule, top {share} of the type's latents removed\n")
            parts.append("| removed (latents) | " + " | ".join(one.labels) + " | worst with random ones |")
            parts.append("|---|" + "---:|" * (len(one.labels) + 1))
            whole = " | ".join(f"{value:.3f}" for value in one.whole)
            parts.append(f"| none | {whole} | |")
            for i, label in enumerate(one.labels):
                values = " | ".join(
                    f"{value:.3f} ({value - before:+.3f})"
                    for value, before in zip(one.without[i], one.whole, strict=True)
                )
                worst = (one.random[i] - one.whole).min()
                parts.append(f"| {label} ({one.removed[i]}) | {values} | {worst:+.3f} |")
            parts.append("")
    return "\n".join(parts)


def _plot(found: dict[str, dict[str, Ablation]]) -> str:
    """Own drops of both rules, top half removed."""
    groups: dict[str, dict[str, float]] = {}
    for rule, shares in found.items():
        half = shares["50%"]
        for label, drop in zip(half.labels, half.own_drop.tolist(), strict=True):
            groups.setdefault(label, {})[f"{rule} rule"] = drop
    return grouped_bars(
        groups, title="Without the top half of a type's latents", y_label="fall of its recall"
    )


if __name__ == "__main__":
    main()
