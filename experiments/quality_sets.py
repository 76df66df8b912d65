"""Real silver sets of `features` for experiments.quality: few labelled documents, several draws of them.

    python -m experiments.quality_sets --data DIR --cache DIR [--sets NAME ...]

For each data set a pool of training documents and some target documents are read once. Each setting (rule,
labelled spans) is fitted on three draws of the pool; the probabilities of all candidates of the target
documents are kept in <cache>/quality, so that thresholds can be varied afterwards at no cost.
No text and no span is kept there, only offsets and probabilities.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from experiments.cached_model import CachedModel
from experiments.features_setup import _Parts

from silversmith.core import Document
from silversmith.formats import read
from silversmith.sources.features import Mapping, Options, make_options

__all__ = ["CHOOSING", "SETS", "SETTINGS", "VALIDATION", "Corpora", "kept_path", "main", "read_set"]

SEEDS = 3
POOL, TARGET = 9_000, 6_000
"""Words read of the training and of the target file."""


@dataclass(frozen=True)
class Corpora:
    """A data set: files of the labelled pool and of the target texts, preset of candidates."""

    pool: str
    target: str
    preset: str


SETS = {
    "anem": Corpora("anem/train", "anem/train", "anatomy"),
    "ncbi": Corpora("ncbi/train", "ncbi/dev", "anatomy"),
    "wikigold": Corpora("wikigold/train", "wikigold/dev", "general"),
    "crossner_ai": Corpora("crossner_ai/dev", "crossner_ai/test", "general"),
    "crossner_music": Corpora("crossner_music/dev", "crossner_music/test", "general"),
    "mit_restaurant": Corpora("mit_restaurant/train", "mit_restaurant/test", "anatomy"),
    "redocred_dev": Corpora("redocred/train", "redocred/dev", "general"),
    "redocred": Corpora("redocred/train", "redocred/test", "general"),
    "wnut17": Corpora("wnut17/train", "wnut17/test", "general"),
    "bc5cdr": Corpora("bc5cdr/train", "bc5cdr/test", "anatomy"),
    "conll2003": Corpora("conll2003/train", "conll2003/test", "general"),
    "crossner_politics": Corpora("crossner_politics/dev", "crossner_politics/test", "general"),
    "jnlpba": Corpora("jnlpba/train", "jnlpba/test", "anatomy"),
}
CHOOSING = (
    "anem", "ncbi", "wikigold", "crossner_ai", "crossner_music", "mit_restaurant", "redocred_dev"
)  # fmt: skip
"""Data sets on which the estimator was chosen and its errors were measured."""
VALIDATION = ("redocred", "wnut17", "bc5cdr", "conll2003", "crossner_politics", "jnlpba")
"""Data sets that it is judged on: looked at once, test files (of Re-DocRED, dev chose and test judges)."""

SETTINGS = (("logistic", 80), ("logistic", 300), ("naive_bayes", 300))
"""Rule, and labelled spans of each draw."""


def main() -> None:
    """Make the sets asked for; those that are there already stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=tuple(SETS), default=list(SETS))
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    folder = arguments.cache / "quality"
    folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.sets:
        missing = [one for one in SETTINGS if not kept_path(arguments.cache, name, *one).exists()]
        if missing:
            _make(name, arguments, missing)


def kept_path(cache: Path, name: str, rule: str, spans: int) -> Path:
    """Where the probabilities of one data set and setting are kept."""
    return cache / "quality" / f"{name}-{rule}-{spans}.npz"


def read_set(name: str, data: Path) -> tuple[list[Document], list[Document]]:
    """The pool and the target documents of a data set, of which the first words only."""
    one = SETS[name]
    pool, target = (list(read(data / f"{file}.jsonl.gz")) for file in (one.pool, one.target))
    if one.pool == one.target:
        pool, target = pool[len(pool) // 3 :], target[: len(target) // 3]
    texts = {document.text for document in target}
    pool = [document for document in pool if document.text not in texts]
    return list(_first(pool, POOL)), list(_first(target, TARGET))


def _first(documents: list[Document], words: int) -> list[Document]:
    """As many documents as hold so many words (blank-separated)."""
    sizes = np.cumsum([len(document.text.split()) for document in documents])
    return list(islice(documents, int(np.searchsorted(sizes, words)) + 1))


def _make(name: str, arguments: argparse.Namespace, settings: Sequence[tuple[str, int]]) -> None:
    """Read, fit settings and draws, keep the probabilities of the candidates."""
    import torch

    from silversmith.models.mini import load_mini
    from silversmith.sources.features.cache import ArrayCache
    from silversmith.sources.features.corpus import read_corpus
    from silversmith.sources.features.reading import Reader

    torch.set_num_threads(1)
    mini = load_mini(arguments.model)
    proposer = _Parts(SETS[name].preset, mini.heads)
    model = CachedModel(mini, arguments.cache, [mini.sae.tap, *proposer.taps])
    reader = Reader(model, mini.sae, proposer, ArrayCache(arguments.cache))
    pool, target = read_set(name, arguments.data)
    labels = sorted({span.label for document in (*pool, *target) for span in document.spans})
    print(f"{name}: {len(pool)} pool, {len(target)} target documents", flush=True)
    mapped, tested = (read_corpus(documents, labels, reader) for documents in (pool, target))
    options = Options()
    x = None
    table = tested.proposed
    fixed = {"document": table.document, "start": table.start, "end": table.end, "labels": np.array(labels)}
    for rule, spans in settings:
        kept = {}
        for seed in range(SEEDS):
            order = np.random.default_rng([seed, spans]).permutation(len(pool))
            sizes = np.cumsum([len(pool[i].spans) for i in order])
            wanted = min(spans, sizes[-1] // 2)  # draws of nearly the whole pool would be one and the same
            part = mapped.only(order[: int(np.searchsorted(sizes, wanted)) + 1])
            options = make_options(rule=rule, folds=2, tolerance=3e-3)
            mapping = Mapping.fit(part, options, examples=0)
            x = mapping.vectors(tested.matrix, tested.proposed) if x is None else x
            found = mapping.judge(x)
            p = found.p.copy()
            p[~found.evident] = 0
            kept[f"p{seed}"] = p[:, :-1].astype(np.float32)
            print(f"  {rule} {spans} {seed}: {len(part.chosen)} documents", flush=True)
        path = kept_path(arguments.cache, name, rule, spans)
        aside = path.with_suffix(".part.npz")
        np.savez(aside, **fixed, **kept)
        aside.rename(path)


if __name__ == "__main__":
    main()
