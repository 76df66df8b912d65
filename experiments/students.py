"""Students: what a tagger learns from gold, silver, mixtures and noise (tables 2 and 3, figures 3 and 4).

    python -m experiments.students run --data DIR --cache DIR --encoder mini --steps 1200 --train gold silver
    python -m experiments.students run --data DIR --cache DIR --sets redocred wnut17 bc5cdr \\
        --train gold low_recall:0.5 --loss cross-entropy auto
    python -m experiments.students tables

`run` trains and tests one tagger for each set, training text, loss and seed that results/student_runs.json
lacks, with the commands that a user would run, and adds its scores there: it may be stopped at any time, and
go on elsewhere. `tables` makes results/students and results/noise_study of what is there.

Training texts: gold (all of train), gold699 (what is left of Re-DocRED's train without the 300 documents that
`features` is fitted on), gold10 and gold30 (per cent of those), silver (labels of `features` on them), paper
(the same by the published rule), silver+gold10, silver+gold30 (gold documents replace their silver copies),
and gold with noise, KIND:RATE (on Re-DocRED with the paper's rounding up in each document, which would leave
next to nothing of WNUT-17's short texts; elsewhere unbiased). Nothing is chosen here, so scores are of test.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from experiments.common import RESULTS, measure, write_result

from silversmith.core import Document
from silversmith.evaluation import evaluate
from silversmith.evaluation.intervals import seed_interval
from silversmith.formats import read, write
from silversmith.reports.svg import Series, line_plot
from silversmith.silver import Noise, perturb_all
from silversmith.silver.mixing import draw_gold, mix

RUNS = "student_runs.json"
FITTED = 300
"""Documents of Re-DocRED's train that `features` is fitted on."""
SMALL = "all-minilm-l6-v2"
"""Encoder of the noise study."""
PAPER = {
    "gold": 0.8196, "silver": 0.4697, "gold10": 0.2465, "gold30": 0.7515, "silver+gold10": 0.5129,
    "silver+gold30": 0.5952,
}  # fmt: skip
NOISED = ("redocred", "wnut17", "bc5cdr")
PLAIN, OURS = "cross-entropy", "auto"


@dataclass(frozen=True, slots=True)
class Run:
    """What decides a tagger."""

    set: str
    train: str
    encoder: str
    loss: str
    steps: int
    budget: int
    seed: int

    @property
    def key(self) -> str:
        """Its name in the file of runs."""
        return "/".join(map(str, asdict(self).values()))

    @classmethod
    def of(cls, key: str) -> Run:
        """From its name."""
        name, train, encoder, loss, *numbers = key.split("/")
        return cls(name, train, encoder, loss, *map(int, numbers))


def command(*words: Any) -> None:
    """A command of silversmith."""
    print("silversmith", *words, flush=True)
    subprocess.run([sys.executable, "-m", "silversmith", *map(str, words)], check=True)


def train_text(a: argparse.Namespace, run: Run) -> list[Document]:
    """The documents that a tagger is trained on."""
    gold = list(read(a.data / run.set / "train.jsonl.gz"))
    kind, _, rate = run.train.partition(":")
    if rate:
        labels = sorted({span.label for one in gold for span in one.spans})
        count = "ceil" if run.set == "redocred" else "unbiased"
        noise = Noise(kind, float(rate), seed=run.seed, count=count)
        return [one for one, _ in perturb_all(gold, noise, labels)]
    if run.train == "gold":
        return gold
    order = np.random.default_rng(300).permutation(len(gold)).tolist()
    fitted, rest = set(order[:FITTED]), sorted(order[FITTED:])
    left = [gold[n] for n in rest]
    silver, _, share = run.train.partition("gold")
    chosen = draw_gold(left, int(share) / 100, run.seed) if share and share != "699" else left
    if not silver:
        return chosen
    name = silver.removesuffix("+")
    found = silver_of(a, run.set, name, [one for n, one in enumerate(gold) if n in fitted], left)
    return list(mix(found, chosen)) if share else found


def silver_of(
    a: argparse.Namespace, name: str, kind: str, fitted: Sequence[Document], left: Sequence[Document]
) -> list[Document]:
    """The other documents as `features` labels them; made once."""
    room = a.cache / f"students-{name}"
    out, made = room / f"{kind}.jsonl", room / f"{kind}.mapping"
    if not out.is_file():
        room.mkdir(exist_ok=True)
        write(fitted, room / "fitted.jsonl")
        write([one.with_spans(()) for one in left], room / "left.jsonl")
        rule = ("--rule", "paper") if kind == "paper" else ()
        command("fit", room / "fitted.jsonl", "--out", made, *rule)
        command("label", room / "left.jsonl", "--mapping", made, "--out", out)
    return list(read(out))


def scored(a: argparse.Namespace, run: Run) -> dict[str, Any]:
    """Train, tag the test text, score; beside silver's student its teacher, `features` on the same text."""
    room = a.cache / "student"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    test = list(read(a.data / run.set / "test.jsonl.gz"))
    write([one.with_spans(()) for one in test], room / "test.jsonl")
    documents = train_text(a, run)
    write(documents, room / "train.jsonl")
    begin = time.monotonic()
    options = {"budget": run.budget, "held_out": 0.06}
    command(
        *("train", room / "train.jsonl", "--out", room / "tagger", "--encoder", run.encoder),
        *("--loss", run.loss, "--steps", run.steps, "--seed", run.seed, "--threads", a.threads),
        *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
    )
    seconds = time.monotonic() - begin
    command("tag", room / "test.jsonl", "--tagger", room / "tagger", "--out", room / "tagged.jsonl")
    found = evaluate(test, read(room / "tagged.jsonl"))
    taught = {}
    if run.train in {"silver", "paper"}:
        mapping = a.cache / f"students-{run.set}" / f"{run.train}.mapping"
        command("label", room / "test.jsonl", "--mapping", mapping, "--out", room / "teacher.jsonl")
        taught = {"teacher": evaluate(test, read(room / "teacher.jsonl")).weighted.f1}
    return taught | {
        "weighted": found.weighted.f1,
        "micro": found.micro.f1,
        "precision": found.micro.precision,
        "recall": found.micro.recall,
        "documents": len(documents),
        "spans": sum(len(one.spans) for one in documents),
        "seconds": round(seconds),
    }


def run_all(a: argparse.Namespace) -> None:
    """What the file of runs lacks, seed by seed."""
    path = a.out / RUNS
    a.out.mkdir(parents=True, exist_ok=True)
    wanted = [
        Run(name, train, a.encoder, loss, a.steps, a.budget, seed)
        for seed in a.seeds
        for name in a.sets
        for train in a.train
        for loss in a.loss
    ]
    for number, run in enumerate(wanted, start=1):
        known = known_runs(path)
        if run.key in known:
            continue
        print(f"{number} of {len(wanted)}: {run.key}", flush=True)
        known[run.key] = scored(a, run)
        print(run.key, known[run.key], flush=True)
        path.with_suffix(".part").write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
        path.with_suffix(".part").replace(path)


def known_runs(path: Path) -> dict[str, dict[str, Any]]:
    """Name of a run -> its scores."""
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def tables(a: argparse.Namespace) -> None:
    """results/students and results/noise_study."""
    groups: dict[Run, list[dict[str, Any]]] = {}
    for key, found in known_runs(a.out / RUNS).items():
        one = Run.of(key)
        group = Run(one.set, one.train, one.encoder, one.loss, one.steps, one.budget, -1)
        groups.setdefault(group, []).append(found)
    noise = {run: one for run, one in groups.items() if run.encoder == SMALL}
    write_noise(a, noise)
    write_students(a, {run: one for run, one in groups.items() if run not in noise})


def write_students(a: argparse.Namespace, groups: dict[Run, list[dict[str, Any]]]) -> None:
    """results/students: tables 2 and 3."""
    lines = [
        "# Students of gold, silver and mixtures", "",
        "Weighted exact F1 on test, mean over seeds with its 95 % interval.", "",
        "| set | trained on | encoder | loss | steps | seeds | F1 | | micro F1 | teacher | paper |",
        "|---|---|---|---|---:|---:|---:|---|---:|---:|---:|",
    ]  # fmt: skip
    measures: dict[str, Any] = {}
    means: dict[tuple[str, str], float] = {}
    for run, found in sorted(groups.items(), key=lambda one: one[0].key):
        at = seed_interval([one["weighted"] for one in found])
        micro = float(np.mean([one["micro"] for one in found]))
        taught = [one["teacher"] for one in found if "teacher" in one]
        teacher = f"{np.mean(taught):.3f}" if taught else ""
        paper = PAPER.get(run.train, "") if run.set == "redocred" else ""
        lines.append(
            f"| {run.set} | {run.train} | {run.encoder} | {run.loss} | {run.steps} | {len(found)} | "
            f"{at.value:.3f} | {at.low:.3f} to {at.high:.3f} | {micro:.3f} | {teacher} | {paper} |"
        )
        if (run.set, run.encoder) == ("redocred", "mini"):
            means[run.train, run.loss] = at.value
            wanted = PLAIN if run.train in {"gold", "gold10", "gold30"} else OURS
            if run.loss == wanted and run.train in {"gold", "silver", "gold10", "gold30"}:
                measures[f"redocred.student.{run.train}.weighted_f1"] = measure(at.value, at.low, at.high)
                if taught:
                    gain = measure(at.value - float(np.mean(taught)))
                    measures["redocred.student.silver_minus_teacher"] = gain
    both = ("silver+gold30", OURS), ("gold30", PLAIN)
    if all(one in means for one in both):
        gap = measure(means[both[0]] - means[both[1]])
        measures["redocred.student.silver_gold30_minus_gold30"] = gap
    if groups:
        write_result("students", measures, extra={}, markdown="\n".join(lines), folder=a.out)
        print("\n".join(lines))


def write_noise(a: argparse.Namespace, groups: dict[Run, list[dict[str, Any]]]) -> None:
    """results/noise_study: figures 3 and 4, and what the noise-aware default wins back."""
    mean = {
        (run.set, "low_recall:0" if run.train == "gold" else run.train, run.loss): float(
            np.mean([one["weighted"] for one in found])
        )
        for run, found in groups.items()
    }
    lines = [
        "# Noise in the training labels", "",
        f"Weighted exact F1 on test, mean over seeds; encoder {SMALL}. The last column: how much of what "
        "cross-entropy loses against clean gold the loss wins back.", "",
        "| set | noise | rate | loss | steps | seeds | F1 | P | R | won back |",
        "|---|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    curves: dict[str, list[tuple[float, float]]] = {}
    back: dict[tuple[str, str, str], float] = {}
    for run, found in sorted(groups.items(), key=lambda one: one[0].key):
        kind, _, rate = run.train.partition(":")
        value = mean[run.set, "low_recall:0" if run.train == "gold" else run.train, run.loss]
        clean, hurt = (mean.get((run.set, train, PLAIN)) for train in ("low_recall:0", run.train))
        gain = ""
        if rate and run.loss != PLAIN and clean is not None and hurt is not None and clean > hurt:
            back[run.set, run.train, run.loss] = (value - hurt) / (clean - hurt)
            gain = f"{back[run.set, run.train, run.loss]:.2f}"
        p, r = (float(np.mean([one[name] for one in found])) for name in ("precision", "recall"))
        lines.append(
            f"| {run.set} | {kind if rate else ''} | {rate or 0} | {run.loss} | {run.steps} | {len(found)} | "
            f"{value:.3f} | {p:.3f} | {r:.3f} | {gain} |"
        )
        kinds = (kind,) if rate else tuple({one.train.partition(":")[0] for one in groups} - {"gold"})
        for one in kinds:
            curves.setdefault(f"{run.set} {one} {run.loss}", []).append((float(rate or 0), value))
    measures: dict[str, Any] = {}
    for name in NOISED:
        if (name, "low_recall:0.5", OURS) in back:
            measures[f"noise.recovered_at_50.{name}"] = measure(back[name, "low_recall:0.5", OURS])
    costs = [
        mean[name, "low_recall:0", PLAIN] - mean[name, "low_recall:0", OURS]
        for name in NOISED
        if {(name, "low_recall:0", PLAIN), (name, "low_recall:0", OURS)} <= set(mean)
    ]
    if len(costs) == len(NOISED):
        measures["noise.cost_at_0"] = measure(max(costs))
    plot = partial(line_plot, title="F1 under noise", x_label="rate", y_label="weighted exact F1")
    series = [Series(name, sorted(points)) for name, points in sorted(curves.items()) if len(points) > 1]
    if groups:
        write_result(
            "noise_study",
            measures,
            markdown="\n".join(lines),
            svg=plot(series) if series else None,
            folder=a.out,
        )
        print("\n".join(lines))


def main() -> None:
    """One of the steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("run", "tables"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("cache"))
    parser.add_argument("--sets", nargs="+", default=["redocred"])
    parser.add_argument("--train", nargs="+", default=["gold"])
    parser.add_argument("--loss", nargs="+", default=[PLAIN])
    parser.add_argument("--encoder", default=SMALL)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--budget", type=int, default=1024, help="pieces a step")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    a = parser.parse_args()
    if a.what == "run" and a.data is None:
        parser.error("run needs --data")
    {"run": run_all, "tables": tables}[a.what](a)


if __name__ == "__main__":
    main()
