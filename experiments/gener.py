"""GeNER (Kim et al. 2022) on `mini`: questions to a set's own training text, dictionary, silver, student.

    python -m experiments.gener p100 --data DIR --cache cache
    python -m experiments.gener run --data DIR --cache cache [--sets wikigold ...] [--faithful]
    python -m experiments.gener rules --data DIR --cache cache

`p100`: precision at min(100, gold spans of the type) of each sub-question, judged against the gold of the
training text (any overlap with a gold span of the type; exact: same offsets). `run`: the whole flow (tables
1, 7, 8): dictionary matching and self-training, scored on test; setting (a). `rules`: what each normalisation
rule adds (F1 of dictionary matching on dev). `signals`: precision by what is asked and how answers are
ranked. It resumes: finished sets and trainings are kept in the cache.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from experiments.common import RESULTS, measure, write_result
from experiments.gener_setup import PAPER, SETS, Task, ask_task, micro, open_index

from silversmith.core import Document, EntityType, Schema
from silversmith.silver import write_silver
from silversmith.sources.question import Rules, silver_sentences
from silversmith.sources.question.questions import CALLED, PRESETS
from silversmith.tagger.opening import open_tagger
from silversmith.tagger.options import make_train_options
from silversmith.tagger.train import train_tagger

TOP = 100
JUDGED = ("conll2003", "wikigold", "ncbi", "bc5cdr")
"""Sets of the target; WNUT-16 is reported beside them."""
STEPS, BUDGET = 400, 512
KEYS = {"conll2003": "conll"}
"""How results/targets.tsv calls a set."""
PAPER_P100 = 0.974


def precision_at(task: Task, cache: Path, **values: Any) -> dict[str, Any]:
    """Precision of each question's first answers, overlap and exact, and their diversity."""
    source = ask_task(task, cache, least=0.0, k=TOP * 3, pool=TOP * 10, **values)
    found = source.found
    assert found is not None
    gold = {one.id: one.spans for one in task.gold("train")}
    counts = {
        kind: sum(s.label == kind for spans in gold.values() for s in spans) for kind in task.schema.names
    }
    rows: dict[str, Any] = {}
    for number, question in enumerate(found.questions):
        first = [one for one in found.answers if one.question == number][: min(TOP, counts[question.type])]
        same = [
            [
                (span.start == one.start and span.end == one.end)
                for span in gold[one.document]
                if span.label == question.type and span.start < one.end and one.start < span.end
            ]
            for one in first
        ]
        rows[f"{question.type}: {question.name}"] = {
            "overlap": float(np.mean([bool(one) for one in same])),
            "exact": float(np.mean([any(one) for one in same])),
            "diversity": len({one.text.lower() for one in first}) / max(1, len(first)),
            "at": len(first),
        }
    kinds = {
        kind: {
            key: float(np.mean([row[key] for name, row in rows.items() if name.startswith(f"{kind}: ")]))
            for key in ("overlap", "exact", "diversity")
        }
        for kind in task.schema.names
    }
    return {"questions": rows, "types": kinds}


def p100(arguments: argparse.Namespace) -> None:
    """results/gener_p100."""
    sets = {name: precision_at(Task.of(name, arguments.data), arguments.cache) for name in SETS}
    means = {
        key: float(np.mean([np.mean([one[key] for one in sets[name]["types"].values()]) for name in JUDGED]))
        for key in ("overlap", "exact")
    }
    lines = [
        "# Precision of the first answers (at min(100, gold spans of the type))",
        "",
        f"Mean over types and sets: {means['overlap']:.3f} (exact {means['exact']:.3f}); the paper, by hand "
        f"over Wikipedia: {PAPER_P100}. WNUT-16 stands beside it.",
        "",
        "| set | type: sub-question | overlap | exact | distinct | at |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, one in sets.items():
        for key, row in one["questions"].items():
            cells = " | ".join(f"{row[part]:.2f}" for part in ("overlap", "exact", "diversity"))
            lines.append(f"| {name} | {key} | {cells} | {row['at']} |")
    write_result(
        "gener_p100",
        {"gener.p100.mean": measure(means["overlap"]), "gener.p100.exact.mean": measure(means["exact"])},
        data_files=[Task.of(name, arguments.data).file("train") for name in SETS],
        extra={"sets": sets},
        markdown="\n".join(lines),
        folder=arguments.out,
    )
    print("\n".join(lines[:3]))


def matched(source: Any, documents: Sequence[Document]) -> list[Document]:
    """What a source finds in documents: their own spans are not shown to it."""
    votes = source.label([one.with_spans(()) for one in documents])
    return [one.with_spans(vote.span() for vote in some) for one, some in zip(documents, votes, strict=True)]


def run(arguments: argparse.Namespace) -> None:
    """results/gener."""
    cache: Path = arguments.cache
    for name in arguments.sets:
        task = Task.of(name, arguments.data)
        flow(task, cache, faithful=arguments.faithful, steps=arguments.steps, budget=arguments.budget)
    kept = {
        name: json.loads(path.read_text("utf-8")) for name in SETS if (path := _record(cache, name)).is_file()
    }
    measures: dict[str, Any] = {}
    for name, one in kept.items():
        final = one["test"]["self-training"]
        measures[f"gener.{KEYS.get(name, name)}.micro_f1"] = measure(final["f1"], final["low"], final["high"])
    if set(kept) == set(SETS):
        gains = [
            one["test"]["self-training"]["f1"] - one["test"]["dictionary"]["f1"] for one in kept.values()
        ]
        measures["gener.self_training_gain"] = measure(float(np.mean(gains)))
    both = [one["test"] for one in kept.values() if "faithful" in one["test"]]
    if both:
        gains = [one["self-training"]["f1"] - one["faithful"]["f1"] for one in both]
        measures["gener.corrected_minus_faithful"] = measure(float(np.mean(gains)))
    if "conll2003" in kept:
        minutes = sum(kept["conll2003"]["seconds"].values()) / 60
        measures["gener.conll.total_minutes"] = measure(minutes)
    write_result(
        "gener",
        measures,
        data_files=[Task.of(name, arguments.data).file(part) for name in kept for part in ("train", "test")],
        extra={"sets": kept, "steps": arguments.steps, "budget": arguments.budget, "papers": PAPER},
        markdown=_table(kept),
        folder=arguments.out,
    )


def flow(task: Task, cache: Path, *, faithful: bool, steps: int, budget: int) -> None:
    """One set from questions to tagger; what is done already is not done again."""
    path = _record(cache, task.name)
    record: dict[str, Any] = (
        json.loads(path.read_text("utf-8")) if path.is_file() else {"seconds": {}, "test": {}}
    )
    seconds = record["seconds"]
    test = task.gold("test")

    def step(key: str, work: Callable[[], Any]) -> Any:
        begin = time.monotonic()
        found = work()
        if key not in seconds:
            seconds[key] = round(time.monotonic() - begin, 1)
        return found

    index = step("index", lambda: open_index(task, cache))
    source = step("ask", lambda: ask_task(task, cache))
    assert source.found is not None
    silver = cache / f"{task.name}.silver.jsonl"
    if "dictionary" not in record["test"]:
        record["test"]["dictionary"] = micro(test, matched(source, test))
        record["dev"] = {"dictionary": micro(dev := task.gold("dev"), matched(source, dev))}
        sentences = silver_sentences(index.documents(), source.found, source.annotator)
        made = step("silver", lambda: write_silver(sentences, silver))
        record |= {"phrases": len(index), "terms": len(source.dictionary.rows), "silver": made["spans"]}
        record["sentences"] = made["corpus"]["documents"]
        _save(path, record)
        print(task.name, "dictionary", record["test"]["dictionary"], flush=True)
    for key, options in _trainings(faithful):
        if key in record["test"]:
            continue
        out = cache / f"{task.name}.{key}"
        chosen = make_train_options(loss="bond", loss_options=options, steps=steps, budget=budget)
        step(key, lambda out=out, chosen=chosen: _train(silver, out, chosen))
        record["test"][key] = micro(test, open_tagger(out).tag([one.with_spans(()) for one in test]))
        _save(path, record)
        print(task.name, key, record["test"][key], flush=True)


def _trainings(faithful: bool) -> list[tuple[str, dict[str, Any]]]:
    """(name, options of the loss)."""
    chosen: list[tuple[str, dict[str, Any]]] = [("self-training", {})]
    return [*chosen, ("faithful", {"faithful": True})] if faithful else chosen


def _train(silver: Path, out: Path, options: Any) -> None:
    from silversmith.formats import read

    if not (out / "manifest.json").is_file():
        train_tagger(read(silver), out, options)


def _record(cache: Path, name: str) -> Path:
    return cache / f"{name}.gener.json"


def _save(path: Path, record: dict[str, Any]) -> None:
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    aside.replace(path)


def _table(kept: dict[str, Any]) -> str:
    """Tables 1 and 7: dictionary, self-training, faithful, the paper's."""
    lines = [
        "# GeNER in setting (a): the set's own training text, unlabelled; entity micro F1 on test",
        "",
        "The paper retrieves from Wikipedia with DensePhrases (74 GB) and trains RoBERTa or BioBERT; here "
        "`mini` does both. CoNLL and Wikigold on three types, WNUT-16 without `other`, as the paper scores.",
        "",
        "| set | dictionary | self-training | P | R | faithful | paper | phrases | terms | sentences |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in kept.items():
        test, blank = one["test"], {"f1": float("nan"), "precision": float("nan"), "recall": float("nan")}
        final, other = test.get("self-training", blank), test.get("faithful", blank)
        cells = [
            test["dictionary"]["f1"],
            final["f1"],
            final["precision"],
            final["recall"],
            other["f1"],
            PAPER[name],
        ]
        lines.append(
            f"| {name} | "
            + " | ".join("-" if np.isnan(cell) else f"{cell:.3f}" for cell in cells)
            + f" | {one['phrases']:,} | {one['terms']:,} | {one['sentences']:,} |"
        )
    if "conll2003" in kept:
        parts = ", ".join(f"{key} {value / 60:.1f}" for key, value in kept["conll2003"]["seconds"].items())
        lines += ["", f"Minutes for CoNLL-2003: {parts} (the paper: 39.7 on a GPU, table 8)."]
    return "\n".join(lines)


RULES = {
    "1 split at and": {"split_and": False},
    "2 signs at the edges": {"strip_signs": False},
    "3 capitals": {"drop_lower": False},
    "4 leading the": {"drop_the": False},
    "5 short": {"shortest": 1},
    "6 stop words": {"stop_words": False},
    "7 what was asked for": {"drop_names": False},
    "8 abbreviations": {"abbreviations": False},
    "9 small letters": {"skip_lower": 0},
}


def rules(arguments: argparse.Namespace) -> None:
    """results/gener_rules: F1 of dictionary matching on dev, one rule changed at a time."""
    sets: dict[str, dict[str, float]] = {}
    for name in SETS:
        task = Task.of(name, arguments.data)
        dev = task.gold("dev")
        base = Rules.of("terms" if name in {"ncbi", "bc5cdr"} else "names")
        variants = {"as shipped": base, "none": _off()}
        variants |= {f"without {key}": base.model_copy(update=change) for key, change in RULES.items()}
        variants |= {"with 10 widening": base.model_copy(update={"widen": 2})}
        variants |= {"signs as published": base.model_copy(update={"faithful": True})}
        sets[name] = {
            key: micro(dev, matched(ask_task(task, arguments.cache, rules=one), dev))["f1"]
            for key, one in variants.items()
        }
        print(name, sets[name], flush=True)
    keys = list(next(iter(sets.values())))
    lines = [
        "# What each normalisation rule adds (dictionary matching on dev, micro F1)", "",
        "| rules | " + " | ".join(sets) + " |", "|---|" + "---:|" * len(sets),
    ]  # fmt: skip
    lines += [f"| {key} | " + " | ".join(f"{sets[name][key]:.3f}" for name in sets) + " |" for key in keys]
    files = [Task.of(name, arguments.data).file(part) for name in SETS for part in ("train", "dev")]
    write_result(
        "gener_rules",
        {},
        data_files=files,
        extra={"sets": sets},
        markdown="\n".join(lines),
        folder=arguments.out,
    )


def _off() -> Rules:
    """No rule at all."""
    return Rules(
        split_and=False, strip_signs=False, drop_lower=False, drop_the=False, shortest=1, stop_words=False,
        drop_names=False, abbreviations=False, skip_lower=0, widen=0,
    )  # fmt: skip


def signals(arguments: argparse.Namespace) -> None:
    """results/gener_signals: precision at 100 by what is asked and how it is ranked."""
    rows: dict[str, dict[str, float]] = {}
    chosen: dict[str, dict[str, Any]] = {
        "sub-questions, name (as shipped)": {},
        "type's name alone": {"schema": "bare"},
        **{f"name and {one}": {"signals": ("name", one)} for one in ("pattern", "words", "context", "more")},
    }
    for label, values in chosen.items():
        rows[label] = {}
        for name in SETS:
            task = Task.of(name, arguments.data)
            given = dict(values)
            if given.pop("schema", None):
                task = Task(task.name, task.folder, _bare(name))
            found = precision_at(task, arguments.cache, **given)
            rows[label][name] = float(np.mean([one["overlap"] for one in found["types"].values()]))
        print(label, rows[label], flush=True)
    lines = [
        "# Precision of the first 100 answers by question and signal (overlap)", "",
        "| | " + " | ".join(SETS) + " |", "|---|" + "---:|" * len(SETS),
    ]  # fmt: skip
    lines += [
        f"| {key} | " + " | ".join(f"{row[name]:.3f}" for name in SETS) + " |" for key, row in rows.items()
    ]
    files = [Task.of(name, arguments.data).file("train") for name in SETS]
    write_result(
        "gener_signals",
        {},
        data_files=files,
        extra={"rows": rows},
        markdown="\n".join(lines),
        folder=arguments.out,
    )


def _bare(name: str) -> Schema:
    """Each type's name is its only question."""
    called = {label: CALLED.get(label, label.lower()) for label in PRESETS[name]}
    return Schema(
        types=tuple(
            EntityType(name=label, questions=(one,), concepts=(one,)) for label, one in called.items()
        )
    )


def main() -> None:
    """One of the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("p100", "run", "rules", "signals"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--faithful", action="store_true", help="also train with the published code's faults")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--budget", type=int, default=BUDGET, help="pieces a step")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    {"p100": p100, "run": run, "rules": rules, "signals": signals}[arguments.what](arguments)


if __name__ == "__main__":
    main()
