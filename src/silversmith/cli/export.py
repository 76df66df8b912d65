"""`silversmith export`: a tagger as ONNX, 8-bit ONNX, a Hugging Face folder or a spaCy pipeline."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import ConfigError, nearest

if TYPE_CHECKING:
    from silversmith.core import Document

__all__ = ["FORMS", "export"]

FORMS = ("onnx", "int8", "huggingface", "spacy")
SHOWN = 200
"""Documents of --check that are compared."""


def export(
    tagger: Annotated[Path, typer.Argument(help="Folder made by train.")],
    to: Annotated[str, typer.Option(help=f"{', '.join(FORMS)}.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    check: Annotated[
        Path | None,
        typer.Option(help="Texts to compare labels on, before and after (default: the bundled demo corpus)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON line.")] = False,
) -> None:
    """Turn a tagger into a form that other programs run, and compare labels before and after.

    onnx and int8 need onnxruntime and tokenizers, no torch; `silversmith tag` reads both. huggingface loads
    by transformers.pipeline, spacy by spacy.load. An older folder stays unless the new one is complete.

    Examples:
        silversmith export my-tagger --to int8 --out my-tagger-int8
        silversmith export my-tagger --to huggingface --out my-tagger-hf --check dev.jsonl

    Raises:
        ModelError: A001 to A005 no tagger there, or something else in the way; K052 the labels changed.
        ConfigError: K050 a library is missing, K051 a form that can't hold this tagger, K053 no such form.
    """
    if to not in FORMS:
        raise ConfigError("K053", f"there is no form {to!r}", remedy=nearest(to, FORMS))
    _write(tagger, to, out)
    record: dict[str, Any] = {"out": str(out), "form": to, "bytes": _size(out)}
    if to in {"onnx", "int8"}:
        from silversmith.tagger.export.parity import check_parity

        record |= check_parity(tagger, out, _texts(check), exact=to == "onnx")
    if as_json:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        return
    line = f"wrote {out}, {record['bytes'] / 1e6:.1f} MB"
    if "agreement" in record:
        line += f"; {record['agreement']:.2%} of {record['spans']:,} spans are the same in both"
    sys.stdout.write(line + "\n")


def _write(tagger: Path, to: str, out: Path) -> None:
    """The export itself."""
    command = "silversmith export"
    if to in {"onnx", "int8"}:
        from silversmith.tagger.export.onnx_export import export_onnx

        export_onnx(tagger, out, int8=to == "int8", command=command)
    elif to == "huggingface":
        from silversmith.tagger.export.huggingface import export_huggingface

        export_huggingface(tagger, out, command=command)
    else:
        from silversmith.integrations.spacy_pipeline import export_spacy

        export_spacy(tagger, out, command=command)


def _texts(check: Path | None) -> list[Document]:
    """Documents to compare on."""
    from itertools import islice

    from silversmith.demo import demo_path
    from silversmith.formats import read

    return list(islice(read(check or demo_path()), SHOWN))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
