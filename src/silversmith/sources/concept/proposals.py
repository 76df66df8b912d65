"""Candidates of many annotated texts, proposed once and kept: they are the negatives of a pre-training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from silversmith.candidates.base import Candidate
from silversmith.core import Document, track
from silversmith.models.encode import LanguageModel

__all__ = ["propose_all"]

BLOCK = 64


def propose_all(
    documents: Sequence[Document], model: LanguageModel, proposer: Any, file: Path
) -> list[list[Candidate]]:
    """The candidates of each document, from `file` if it holds those of these texts."""
    identity = [model.identity(), proposer.identity(), [one.text for one in documents]]
    mark = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    if not file.is_file() or _read(file)["mark"].item() != mark:
        _write(file, documents, model, proposer, mark)
    found = _read(file)
    parts = np.split(found["spans"], found["edges"])
    mention = np.split(found["mention"], found["edges"])
    return [
        [
            Candidate(start, end, (), None if np.isnan(p) else float(p))
            for (start, end), p in zip(spans.tolist(), ps, strict=True)
        ]
        for spans, ps in zip(parts, mention, strict=True)
    ]


def _read(file: Path) -> dict[str, Any]:
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays}


def _write(file: Path, documents: Sequence[Document], model: LanguageModel, proposer: Any, mark: str) -> None:
    """Propose for all texts and write the file."""
    spans, mention, sizes = [], [], []
    taps = sorted(proposer.taps)
    blocks = [documents[n : n + BLOCK] for n in range(0, len(documents), BLOCK)]
    for block in track(blocks, "candidates", len(blocks)):
        for document, encoded in zip(block, model.encode([one.text for one in block], taps), strict=True):
            found = proposer.propose(document, encoded)
            spans += [(one.start, one.end) for one in found]
            mention += [np.nan if one.mention is None else one.mention for one in found]
            sizes.append(len(found))
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".part.npz")
    np.savez(
        aside,
        spans=np.array(spans, np.int32).reshape(-1, 2),
        mention=np.array(mention, np.float32),
        edges=np.cumsum(sizes)[:-1].astype(np.int64),
        mark=np.array(mark),
    )
    aside.replace(file)
