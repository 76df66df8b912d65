"""Real silver sets of `features` for experiments.quality: few labelled documents, several draws of them.

    python -m experiments.quality_sets --data DIR --cache DIR [--sets NAME ...]

For each data set a pool of documents and some other target documents are read once. Each setting (rule,
labelled spans) is fitted on three draws of the pool; the probabilities of all candidates of the target
documents and of the pool are kept in <cache>/quality, so that thresholds can be varied afterwards.
No text and no span is kept there, only offsets and probabilities.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from experiments.cached_model import CachedModel
from experiments.features_setup import _Parts

from silversmith.core import Document
from silversmith.formats import read
from silversmith.sources.features import Mapping, make_options

__all__ = ["CHOOSING", "SETS", "SETTINGS", "VALIDATION", "kept_path", "main", "read_set"]

SEEDS = 3
POOL, TARGET = 9_000, 6_000
"""Words of the labelled pool, and of the texts that silver is made for."""


SETS = {
    "anem": ("anem/train", "anatomy"),
    "ncbi": ("ncbi/train", "anatomy"),
    "wikigold": ("wikigold/train", "general"),
    "crossner_ai": ("crossner_ai/test", "general"),
    "crossner_music": ("crossner_music/test", "general"),
    "mit_restaurant": ("mit_restaurant/train", "anatomy"),
    "redocred_dev": ("redocred/dev", "general"),
    "redocred": ("redocred/train", "general"),
    "wnut17": ("wnut17/test", "general"),
    "bc5cdr": ("bc5cdr/test", "anatomy"),
    "conll2003": ("conll2003/test", "general"),
    "crossner_politics": ("crossner_politics/test", "general"),
    "jnlpba": ("jnlpba/test", "anatomy"),
}
"""Name -> file, preset of candidates. Pool and target are different documents of one file, drawn at random:
somebody labels a few of his own documents and wants silver for the others."""
CHOOSING = (
    "anem", "ncbi", "wikigold", "crossner_ai", "crossner_music", "mit_restaurant", "redocred_dev"
)  # fmt: skip
"""Data sets on which the estimator was chosen and its errors were measured."""
VALIDATION = ("redocred", "wnut17", "bc5cdr", "conll2003", "crossner_politics", "jnlpba")
"""Data sets that it is judged on."""

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
    """The pool and the target documents of a data set: so many words of each, in a drawn order."""
    documents = list({one.text: one for one in read(data / f"{SETS[name][0]}.jsonl.gz")}.values())
    documents = [documents[at] for at in np.random.default_rng(0).permutation(len(documents))]
    sizes = np.cumsum([len(document.text.split()) for document in documents])
    first = int(np.searchsorted(sizes, POOL)) + 1
    last = int(np.searchsorted(sizes, POOL + TARGET)) + 1
    return documents[:first], documents[first:last]


def _make(name: str, arguments: argparse.Namespace, settings: Sequence[tuple[str, int]]) -> None:
    """Read, fit settings and draws, keep the probabilities of the candidates."""
    import torch

    from silversmith.models.mini import load_mini
    from silversmith.sources.features.cache import ArrayCache
    from silversmith.sources.features.corpus import read_corpus
    from silversmith.sources.features.reading import Reader

    torch.set_num_threads(1)
    mini = load_mini(arguments.model)
    proposer = _Parts(SETS[name][1], mini.heads)
    model = CachedModel(mini, arguments.cache, [mini.sae.tap, *proposer.taps])
    reader = Reader(model, mini.sae, proposer, ArrayCache(arguments.cache))
    pool, target = read_set(name, arguments.data)
    labels = sorted({span.label for document in (*pool, *target) for span in document.spans})
    print(f"{name}: {len(pool)} pool, {len(target)} target documents", flush=True)
    mapped, tested = (read_corpus(documents, labels, reader) for documents in (pool, target))
    x = y = None
    fixed = {"labels": np.array(labels)}
    for prefix, table in (("", tested.proposed), ("pool_", mapped.proposed)):
        fixed |= {f"{prefix}{column}": getattr(table, column) for column in ("document", "start", "end")}
    for rule, spans in settings:
        kept = {}
        for seed in range(SEEDS):
            order = np.random.default_rng([seed, spans]).permutation(len(pool))
            sizes = np.cumsum([len(pool[i].spans) for i in order])
            wanted = min(spans, sizes[-1] // 2)  # draws of nearly the whole pool would be one and the same
            part = mapped.only(order[: int(np.searchsorted(sizes, wanted)) + 1])
            mapping = Mapping.fit(part, make_options(rule=rule, folds=2, tolerance=3e-3), examples=0)
            if x is None or y is None:
                x = mapping.vectors(tested.matrix, tested.proposed)
                y = mapping.vectors(mapped.matrix, mapped.proposed)
            kept[f"p{seed}"], kept[f"pool_p{seed}"] = _p(mapping, x), _p(mapping, y)
            kept[f"chosen{seed}"] = part.chosen
            print(f"  {rule} {spans} {seed}: {len(part.chosen)} documents", flush=True)
        path = kept_path(arguments.cache, name, rule, spans)
        aside = path.with_suffix(".part.npz")
        np.savez(aside, **fixed, **kept)
        aside.rename(path)


def _p(mapping: Mapping, x: Any) -> np.ndarray:
    """Probabilities of the types [candidates, types]; 0 where no latent speaks."""
    found = mapping.judge(x)
    p = found.p.copy()
    p[~found.evident] = 0
    return p[:, :-1].astype(np.float32)


if __name__ == "__main__":
    main()
