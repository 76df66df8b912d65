"""Fusion on four sets: each source alone, majority, HMM, ours; students; and a simulated reviewer.

    python -m experiments.fusion votes --data DIR --cache cache     labels every set with every source (hours)
    python -m experiments.fusion fuse --data DIR --cache cache      results/fusion
    python -m experiments.fusion students --data DIR --cache cache  results/fusion_students (hours)
    python -m experiments.fusion review --data DIR --cache cache    results/review_answers

`votes` runs the commands a user would run and keeps what they write; it goes on where it was. The label model
is learned on the train text, without gold, and scored there (less the 20 documents whose gold `features` saw)
and on test. The dictionary holds what the questions retrieved from an index of open text
(experiments.gener_tables open makes it). A source whose files are not there is left out and named.

`students` trains one tagger on the fused silver and one on that of the source that is best on train, the same
way, and scores both on test; of each silver the documents that `features` saw are left out.

The reviewer answers about a span what gold says: right, another type, other boundaries, or nothing; least
certain first against random order.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from experiments.common import RESULTS, measure, write_result
from experiments.fusion_sets import GOLD, SETS, SOURCES, fitted_on, read_set, schema_text
from experiments.gener_setup import micro

from silversmith.core import Document, Span, Vote
from silversmith.formats import read, write
from silversmith.reports.svg import Series, line_plot
from silversmith.silver import document_votes
from silversmith.silver.fusing import Fused, fuse, make_fusion_options
from silversmith.silver.fusing.candidates import make_table

METHODS = ("majority", "hmm", "label-model")
ANSWERS = (0, 50, 100, 200, 300, 400, 500, 750, 1000, 1500, 2000)
FEW = 200
TOP = "20"


def votes(a: argparse.Namespace) -> None:
    """Label the sets with the sources."""
    for name in a.sets:
        room = a.cache / f"fusion-{name}"
        room.mkdir(exist_ok=True)
        parts = {part: read_set(a.data, name, part) for part in ("train", "test")}
        for part, documents in parts.items():
            if not (room / f"{part}.jsonl").is_file():
                write([one.with_spans(()) for one in documents], room / f"{part}.jsonl")
        write(fitted_on(parts["train"]), room / "gold.jsonl")
        for source in a.sources:
            (room / f"{source}.toml").write_text(schema_text(SETS[name], source), encoding="utf-8")
            chosen = prepared(source, room, a.cache, name)
            for part in parts:
                out = room / f"{source}.{part}.jsonl"
                if not out.is_file():
                    run("label", room / f"{part}.jsonl", *chosen, "--top", TOP, "--out", out)


def prepared(source: str, room: Path, cache: Path, name: str) -> list[Any]:
    """Make what a source labels with; the options that name it."""
    made, schema = room / f"{source}.made", room / f"{source}.toml"
    if source == "concept":
        return ["--schema", schema]
    if not (made / "manifest.json").is_file():
        if source == "features":
            run("fit", room / "gold.jsonl", "--out", made)
        elif source == "example":
            run("mine", room / "train.jsonl", "--schema", schema, "--out", made)
        else:
            index = cache / ("index-open" if source == "dictionary" else f"index-{name}")
            if not (index / "manifest.json").is_file():
                run("index", room / "train.jsonl", "--out", index)
            run("ask", index, "--schema", schema, "--out", made)
    return ["--mapping", made]


def run(*words: Any) -> None:
    """A command of silversmith."""
    print("silversmith", *words, flush=True)
    subprocess.run([sys.executable, "-m", "silversmith", *map(str, words)], check=True)


@dataclass(frozen=True)
class Votes:
    """A set's documents with gold, and each source's votes on them, by part."""

    sources: tuple[str, ...]
    gold: dict[str, list[Document]]
    given: dict[str, list[list[list[Vote]]]]
    counted: list[int]
    """Places of the train documents that are scored."""


def loaded(a: argparse.Namespace, name: str) -> Votes:
    """What `votes` kept."""
    room = a.cache / f"fusion-{name}"
    here = [one for one in SOURCES if all((room / f"{one}.{p}.jsonl").is_file() for p in ("train", "test"))]
    if gone := [one for one in SOURCES if one not in here]:
        print(f"{name}: not run: {', '.join(gone)}", flush=True)
    gold = {part: read_set(a.data, name, part) for part in ("train", "test")}
    given = {
        part: [
            [document_votes(one, source) for one in read(room / f"{source}.{part}.jsonl")] for source in here
        ]
        for part in gold
    }
    seen = {one.id for one in read(room / "gold.jsonl")}
    return Votes(tuple(here), gold, given, [n for n, one in enumerate(gold["train"]) if one.id not in seen])


def fused_parts(known: Votes, method: str) -> dict[str, Fused]:
    """Train, and test by what was learned on train."""
    options = make_fusion_options(method=method)
    train = fuse(known.gold["train"], known.given["train"], known.sources, options)
    if train.model is None:
        test = fuse(known.gold["test"], known.given["test"], known.sources, options)
        return {"train": train, "test": test}
    table = make_table(known.gold["test"], known.given["test"], known.sources, bins=options.bins)
    assert table.types == train.table.types
    q = train.model.posterior(table)
    return {"train": train, "test": Fused(table, q, train.model, train.method, "", options)}


def f1_of(known: Votes, part: str, found: Sequence[Document]) -> dict[str, float]:
    """Exact micro F1 with its interval, P, R."""
    gold = known.gold[part]
    places = known.counted if part == "train" else range(len(gold))
    return micro([gold[n] for n in places], [found[n] for n in places])


def with_votes(documents: Sequence[Document], found: Sequence[Sequence[Vote]]) -> list[Document]:
    """The documents with a span a vote."""
    return [one.with_spans(v.span() for v in some) for one, some in zip(documents, found, strict=True)]


def fuse_all(a: argparse.Namespace) -> None:
    """results/fusion."""
    sets: dict[str, Any] = {}
    for name in a.sets:
        known = loaded(a, name)
        rows: dict[str, dict[str, Any]] = {}
        for number, source in enumerate(known.sources):
            rows[source] = {
                part: f1_of(known, part, with_votes(known.gold[part], known.given[part][number]))
                for part in ("train", "test")
            }
        for method in METHODS:
            parts = fused_parts(known, method)
            rows[method] = {
                part: f1_of(known, part, with_votes(known.gold[part], list(one.votes(known.gold[part]))))
                for part, one in parts.items()
            }
        model = parts["train"].model
        weights = {} if model is None else dict(zip(known.sources, model.weights.tolist(), strict=True))
        sets[name] = {"rows": rows, "sources": known.sources, "weights": weights, "why": parts["train"].why}
        print(name, {key: {p: round(row[p]["f1"], 3) for p in row} for key, row in rows.items()}, flush=True)
    gains = {
        name: one["rows"]["label-model"]["train"]["f1"]
        - max(one["rows"][source]["train"]["f1"] for source in one["sources"])
        for name, one in sets.items()
    }
    measures = {}
    if set(sets) == set(SETS):
        measures = {
            "fusion.sets_won_by_03": measure(sum(gain >= 0.03 for gain in gains.values())),
            "fusion.worst_difference": measure(min(gains.values())),
        }
    _write(a, "fusion", measures, {"sets": sets, "gains": gains}, _table(sets, gains))


def _table(sets: dict[str, Any], gains: dict[str, float]) -> str:
    lines = [
        "# Fusion", "",
        f"Exact micro F1. Sources are fixed beforehand; `features` saw gold of {GOLD} documents, which don't "
        "count here. The label model is learned on the train text without gold.", "",
    ]  # fmt: skip
    for name, one in sets.items():
        lines += [f"## {name}", "", "| | train F1 | P | R | test F1 |", "|---|---:|---:|---:|---:|"]
        for key, row in one["rows"].items():
            train = row["train"]
            lines.append(
                f"| {key} | {train['f1']:.3f} | {train['precision']:.3f} | {train['recall']:.3f} | "
                f"{row['test']['f1']:.3f} |"
            )
        best = max(one["sources"], key=lambda source, rows=one["rows"]: rows[source]["train"]["f1"])
        lines += ["", f"Fused minus the best source ({best}), train: {gains[name]:+.3f}.", ""]
    return "\n".join(lines)


def review(a: argparse.Namespace) -> None:
    """results/review_answers."""
    curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
    ratios = {}
    for name in a.sets:
        known = loaded(a, name)
        parts = fused_parts(known, "label-model")
        found = with_votes(known.gold["train"], list(parts["train"].votes(known.gold["train"])))
        least = ordered(found, known.counted)
        curves[name] = {"least certain first": answered(known, found, least, ANSWERS)}
        goal = dict(curves[name]["least certain first"])[FEW]
        drawn = [
            np.random.default_rng([seed, 15]).permutation(len(least)).tolist() for seed in range(a.seeds)
        ]
        orders = [[least[n] for n in one] for one in drawn]
        steps = sorted({*ANSWERS, *range(0, len(least) + 1, 100)})
        each = [answered(known, found, order, steps) for order in orders]
        mean = [(float(n), float(np.mean([dict(one)[n] for one in each]))) for n in steps if n <= len(least)]
        curves[name]["random"] = [pair for pair in mean if pair[0] <= ANSWERS[-1]]
        reached = next((n for n, f1 in mean if f1 >= goal), float(len(least)))
        ratios[name] = reached / FEW
        print(name, f"F1 {curves[name]['least certain first'][0][1]:.3f} -> {goal:.3f}, random {reached}")
    lines = [
        "# Answers of a simulated reviewer", "",
        f"Exact micro F1 on the train text after n answers; the last column: how many answers in random "
        f"order (mean of {a.seeds}) reach what {FEW} reach, least certain first.", "",
        "| set | before | " + " | ".join(f"{n:,}" for n in ANSWERS[1:]) + " | random needs |",
        "|---|---:|" + "---:|" * len(ANSWERS),
    ]  # fmt: skip
    for name, both in curves.items():
        cells = [f"{f1:.3f}" for _, f1 in both["least certain first"]]
        cells += [""] * (len(ANSWERS) - len(cells))
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {ratios[name] * FEW:,.0f} |")
    series = [
        Series(f"{name}, {key}", [(float(n), f1) for n, f1 in curve])
        for name, both in curves.items()
        for key, curve in both.items()
    ]
    plot = line_plot(series, title="F1 by answers", x_label="answers", y_label="F1")
    measures = {}
    if set(ratios) == set(SETS):
        measures["review.answers_ratio"] = measure(float(np.mean(list(ratios.values()))))
    _write(a, "review_answers", measures, {"curves": curves, "ratios": ratios}, "\n".join(lines), plot)


def ordered(found: Sequence[Document], counted: Sequence[int]) -> list[tuple[int, Span]]:
    """(document, span), least certain first, of the documents that count."""
    spans = [(n, span) for n in counted for span in found[n].spans]
    return sorted(spans, key=lambda one: (abs((one[1].score or 0.0) - 0.5), one[0], one[1].start))


def answered(
    known: Votes, found: Sequence[Document], order: Sequence[tuple[int, Span]], steps: Sequence[int]
) -> list[tuple[int, float]]:
    """(answers, F1) at each step that the order reaches."""
    gold = known.gold["train"]
    wanted = [{(s.start, s.end): s.label for s in one.spans} for one in gold]
    now = [{(s.start, s.end): s.label for s in one.spans} for one in found]
    right = sum(len(wanted[n].items() & now[n].items()) for n in known.counted)
    size, total = sum(len(now[n]) for n in known.counted), sum(len(wanted[n]) for n in known.counted)
    made, at = [], 0
    for step in steps:
        if step > len(order):
            break
        for document, span in order[at:step]:
            before = len(wanted[document].items() & now[document].items()), len(now[document])
            _answer(wanted[document], now[document], span)
            right += len(wanted[document].items() & now[document].items()) - before[0]
            size += len(now[document]) - before[1]
        at = step
        made.append((step, 2 * right / max(1, size + total)))
    return made


def _answer(wanted: dict[tuple[int, int], str], now: dict[tuple[int, int], str], span: Span) -> None:
    """What a person does with a span who knows gold: accept, relabel, move its edges, or reject."""
    if now.pop((span.start, span.end), None) is None:
        return  # an earlier answer moved over it
    place = (span.start, span.end)
    if place not in wanted:
        near = [one for one in wanted if one[0] < span.end and span.start < one[1]]
        if not near:
            return
        place = max(near, key=lambda one: min(one[1], span.end) - max(one[0], span.start))
        for other in [one for one in now if one[0] < place[1] and place[0] < one[1]]:
            del now[other]
    now[place] = wanted[place]


def students(a: argparse.Namespace) -> None:
    """results/fusion_students."""
    sets: dict[str, dict[str, Any]] = {}
    for name in a.sets:
        known, room = loaded(a, name), a.cache / f"fusion-{name}"
        silver = room / "fused.jsonl"
        if not silver.is_file():
            run("fuse", *(room / f"{source}.train.jsonl" for source in known.sources), "--out", silver)
        alone = [with_votes(known.gold["train"], votes) for votes in known.given["train"]]
        scores = [f1_of(known, "train", found)["f1"] for found in alone]
        best = int(np.argmax(scores))
        made = {"fused": list(read(silver)), known.sources[best]: alone[best]}
        sets[name] = {
            key: f1_of(known, "test", student(a, room, key, [found[n] for n in known.counted]))
            for key, found in made.items()
        }
        print(name, {key: round(one["f1"], 3) for key, one in sets[name].items()}, flush=True)
    gaps = {}
    lines = [
        "# Students of fused silver", "",
        f"Exact micro F1 on test of taggers trained the same way ({a.encoder}, {a.steps} steps, `auto`): on "
        "fused silver, and on the silver of the single source that is best on train.", "",
        "| set | fused | best single | F1 | difference |", "|---|---:|---|---:|---:|",
    ]  # fmt: skip
    for name, both in sets.items():
        (_, fused), (source, single) = both.items()
        gaps[name] = fused["f1"] - single["f1"]
        lines.append(f"| {name} | {fused['f1']:.3f} | {source} | {single['f1']:.3f} | {gaps[name]:+.3f} |")
    whole = set(sets) == set(SETS)
    mean = {"fusion.student_minus_best_single": measure(float(np.mean(list(gaps.values()))))} if whole else {}
    _write(a, "fusion_students", mean, {"sets": sets, "gaps": gaps}, "\n".join(lines))


def student(a: argparse.Namespace, room: Path, key: str, silver: Sequence[Document]) -> list[Document]:
    """The test text tagged by a tagger trained on some silver; what is there already is kept."""
    folder, tagged = room / f"student-{key}", room / f"student-{key}.jsonl"
    if not tagged.is_file():
        write(silver, room / f"silver-{key}.jsonl")
        words = ("--encoder", a.encoder, "--steps", a.steps, "--threads", 2)
        run("train", room / f"silver-{key}.jsonl", "--out", folder, *words)
        run("tag", room / "test.jsonl", "--tagger", folder, "--out", tagged)
    return list(read(tagged))


def _write(
    a: argparse.Namespace, name: str, measures: Any, extra: dict[str, Any], text: str, svg: str | None = None
) -> None:
    files = [a.data / one / f"{part}.jsonl.gz" for one in a.sets for part in ("train", "test")]
    write_result(name, measures, data_files=files, extra=extra, markdown=text, svg=svg, folder=a.out)
    print(text, flush=True)


def main() -> None:
    """One of the steps."""
    made = {"votes": votes, "fuse": fuse_all, "students": students, "review": review}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="+", choices=made)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--seeds", type=int, default=10, help="random orders of the simulated reviewer")
    parser.add_argument("--encoder", default="all-minilm-l6-v2", help="of the students")
    parser.add_argument("--steps", type=int, default=600, help="of the students")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    for name in arguments.what:
        made[name](arguments)


if __name__ == "__main__":
    main()
