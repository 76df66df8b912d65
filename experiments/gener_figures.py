"""Figures 2 and 4 and table 7 of GeNER (Kim et al. 2022) on `mini`.

    python -m experiments.gener_figures dictionaries --data DIR --cache cache    (figure 2)
    python -m experiments.gener_figures vectors --data DIR --cache cache         (figure 4)
    python -m experiments.gener_figures contexts --data DIR --cache cache        (table 7)

Figure 2: self-training on NCBI from three dictionaries, F1 on dev along the way. The paper's other two are
not at hand: for the seed entities of TALLOR stand the 20 most frequent gold strings of train, for BOND's
in-domain dictionary all gold strings of train, which no user has and no dictionary beats. Figure 4: entities
of CoNLL dev and the questions, by t-SNE. Table 7: "Which disease?" asked of open text (the index that
experiments.gener_tables open makes) and of BC5CDR; in how many sentences the word itself doesn't stand.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import torch
from experiments.common import RESULTS, write_result
from experiments.gener import matched
from experiments.gener_setup import Task, ask_task, micro
from experiments.gener_tables import as_sentences
from numpy.typing import NDArray

from silversmith.core import Document, EntityType, Schema
from silversmith.formats import read
from silversmith.models.concepts.encoder import ConceptEncoder, count_words
from silversmith.reports.axes import make_frame, padded, svg_element, text_at
from silversmith.reports.colour import hues
from silversmith.reports.svg import Series, line_plot
from silversmith.sources.concept.opening import load_encoder
from silversmith.sources.dictionary import Dictionary, Entry
from silversmith.sources.question import PhraseIndex, Question, make_ask_options
from silversmith.tagger.options import make_train_options
from silversmith.tagger.train import train_tagger

SEEDS, PER_TYPE, LONGEST = 20, 400, 200


def dictionaries(a: argparse.Namespace) -> None:
    """results/gener_dictionaries."""
    task = Task.of("ncbi", a.data)
    train, dev = task.gold("train"), task.gold("dev")
    strings = Counter(one.text[span.start : span.end] for one in train for span in one.spans)
    (kind,) = task.schema.names
    asked = ask_task(task, a.cache)
    chosen = {
        "seeds": [term for term, _ in strings.most_common(SEEDS)],
        "in-domain": list(strings),
        "asked": [row.term for row in asked.dictionary],
    }
    silver = {"asked": list(read(a.cache / "ncbi.silver.jsonl"))}
    start = {"asked": micro(dev, matched(asked, dev))["f1"]}
    for name in ("seeds", "in-domain"):
        source = Dictionary.prepare(task.schema, [Entry(term, kind) for term in chosen[name]])
        start[name] = micro(dev, matched(source, dev))["f1"]
        sentences = [half for one in train for half in as_sentences(one)]
        silver[name] = [one for one in matched(source, sentences) if one.spans]
    curves = {}
    for name, documents in silver.items():
        out = a.cache / f"ncbi.figure2.{name}"
        if not (out / "manifest.json").is_file():
            options = make_train_options(loss="bond", steps=a.steps, budget=512, seed=0, evaluate=16)
            train_tagger(documents, out, options, held_out=dev)
        rows = [json.loads(line) for line in (out / "training.jsonl").read_text("utf-8").splitlines()]
        curves[name] = [(0.0, start[name]), *((float(row["step"]), row["f1"]) for row in rows)]
        print(name, [round(f1, 3) for _, f1 in curves[name]], flush=True)
    lines = [
        "# Self-training from three dictionaries (figure 2)", "",
        "F1 on NCBI dev; \"alone\" is the dictionary, \"best\" the best look on dev, as the paper labels it. "
        "In-domain: all gold strings of train, which nobody has.", "",
        "| dictionary | terms | sentences | alone | best | last |", "|---|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for name, curve in curves.items():
        best = max(f1 for _, f1 in curve)
        lines.append(
            f"| {name} | {len(chosen[name]):,} | {len(silver[name]):,} | {start[name]:.3f} | {best:.3f} | "
            f"{curve[-1][1]:.3f} |"
        )
    series = [Series(name, curve) for name, curve in curves.items()]
    plot = line_plot(series, title="Self-training on NCBI", x_label="updates", y_label="F1 on dev")
    _write(a, "gener_dictionaries", {"curves": curves}, lines, plot, task, ("train", "dev"))


def vectors(a: argparse.Namespace) -> None:
    """results/gener_vectors."""
    from sklearn.manifold import TSNE

    task = Task.of("conll2003", a.data)
    encoder, _ = load_encoder()
    found, labels, texts = _entities(encoder, task.gold("dev"), task.schema.names)
    asked = [(kind.name, question) for kind in task.schema.types for question in kind.questions]
    names = encoder.names([question for _, question in asked])
    types = np.array([kind for kind, _ in asked])
    nearest = types[np.argmax(found @ names.T, axis=1)]
    right = {kind: float((nearest[labels == kind] == kind).mean()) for kind in task.schema.names}
    # Names and spans are compared with each other, not among themselves: centred apart, as the encoder
    # counts in deviations, or all questions would lie in one heap.
    both = np.concatenate([found - found.mean(axis=0), names - names.mean(axis=0)])
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    places = TSNE(metric="cosine", init="pca", perplexity=30, random_state=0).fit_transform(both)
    plot = _scatter(places, labels, texts, asked, task.schema.names)
    lines = [
        "# Questions and entities (figure 4)", "",
        f"The vectors of {len(found):,} entities of CoNLL-2003 dev (at most {PER_TYPE} a type) and of the "
        f"{len(asked)} questions, by t-SNE: `gener_vectors.svg`. How often the nearest question is one of "
        "the entity's type:", "", "| type | share |", "|---|---:|",
        *(f"| {kind} | {share:.3f} |" for kind, share in right.items()),
    ]  # fmt: skip
    _write(a, "gener_vectors", {"nearest_question_is_right": right}, lines, plot, task, ("dev",))


def contexts(a: argparse.Namespace) -> None:
    """results/gener_contexts."""
    encoder, _ = load_encoder()
    kind = EntityType(name="Disease", questions=("disease",), concepts=("disease",))
    rows: dict[str, dict[str, Any]] = {}
    for name in ("open", "bc5cdr"):
        index = PhraseIndex.open(a.cache / f"index-{name}", encoder.identity())
        source = Question.prepare(
            Schema(types=(kind,)), index, encoder=encoder, options=make_ask_options(profile="terms")
        )
        assert source.found is not None
        passages = {one.key: (one.text, one.passage) for one in source.found.answers}
        without = [one for one in passages.values() if "disease" not in one[1].lower()]
        rows[name] = {
            "sentences": len(passages), "without the word": len(without) / max(1, len(passages)),
            "examples": [one for one in without if len(one[1]) < LONGEST][: 5 * (name == "open")],
        }  # fmt: skip
    lines = [
        "# Contexts of what was retrieved (table 7)", "",
        '"Which disease?": sentences whose answer survived the rules. The paper: "almost half" of them do '
        "not contain the word.", "",
        "| corpus | sentences | without the word |", "|---|---:|---:|",
        *(f"| {name} | {row['sentences']:,} | {row['without the word']:.2f} |" for name, row in rows.items()),
        "", "From the open text, the likeliest first:", "",
        *(f"- **{answer}**: {passage.strip()}" for answer, passage in rows["open"]["examples"]),
    ]  # fmt: skip
    _write(a, "gener_contexts", {"rows": rows}, lines, None, Task.of("bc5cdr", a.data), ("train",))


def _entities(
    encoder: ConceptEncoder, documents: Sequence[Document], kinds: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.str_], list[str]]:
    """(vectors, types, texts) of gold spans, the first of each type."""
    rows, labels, texts = [], [], []
    left = dict.fromkeys(kinds, PER_TYPE)
    for document in documents:
        spans = [span for span in document.spans if left[span.label] > 0]
        if not spans:
            continue
        (encoded,) = encoder.model.encode([document.text], encoder.taps)
        places = np.array([(span.start, span.end) for span in spans], np.int32)
        rows.append(encoder.spans(encoded, places, count_words(document, places)))
        for span in spans:
            left[span.label] -= 1
            labels.append(span.label)
            texts.append(document.text[span.start : span.end])
    return np.concatenate(rows), np.array(labels), texts


def _scatter(
    places: NDArray[np.float32], labels: NDArray[np.str_], texts: Sequence[str],
    asked: Sequence[tuple[str, str]], kinds: Sequence[str],
) -> str:  # fmt: skip
    """Entities as dots, questions by name."""
    size = (760, 620)
    frame = make_frame(size, padded(places[:, 0].tolist()), padded(places[:, 1].tolist()), float)
    colours = {kind: f"oklch(0.62 0.16 {hue})" for kind, hue in hues(kinds).items()}
    body = []
    for (x, y), label, text in zip(places[: len(labels)].tolist(), labels.tolist(), texts, strict=True):
        dot = f'cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="2.5" opacity="0.6"'
        body.append(f'<circle {dot} style="fill:{colours[label]}"><title>{escape(text)}</title></circle>')
    for (x, y), (kind, name) in zip(places[len(labels) :].tolist(), asked, strict=True):
        px, py = frame.x(x), frame.y(y)
        body.append(
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" style="fill:{colours[kind]};stroke:currentColor"/>'
        )
        late = px > 0.8 * frame.right
        body.append(text_at(px - 7 if late else px + 7, py + 4, name, "end" if late else "start"))
    for number, kind in enumerate(kinds):
        y = frame.top + 16 * number
        body.append(f'<circle cx="{frame.left}" cy="{y}" r="4" style="fill:{colours[kind]}"/>')
        body.append(text_at(frame.left + 8, y + 4, kind, "start"))
    return svg_element(frame, "Questions and entities of CoNLL-2003 dev", body)


def _write(
    a: argparse.Namespace, name: str, extra: dict[str, Any], lines: list[str], plot: str | None, task: Task,
    parts: Sequence[str],
) -> None:  # fmt: skip
    write_result(
        name,
        {},
        data_files=[task.file(part) for part in parts],
        extra=extra,
        markdown="\n".join(lines),
        svg=plot,
        folder=a.out,
    )
    print("\n".join(lines), flush=True)


def main() -> None:
    """One of the figures."""
    made = {"dictionaries": dictionaries, "vectors": vectors, "contexts": contexts}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="+", choices=made)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=160)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.what:
        made[name](arguments)


if __name__ == "__main__":
    main()
