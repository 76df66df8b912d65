"""NuNER's few-shot probe (figure 7, table 4): the concept tower against the same blocks as they were.

    python -m experiments.nuner --data DIR --encoder FOLDER_OF_ALL_MPNET_BASE_V2 [--shots 1 4 16 64]

A multinomial regression on frozen token vectors (the last state of each word's first piece); types and
"none"; trained on k to 2k mentions a type, ten samples; macro F1 of words over types, without "none" and
types that the test part lacks. The paper's OntoNotes is CoNLL-2003 here, its BioNLP04 is JNLPBA without the
ten training abstracts that its test part repeats. The strength of the L2 penalty is chosen by three-fold
cross-validation over the sentences of the first sample (for k below 4 it is fixed), the same for both.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from experiments.common import RESULTS, measure, write_result
from experiments.xner_sets import gold_sentences
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from silversmith.core import Document, track
from silversmith.evaluation import seed_interval
from silversmith.formats import read
from silversmith.models.encode import LanguageModel
from silversmith.models.mini import load_mini
from silversmith.reports.svg import Series, line_plot
from silversmith.silver.shots import sample_shots
from silversmith.text.words import split_words

SETS = ("mit_movie", "mit_restaurant", "jnlpba", "conll2003")
SHOTS = (1, 4, 16, 64)
SAMPLES = 10
STRENGTHS = (0.01, 0.1, 1.0)
FIXED = 0.1
"""C of scikit-learn, on standardised features."""
PAPER = {
    "RoBERTa": {1: 24.46, 4: 44.65, 16: 58.12, 64: 65.42},
    "NuNER": {1: 39.37, 4: 59.60, 16: 67.84, 64: 71.53},
}
"""Mean of four sets, base size, a million sentences (table 4)."""

Rows = tuple[NDArray[np.float32], NDArray[np.int64]]


def words_of(document: Document, types: Sequence[str]) -> tuple[list[tuple[int, int]], NDArray[np.int64]]:
    """(words, place of their types in `types`, or their number: none). The first of nested spans counts."""
    words = list(document.words or split_words(document.text))
    labels = np.full(len(words), len(types), np.int64)
    for span in reversed(document.spans):
        for n, (start, end) in enumerate(words):
            if start < span.end and end > span.start:
                labels[n] = types.index(span.label)
    return words, labels


class Reader:
    """Word vectors of sentences by one model, each sentence read once."""

    def __init__(self, model: LanguageModel, tap: int) -> None:
        self.model, self.tap = model, tap
        self.kept: dict[str, NDArray[np.float32]] = {}

    def read(self, documents: Sequence[Document], types: Sequence[str]) -> Rows:
        """(vectors [words, width], labels [words]) of all sentences."""
        missing = [one for one in documents if one.id not in self.kept]
        for begin in range(0, len(missing), 256):
            block = missing[begin : begin + 256]
            for one, found in zip(block, self.model.encode([d.text for d in block], [self.tap]), strict=True):
                words, _ = words_of(one, types)
                starts = np.array([start for start, _ in words], np.int64)
                place = np.searchsorted(found.offsets[:, 1], starts, side="right")
                place = np.minimum(place, len(found.offsets) - 1)
                self.kept[one.id] = found.states[self.tap][place].astype(np.float16)
        vectors = np.concatenate([self.kept[one.id] for one in documents]).astype(np.float32)
        return vectors, np.concatenate([words_of(one, types)[1] for one in documents])


def sentences(folder: Path, name: str) -> tuple[list[Document], list[Document]]:
    """(training sentences, test sentences), without those of training documents that test repeats."""
    parts = [list(read(folder / name / f"{part}.jsonl.gz")) for part in ("train", "test")]
    seen = {one.text for one in parts[1]}
    train = [one for one in parts[0] if one.text not in seen]
    if name in {"jnlpba", "conll2003"}:
        train, test = list(gold_sentences(train)), list(gold_sentences(parts[1]))
    else:
        test = parts[1]
    return [one for one in train if one.text.strip()], [one for one in test if one.text.strip()]


def probe(train: Rows, test: Rows, strength: float, classes: int) -> float:
    """Macro F1 over types of words."""
    centre, spread = train[0].mean(axis=0), train[0].std(axis=0) + 1e-3
    model = LogisticRegression(C=strength, max_iter=200)
    model.fit((train[0] - centre) / spread, train[1])
    answer = model.predict((test[0] - centre) / spread)
    present = [n for n in range(classes) if (test[1] == n).any()]
    return float(f1_score(test[1], answer, labels=present, average="macro", zero_division=0))


def strength_of(reader: Reader, sample: Sequence[Document], types: Sequence[str], k: int) -> float:
    """The strength with the best mean over three folds of sentences."""
    if k < 4 or len(sample) < 6:
        return FIXED
    rows = reader.read(sample, types)
    groups = np.repeat(np.arange(len(sample)), [len(words_of(one, types)[0]) for one in sample])
    means = []
    for strength in STRENGTHS:
        parts = GroupKFold(3).split(rows[0], rows[1], groups)
        values = [
            probe((rows[0][a], rows[1][a]), (rows[0][b], rows[1][b]), strength, len(types)) for a, b in parts
        ]
        means.append(float(np.mean(values)))
    return STRENGTHS[int(np.argmax(means))]


def run_set(folder: Path, name: str, readers: dict[str, Reader], shots: Sequence[int]) -> dict[str, Any]:
    """method -> k -> scores of the samples."""
    train, test = sentences(folder, name)
    types = sorted({span.label for one in (*train, *test) for span in one.spans})
    found: dict[str, Any] = {}
    for method, reader in readers.items():
        reader.kept.clear()
        scored = reader.read(test, types)
        found[method] = {}
        for k in track(shots, f"{name} {method}", len(shots)):
            samples = [sample_shots(train, k, seed=seed).documents for seed in range(SAMPLES)]
            strength = strength_of(reader, samples[0], types, k)
            values = [probe(reader.read(sample, types), scored, strength, len(types)) for sample in samples]
            found[method][str(k)] = {"f1": values, "strength": strength}
    return found


def encoders(folder: Path) -> Iterator[tuple[str, Reader]]:
    """The tower after pre-training, and the blocks that it began from."""
    from silversmith.tagger.encoders import load_encoder

    mini = load_mini()
    concept = mini.concept
    yield "concept tower", Reader(concept.model, concept.name_tap)
    original = list(load_encoder(str(folder), concept.name_tap).trunk.blocks)[mini.depth :]
    plain: Any = mini.taller(torch.nn.ModuleList(original), "as they were")
    yield "the same blocks without", Reader(plain, concept.name_tap)


def main() -> None:
    """Run all sets; write results/nuner_probe.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--shots", nargs="+", type=int, default=list(SHOTS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    readers = dict(encoders(arguments.encoder))
    sets = {name: run_set(arguments.data, name, readers, arguments.shots) for name in arguments.sets}
    measures, rows = {}, []
    for k in arguments.shots:
        gains = [
            np.array(sets[name]["concept tower"][str(k)]["f1"])
            - np.array(sets[name]["the same blocks without"][str(k)]["f1"])
            for name in sets
        ]
        interval = seed_interval((100 * np.mean(gains, axis=0)).tolist())
        if len(sets) == len(SETS) and k in (1, 4, 64):
            measures[f"nuner.probe_gain.k{k}"] = measure(interval.value, interval.low, interval.high)
        means = [
            100 * np.mean([np.mean(one[method][str(k)]["f1"]) for one in sets.values()]) for method in readers
        ]
        paper = [PAPER[name].get(k) for name in ("NuNER", "RoBERTa")]
        rows.append(
            f"| {k} | {means[0]:.1f} | {means[1]:.1f} | {interval.value:+.1f} | {paper[0]} | {paper[1]} |"
        )
    head = [
        "# Few shots: token macro F1 of a frozen probe, mean of four sets, ten samples",
        "",
        "| k | concept tower | the same blocks without | gain | paper: NuNER | paper: RoBERTa |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    print("\n".join(rows))
    series = [
        Series(
            method,
            [
                (k, float(np.mean([np.mean(one[method][str(k)]["f1"]) for one in sets.values()])))
                for k in arguments.shots
            ],
        )
        for method in readers
    ]
    svg = line_plot(
        series, title="Few shots", x_label="mentions a type (k)", y_label="token macro F1", log_x=True
    )
    files = [arguments.data / name / f"{part}.jsonl.gz" for name in sets for part in ("train", "test")]
    write_result(
        "nuner_probe", measures, data_files=files, extra={"sets": sets, "paper": PAPER},
        markdown="\n".join([*head, *rows]), svg=svg, folder=arguments.out,
    )  # fmt: skip


if __name__ == "__main__":
    main()
