"""Open whatever a folder holds: a network, a CRF, or an exported tagger that needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from silversmith.core import Artefact, ModelError

__all__ = ["open_tagger"]


def open_tagger(folder: Path | str, *, least: float = 0.0, threads: int | None = None) -> Any:
    """The tagger in a folder of kind tagger, tagger-crf or tagger-onnx (all have label and tag).

    least: the least probability of a span. threads: of the processor (default: as the library likes).
    Raises ModelError: A001 to A004 no artefact or a damaged one, K031 an artefact that is no tagger.
    """
    kind = Artefact.open(folder, verify=False).kind
    if kind == "tagger":
        import torch

        from silversmith.tagger.tagger import Tagger

        if threads:
            torch.set_num_threads(threads)
        return Tagger.open(folder, least=least)
    if kind == "tagger-onnx":
        from silversmith.tagger.onnx_tagger import open_onnx

        return open_onnx(folder, least=least, threads=threads)
    if kind == "tagger-crf":
        from silversmith.tagger.crf import CrfTagger

        return CrfTagger.open(folder, least=least)
    raise ModelError(
        "K031", f"this is a {kind!r} artefact, no tagger", path=folder, remedy="silversmith train"
    )
