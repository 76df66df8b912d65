"""What the experiments on `features` share: data sets, reading (cached outside the repository), scores."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from experiments.cached_model import CachedModel
from experiments.common import RESULTS
from numpy.typing import NDArray

import silversmith.candidates as candidates_package
import silversmith.models.heads as heads_module
from silversmith.candidates import preset
from silversmith.candidates.beside import MiniCandidates
from silversmith.core import Document, Span, checksum
from silversmith.evaluation import DocumentCounts, document_counts, exact_counts, iou_counts
from silversmith.formats import read
from silversmith.models.mini import load_mini, load_sae
from silversmith.models.named import Choice
from silversmith.sources.features.cache import ArrayCache, default_cache
from silversmith.sources.features.corpus import Corpus, read_corpus
from silversmith.sources.features.opening import open_parts
from silversmith.sources.features.reading import Reader
from silversmith.sources.features.resolve import resolve_table
from silversmith.sources.features.table import SpanTable

__all__ = [
    "SIZES",
    "Task",
    "corpora",
    "draws",
    "found_documents",
    "iou_table",
    "load_tasks",
    "parser",
    "result_measures",
    "result_name",
    "typed_documents",
]

SIZES = (10, 20, 50, 100, 200, 400, 999)
"""Numbers of mapping documents of the curves."""

KEYS = {"gemma3-270m": "gemma270m"}
"""Language model -> how the keys of results/targets.tsv call it."""


@dataclass(frozen=True)
class Task:
    """One data set: the documents of the mapping and those that are scored; preset of candidates."""

    name: str
    preset: str
    mapping: tuple[Document, ...]
    tested: tuple[Document, ...]
    files: tuple[Path, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The types, sorted."""
        return tuple(sorted({span.label for one in (*self.mapping, *self.tested) for span in one.spans}))


class _Parts:
    """Candidates with an identity for the cache: their preset, code and heads decide them."""

    def __init__(self, name: str, heads: Any) -> None:
        self.union, self.name = preset(name, heads), name
        self.taps = tuple(heads.taps) if heads is not None else ()
        folder = Path(candidates_package.__file__).parent
        sources = [*sorted(folder.glob("*.py")), Path(heads_module.__file__)]
        self.code = [checksum(path) for path in sources]
        self.heads = (
            None if heads is None else [float(np.sum(w, dtype=np.float64)) for w in heads.weights.values()]
        )

    def identity(self) -> dict[str, Any]:
        return {"name": self.name, "code": self.code, "heads": self.heads}

    def propose(self, document: Document, encoded: Any) -> Sequence[Any]:
        return self.union.propose(document, encoded)


def parser(description: str) -> argparse.ArgumentParser:
    """The options of all these experiments."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--data", type=Path, required=True, help="folder with redocred/ and anem/")
    result.add_argument("--model", type=Path, help="folder of mini's layout (default: the embedded model)")
    result.add_argument("--sae", type=Path, help="another autoencoder file (default: the model's own)")
    result.add_argument("--language-model", help="types with this model; mini's heads propose. Needs --sae")
    result.add_argument("--split", choices=("dev", "test"), default="dev", help="dev chooses, test reports")
    result.add_argument("--cache", type=Path, default=default_cache(), help="where encoded text is kept")
    result.add_argument("--sets", nargs="+", choices=("redocred", "anem"), default=["redocred", "anem"])
    result.add_argument("--limit", type=int, help="documents a file at most, for a quick look")
    result.add_argument("--out", type=Path, help="folder of the results (default: results/)")
    result.add_argument("--quick", action="store_true", help="no curves, one seed of the MLP probe")
    result.add_argument("--seed", type=int, default=0)
    result.add_argument("--threads", type=int, default=1)
    return result


def load_tasks(arguments: argparse.Namespace) -> Iterator[Task]:
    """The data sets. dev: redocred/dev, the 50 test documents of anem's devsplit.json."""
    import torch

    torch.set_num_threads(arguments.threads)
    folder, development = arguments.data, arguments.split == "dev"
    if "redocred" in arguments.sets:
        files = (folder / "redocred/train.jsonl.gz", folder / f"redocred/{arguments.split}.jsonl.gz")
        yield Task("redocred", "general", *(_documents(path, arguments.limit) for path in files), files)
    if "anem" in arguments.sets:
        files = (folder / "anem/train.jsonl.gz", folder / "anem/test.jsonl.gz")
        train = _documents(files[0], None)
        if not development:
            tested = _documents(files[1], arguments.limit)
            yield Task("anem", "anatomy", train[: arguments.limit], tested, files)
            return
        split = json.loads((folder / "anem/devsplit.json").read_text(encoding="utf-8"))
        held = set(split["dev_test"])
        parts = [tuple(one for one in train if (one.id in held) == inside) for inside in (False, True)]
        yield Task("anem", "anatomy", *(part[: arguments.limit] for part in parts), files[:1])


def _documents(path: Path, limit: int | None) -> tuple[Document, ...]:
    """The documents of a file; of discontinuous spans the whole stretch."""
    return tuple(read(path))[:limit]


def corpora(
    task: Task, arguments: argparse.Namespace, *, states: bool = True
) -> tuple[Corpus, Corpus, dict[str, Any]]:
    """The mapping corpus, the scored corpus, and what read them; encoded once, then cached."""
    mini = load_mini(arguments.model)
    if arguments.language_model:
        return _read(task, arguments, *_language_model(task, arguments, mini), states=states)
    sae = load_sae(arguments.sae, checksum(arguments.sae)) if arguments.sae else mini.sae
    proposer = _Parts(task.preset, mini.heads)
    model = CachedModel(mini, arguments.cache, [sae.tap, *proposer.taps])
    return _read(task, arguments, model, sae, proposer, states=states)


def _language_model(task: Task, arguments: argparse.Namespace, mini: Any) -> tuple[Any, Any, Any]:
    """Another model and its autoencoder, beside the candidates of mini's heads; their states cached too."""
    model, sae, _ = open_parts(Choice(model=arguments.language_model, sae=str(arguments.sae)), task.preset)
    proposer = _Parts(task.preset, mini.heads)
    candidates = MiniCandidates(CachedModel(mini, arguments.cache, proposer.taps), proposer)
    return CachedModel(model, arguments.cache, [sae.tap]), sae, candidates


def _read(
    task: Task, arguments: argparse.Namespace, model: Any, sae: Any, proposer: Any, *, states: bool
) -> tuple[Corpus, Corpus, dict[str, Any]]:
    """Both corpora of a task."""
    reader = Reader(model, sae, proposer, ArrayCache(arguments.cache), states=states)
    found = [read_corpus(documents, task.labels, reader) for documents in (task.mapping, task.tested)]
    return found[0], found[1], {"model": model.identity(), "sae": sae.identity()}


def result_name(name: str, arguments: argparse.Namespace) -> str:
    """The file of an experiment's results: its name, the other model, and `dev` where nothing is reported."""
    model = arguments.language_model
    other = f"_{KEYS.get(model, Path(model).name)}" if model else ""
    return name + other + ("_dev" if arguments.split == "dev" else "")


def result_measures(found: dict[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    """Measures by their keys; those of another model carry its name, and only those that have a target."""
    if not arguments.language_model:
        return found
    prefix = KEYS.get(arguments.language_model, arguments.language_model)
    lines = (RESULTS / "targets.tsv").read_text(encoding="utf-8").splitlines()
    wanted = {cell for line in lines for cell in line.split("\t")[1:2]}
    named = {f"{prefix}.{key}": value for key, value in found.items()}
    return {key: value for key, value in named.items() if key in wanted}


def draws(corpus: Corpus, size: int, count: int, seed: int) -> list[Corpus]:
    """`count` seeded draws of `size` documents (one of all, if there are no more)."""
    total = len(corpus.documents)
    if size >= total:
        return [corpus]
    return [
        corpus.only(np.random.default_rng([seed, size, number]).choice(total, size, replace=False))
        for number in range(count)
    ]


def typed_documents(corpus: Corpus, answer: NDArray[np.int64]) -> list[Document]:
    """Gold spans with the types given to them (O: no span). answer: label positions [gold spans]."""
    rows = ([row] for row in range(len(answer)))
    return _with_rows(corpus, corpus.gold, [row[0] for row in rows], answer)


def found_documents(corpus: Corpus, p: NDArray[np.float64], decided: NDArray[np.int64]) -> list[Document]:
    """The candidates that were decided to be entities, overlaps resolved."""
    kept = resolve_table(corpus.proposed, p, decided, len(corpus.documents))
    return _with_rows(corpus, corpus.proposed, [int(row) for rows in kept for row in rows], decided)


def _with_rows(
    corpus: Corpus, table: SpanTable, rows: Sequence[int], answer: NDArray[np.int64]
) -> list[Document]:
    """The documents with some rows of a table as spans."""
    spans: list[list[Span]] = [[] for _ in corpus.documents]
    for row in rows:
        if answer[row] != corpus.outside:
            label = corpus.labels[answer[row]]
            spans[table.document[row]].append(Span(int(table.start[row]), int(table.end[row]), label))
    return [one.with_spans(found) for one, found in zip(corpus.documents, spans, strict=True)]


def iou_table(corpus: Corpus, found: Sequence[Document]) -> dict[str, DocumentCounts]:
    """Counts by document at IoU 0.3, 0.5, 0.7 and at exact match."""
    pairs = list(zip(corpus.documents, found, strict=True))
    rules = {f"iou{100 * t:.0f}": partial(iou_counts, threshold=t) for t in (0.3, 0.5, 0.7)}
    return {name: document_counts(pairs, rule) for name, rule in {**rules, "exact": exact_counts}.items()}
