"""Parity: do a tagger and its export give the same labels on the same texts?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from silversmith.core import Document, ModelError
from silversmith.tagger.opening import open_tagger

__all__ = ["check_parity"]

LEAST = 0.999
"""Share of spans that an exact export has to share; sums in another order may turn a near tie."""


def check_parity(
    tagger: Path | str, exported: Path | str, documents: Sequence[Document], *, exact: bool
) -> dict[str, Any]:
    """Compare both on the documents: agreement (F1 of one's spans against the other's) and spans found.

    Raises ModelError K052 if an exact export agrees on less than 99.9 %.
    """
    found = [
        {
            (document.id, span.start, span.end, span.label)
            for document in open_tagger(folder).tag(documents)
            for span in document.spans
        }
        for folder in (tagger, exported)
    ]
    both, total = len(found[0] & found[1]), len(found[0]) + len(found[1])
    agreement = 2 * both / total if total else 1.0
    if exact and agreement < LEAST:
        raise ModelError(
            "K052",
            f"only {agreement:.2%} of {len(found[0])} spans are the same in the export",
            path=exported,
            remedy="this is a fault of silversmith or of onnxruntime: please report it",
        )
    return {"agreement": round(agreement, 6), "spans": len(found[0])}
