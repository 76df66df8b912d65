"""The smaller tables and figures of GeNER (Kim et al. 2022) on `mini`; no training but in `few`.

    python -m experiments.gener_tables templates --data DIR --cache cache       (table 5)
    python -m experiments.gener_tables subquestions --data DIR --cache cache    (table 6)
    python -m experiments.gener_tables sentences --data DIR --cache cache       (figure 3)
    python -m experiments.gener_tables fine --data DIR --cache cache            (table D.2)
    python -m experiments.gener_tables few --data DIR --cache cache             (table 4)
    python -m experiments.gener_tables open --data DIR --text TEXT --cache cache    (setting b, table D.3)

Dictionaries are scored on dev, so nothing here was looked at on test; `few`, `fine` and `open` are closing
figures and are scored on test. `few` needs what `experiments.gener run` keeps in the cache.
"""

from __future__ import annotations

import argparse
import json
import lzma
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from experiments.common import RESULTS, write_result
from experiments.gener import matched, precision_at
from experiments.gener_setup import FINE, PAPER, SETS, Task, micro, open_index, options_of

from silversmith.core import Document, EntityType, Schema
from silversmith.formats import read
from silversmith.models.mini import load_mini
from silversmith.reports.svg import Series, line_plot
from silversmith.sources.concept.opening import load_encoder
from silversmith.sources.question import PhraseIndex, Question, build_index
from silversmith.sources.question import ask as read_question
from silversmith.sources.question.questions import TEMPLATES
from silversmith.tagger.opening import open_tagger
from silversmith.tagger.options import make_train_options
from silversmith.tagger.train import train_tagger

PAPER_TEMPLATES = {"which": 0.974, "list": 0.794, "example": 0.664, "what": 0.907, "bare": 0.696}
PAPER_FINE = {"enzyme": 0.495, "astronomicalobject": 0.719, "award": 0.809, "conference": 0.411}
PAPER_FEW = {"conll2003": (0.535, 0.750), "wikigold": (0.470, 0.733), "bc5cdr": (0.550, 0.777)}
"""(supervised, GeNER and fine-tuning)."""
SHOTS = {"conll2003": 20, "wikigold": 20, "bc5cdr": 10}
"""Sentences in the paper; of BC5CDR the examples are documents here."""
ORGANISATIONS = ("organization", "sports team", "company", "institution", "band")
"""Sub-questions in the order in which table 6 adds them."""
KS = (20, 50, 100, 200, 500, 1000, 2000, 5000)
HOME = {"enzyme": "science", "astronomicalobject": "science", "award": "science", "conference": "ai"}
FREE = (
    "Which dish made with eggs?",
    "Which song nominated for a Grammy?",
    "Which satellite built by a company?",
    "Which antibiotic used against pneumonia?",
    "Which film directed by a woman?",
)


class Templated:
    """The concept encoder, with each name put into a template before it is encoded."""

    def __init__(self, encoder: Any, template: str) -> None:
        self.encoder, self.template = encoder, template

    def __getattr__(self, name: str) -> Any:
        return getattr(self.encoder, name)

    def identity(self) -> dict[str, Any]:
        """Another than the encoder's: its vectors of names are kept apart."""
        return {**self.encoder.identity(), "template": self.template}

    def names(self, names: Sequence[str]) -> Any:
        """Vectors of the names in the template."""
        return self.encoder.names([self.template.format(name) for name in names])


def asked(task: Task, index: PhraseIndex, encoder: Any = None, **values: Any) -> Question:
    """The source of a task's questions to an index."""
    encoder = encoder or load_mini().concept
    options = options_of(task, **values)
    return Question.prepare(task.schema, index, encoder=encoder, options=options, choice="majority")


def templates(a: argparse.Namespace) -> None:
    """results/gener_templates."""
    rows: dict[str, dict[str, float]] = {}
    for name, text in TEMPLATES.items():
        encoder = Templated(load_mini().concept, text)
        found: dict[str, list[float]] = {"p100": [], "diversity": [], "f1 at 100": [], "f1 at 5,000": []}
        for label in ("conll2003", "wikigold", "ncbi", "bc5cdr"):
            task = Task.of(label, a.data)
            index, dev = open_index(task, a.cache), task.gold("dev")
            kinds = precision_at(task, a.cache, encoder=encoder)["types"].values()
            found["p100"].append(float(np.mean([one["overlap"] for one in kinds])))
            found["diversity"].append(float(np.mean([one["diversity"] for one in kinds])))
            for k in (100, 5000):
                f1 = micro(dev, matched(asked(task, index, encoder, k=k), dev))["f1"]
                found[f"f1 at {k:,}"].append(f1)
        rows[name] = {key: float(np.mean(values)) for key, values in found.items()}
        print(name, rows[name], flush=True)
    lines = [
        "# What is encoded as the question (table 5)", "",
        "Means over CoNLL, Wikigold, NCBI and BC5CDR; F1 is of the dictionary alone, on dev. `mini` "
        "asks with the bare name, which it was trained to compare with; here the templates are encoded.", "",
        "| template | P@100 | distinct | F1, k = 100 | F1, k = 5,000 | paper's P@100 |",
        "|---|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for name, row in rows.items():
        cells = " | ".join(f"{value:.3f}" for value in row.values())
        lines.append(f"| {TEMPLATES[name].format('[TYPE]')} | {cells} | {PAPER_TEMPLATES[name]:.3f} |")
    _write(a, "gener_templates", {"rows": rows}, lines)


def subquestions(a: argparse.Namespace) -> None:
    """results/gener_subquestions."""
    rows: dict[str, dict[str, float]] = {}
    for label in ("conll2003", "wikigold"):
        for count in range(1, len(ORGANISATIONS) + 1):
            given = ORGANISATIONS[:1] if count == 1 else ORGANISATIONS[1:count]
            kinds = [EntityType(name="ORG", questions=given, concepts=("organization",))]
            whole = Task.of(label, a.data)
            others = [one for one in whole.schema.types if one.name != "ORG"]
            source = asked(
                Task(label, whole.folder, Schema(types=(*kinds, *others))), open_index(whole, a.cache)
            )
            only = Task(label, whole.folder, Schema(types=tuple(kinds)))
            dev = only.gold("dev")
            found = [
                one.with_spans(span for span in one.spans if span.label == "ORG")
                for one in matched(source, dev)
            ]
            key = given[-1] if count < 3 else f"+ {given[-1]}"
            rows.setdefault(key, {})[label] = micro(dev, found)["f1"]
    lines = [
        "# Sub-questions of organizations (table 6)", "", "F1 of ORG, the dictionary alone, on dev.", "",
        "| sub-questions | conll2003 | wikigold |", "|---|---:|---:|",
        *(f"| {key} | {row['conll2003']:.3f} | {row['wikigold']:.3f} |" for key, row in rows.items()),
    ]  # fmt: skip
    _write(a, "gener_subquestions", {"rows": rows}, lines)


def sentences(a: argparse.Namespace) -> None:
    """results/gener_sentences."""
    rows: dict[str, dict[str, float]] = {}
    for label in SETS:
        task = Task.of(label, a.data)
        index, dev = open_index(task, a.cache), task.gold("dev")
        rows[label] = {str(k): micro(dev, matched(asked(task, index, k=k), dev))["f1"] for k in KS}
        print(label, rows[label], flush=True)
    series = [Series(label, [(float(k), f1) for k, f1 in row.items()]) for label, row in rows.items()]
    lines = [
        "# F1 by sentences a question (figure 3)", "", "The dictionary alone, on dev.", "",
        "| k | " + " | ".join(rows) + " |", "|---|" + "---:|" * len(rows),
        *(f"| {k:,} | " + " | ".join(f"{row[str(k)]:.3f}" for row in rows.values()) + " |" for k in KS),
    ]  # fmt: skip
    plot = line_plot(series, title="F1 by sentences a question", x_label="k", y_label="F1", log_x=True)
    _write(a, "gener_sentences", {"rows": rows}, lines, plot)


def fine(a: argparse.Namespace) -> None:
    """results/gener_fine: retrieval over train and dev texts (550 and 450 sentences), scored on test."""
    rows: dict[str, dict[str, float]] = {}
    for kind in FINE:
        folder = a.data / f"crossner_{HOME[kind]}"
        task = Task(kind, folder, Task.of(kind, a.data).schema)
        index = _index_of(
            a, f"crossner_{HOME[kind]}", [one for part in ("train", "dev") for one in read(task.file(part))]
        )
        test = task.gold("test")
        rows[kind] = micro(test, matched(asked(task, index), test))
    lines = [
        "# Fine-grained types of CrossNER (table D.2)", "",
        "One question a type, over the unlabelled train and dev sentences; the dictionary alone, on test. "
        "The paper asks Wikipedia and trains a tagger.", "",
        "| type | F1 | P | R | paper |", "|---|---:|---:|---:|---:|",
        *(
            f"| {kind} | {row['f1']:.3f} | {row['precision']:.3f} | {row['recall']:.3f} | "
            f"{PAPER_FINE[kind]:.3f} |" for kind, row in rows.items()
        ),
    ]  # fmt: skip
    _write(a, "gener_fine", {"rows": rows}, lines)


def few(a: argparse.Namespace) -> None:
    """results/gener_few."""
    rows: dict[str, dict[str, list[float]]] = {}
    for label, shots in SHOTS.items():
        task = Task.of(label, a.data)
        train, test = task.gold("train"), task.gold("test")
        plain = [one.with_spans(()) for one in test]
        for seed in range(a.seeds):
            chosen = _sampled(train, task.schema, shots, seed)
            for key, start in (("supervised", "mini"), ("fine-tuned", f"{a.cache}/{label}.self-training")):
                out = a.cache / f"few-{label}-{key}-{seed}"
                if not (out / "manifest.json").is_file():
                    options = make_train_options(
                        encoder=start, loss="cross-entropy", steps=a.steps, budget=512, seed=seed
                    )
                    train_tagger(chosen, out, options, held_out=chosen)
                f1 = micro(test, open_tagger(out).tag(plain))["f1"]
                rows.setdefault(label, {}).setdefault(key, []).append(f1)
                print(label, seed, key, f"{f1:.3f}", flush=True)
    lines = [
        "# A few labelled sentences on top (table 4)", "",
        f"Entity micro F1 on test, mean and deviation of {a.seeds} samples ({a.steps} updates). The paper "
        "counts MISC too; here the types of the questions. Before it: `gener.md`.", "",
        "| set | sentences | supervised | GeNER and fine-tuning | paper: supervised | fine-tuning |",
        "|---|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for label, row in rows.items():
        cells = " | ".join(f"{np.mean(row[key]):.3f} ± {np.std(row[key]):.3f}" for key in row)
        theirs = " | ".join(f"{one:.3f}" for one in PAPER_FEW[label])
        lines.append(f"| {label} | {SHOTS[label]} | {cells} | {theirs} |")
    _write(a, "gener_few", {"rows": rows}, lines)


def _sampled(train: Sequence[Document], schema: Schema, count: int, seed: int) -> list[Document]:
    """So many sentences with spans, all types among them: drawn again until they are."""
    rng = np.random.default_rng([seed, 4])
    pool = [one for document in train for one in as_sentences(document) if one.spans]
    while True:
        chosen = [pool[n] for n in sorted(rng.choice(len(pool), count, replace=False).tolist())]
        if {span.label for one in chosen for span in one.spans} >= set(schema.names):
            return chosen


def as_sentences(document: Document) -> list[Document]:
    """A document's sentences as documents."""
    made = []
    for number, (low, high) in enumerate(document.sentences or [(0, len(document.text))]):
        spans = [
            replace(span, start=span.start - low, end=span.end - low)
            for span in document.spans
            if low <= span.start and span.end <= high
        ]
        made.append(Document(f"{document.id}#{number}", document.text[low:high], spans=tuple(spans)))
    return made


def open_text(a: argparse.Namespace) -> None:
    """results/gener_open."""
    index = _index_of(a, "open", _open_documents(a.text, a.words))
    rows: dict[str, dict[str, float]] = {}
    for label in SETS:
        task = Task.of(label, a.data)
        test = task.gold("test")
        rows[label] = micro(test, matched(asked(task, index), test))
        print(label, rows[label], flush=True)
    kept = json.loads((a.out / "gener.json").read_text("utf-8"))["sets"]
    lines = [
        "# Retrieval over open text (setting b)", "",
        f"The same questions to {len(index):,} phrases of {a.words:,} words of general text (encyclopaedia, "
        "textbooks, biomedical articles, news ...); the dictionary alone, on test, beside that of the set's "
        "own training text.", "",
        "| set | open text | P | R | own text | paper (b, trained) |", "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {label} | {row['f1']:.3f} | {row['precision']:.3f} | {row['recall']:.3f} | "
            f"{kept[label]['test']['dictionary']['f1']:.3f} | {PAPER[label]:.3f} |"
            for label, row in rows.items()
        ),
        "", "## Free questions (table D.3)", "",
    ]  # fmt: skip
    free = {}
    for line in FREE:
        one = read_question(line)
        schema = Schema(types=(EntityType(name=one.type, questions=(line,)),))
        source = asked(Task("free", a.data, schema), index, least=0.0, k=50, most_a_form=3)
        assert source.found is not None
        free[line] = [
            {"answer": found.text, "sentence": found.passage} for found in source.found.answers[:50]
        ]
        names = list(dict.fromkeys(found["answer"] for found in free[line]))
        lines.append(f"- {line} {'; '.join(names[:12])} ({len(names)} distinct of {len(free[line])})")
    _write(a, "gener_open", {"rows": rows, "free": free}, lines)


def _open_documents(folder: Path, words: int) -> list[Document]:
    """Documents of all files of the open text, drawn by seed 0, up to so many words."""
    pool = []
    for path in sorted(folder.glob("*.jsonl.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as file:
            pool += [Document(one["id"], one["text"]) for one in map(json.loads, file)]
    chosen, count = [], 0
    for n in np.random.default_rng(0).permutation(len(pool)).tolist():
        if count >= words:
            break
        chosen.append(pool[n])
        count += len(pool[n].text.split())
    return chosen


def _index_of(a: argparse.Namespace, name: str, documents: Sequence[Document]) -> PhraseIndex:
    """An index in the cache, built where it isn't there."""
    encoder, proposer = load_encoder("mini")
    folder = a.cache / f"index-{name}"
    if not (folder / "manifest.json").is_file():
        build_index(
            [one.with_spans(()) for one in documents], folder, encoder, proposer, total=len(documents)
        )
    return PhraseIndex.open(folder, encoder.identity())


def _write(
    a: argparse.Namespace, name: str, extra: dict[str, Any], lines: list[str], svg: str | None = None
) -> None:
    """The result, and its table on the screen."""
    files = [Task.of(label, a.data).file(part) for label in SETS for part in ("train", "dev")]
    write_result(name, {}, data_files=files, extra=extra, markdown="\n".join(lines), svg=svg, folder=a.out)
    print("\n".join(lines), flush=True)


def main() -> None:
    """One of the tables."""
    made = {
        "templates": templates, "subquestions": subquestions, "sentences": sentences, "fine": fine,
        "few": few, "open": open_text,
    }  # fmt: skip
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="+", choices=made)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--text", type=Path, help="folder of the open text (JSON Lines, xz)")
    parser.add_argument("--words", type=int, default=300_000, help="of the open text")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for one in arguments.what:
        made[one](arguments)


if __name__ == "__main__":
    main()
