"""Parquet (extra `parquet`): one row a document, for columnar tools and many machines; nothing is lost.

Columns: id, text, spans (list of {start, end, label, score, source, fragments}), words, sentences (lists of
{start, end}), meta (JSON text). A file of others needs a text column only; further columns become meta.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.core.source import BLOCK, blocks
from silversmith.formats.extras import need
from silversmith.formats.form import PARTS, Form
from silversmith.formats.intake import Intake
from silversmith.formats.jsonin import Record
from silversmith.formats.jsonl import from_record, json_text
from silversmith.formats.losses import Losses
from silversmith.formats.names import visible

__all__ = ["PARQUET", "read_parquet", "write_parquet"]


def read_parquet(
    path: Path, intake: Intake, *, text_column: str = "text", id_column: str = "id"
) -> Iterator[Document]:
    """Documents of a Parquet file, or of all those in a folder, a few hundred rows at a time.

    Raises ConfigError F021 without pyarrow, DataError: F002 damaged or no Parquet, F011 a column missing or
    of a wrong kind, with the row's number from 1.
    """
    parquet = need("pyarrow.parquet", "parquet")
    number = 0
    for file in visible(path, ".parquet") if path.is_dir() else [path]:
        for row, values in enumerate(_rows(file, parquet, intake, text_column), start=1):
            record = Record(
                _renamed(values, text_column, id_column), intake, where=f"row {row} of {file.name}"
            )
            yield from_record(_with_meta(record), number, intake)
            number += 1


def _rows(path: Path, parquet: Any, intake: Intake, text_column: str) -> Iterator[dict[str, Any]]:
    """The rows of one file as dictionaries."""
    try:
        with parquet.ParquetFile(path) as file:
            if text_column not in file.schema_arrow.names:
                names = ", ".join(file.schema_arrow.names)
                raise intake.error(
                    "F011",
                    f"no column {text_column!r}",
                    remedy=f"text_column=NAME; it has: {names}",
                    path=path,
                )
            for batch in file.iter_batches(batch_size=BLOCK):
                yield from batch.to_pylist()
    except (OSError, ValueError) as error:  # pyarrow's ArrowInvalid is a ValueError
        raise intake.error("F002", f"damaged, cut off or no Parquet file: {error}", path=path) from None


def _renamed(values: dict[str, Any], text_column: str, id_column: str) -> dict[str, Any]:
    """The row with the text and the id under our names."""
    row = {key: value for key, value in values.items() if key not in {text_column, id_column}}
    return row | {"text": values[text_column], "id": values.get(id_column)}


def _with_meta(record: Record) -> Record:
    """The record with its meta parsed, and without columns that are empty or no JSON."""
    meta = record.get("meta")
    if isinstance(meta, str):
        try:
            record["meta"] = json.loads(meta)
        except ValueError:
            raise record.error("the column 'meta' holds no JSON") from None
    for key in list(record):
        if record[key] is None and key != "text":
            del record[key]
        elif key not in {"id", "text", "spans", "words", "sentences", "meta"} and not _is_json(record[key]):
            record.intake.losses.lose(f"values of the column {key!r} (no JSON)")
            del record[key]
    return record


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def write_parquet(documents: Iterable[Document], path: Path, losses: Losses) -> None:
    """Write one file in row groups of 256 documents; nothing is lost.

    Raises ConfigError F021 without pyarrow, DataError F012 if meta holds what is no JSON.
    """
    del losses
    pyarrow, parquet = need("pyarrow", "parquet"), need("pyarrow.parquet", "parquet")
    schema = _schema(pyarrow)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for block in blocks(documents):
            rows = [_row(document) for document in block]
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema), row_group_size=BLOCK)


def _schema(pyarrow: Any) -> Any:
    """The columns and their types."""
    ranges = pyarrow.list_(pyarrow.struct({"start": pyarrow.int64(), "end": pyarrow.int64()}))
    span = pyarrow.struct(
        {
            "start": pyarrow.int64(),
            "end": pyarrow.int64(),
            "label": pyarrow.string(),
            "score": pyarrow.float64(),
            "source": pyarrow.string(),
            "fragments": ranges,
        }
    )
    columns = {"id": pyarrow.string(), "text": pyarrow.large_string(), "spans": pyarrow.list_(span)}
    columns |= {"words": ranges, "sentences": ranges, "meta": pyarrow.string()}
    return pyarrow.schema(columns)


def _row(document: Document) -> dict[str, Any]:
    """The row of a document."""
    return {
        "id": document.id,
        "text": document.text,
        "spans": [_span(span) for span in document.spans],
        "words": _ranges(document.words),
        "sentences": _ranges(document.sentences),
        "meta": json_text(document.meta, document) if document.meta else None,
    }


def _span(span: Span) -> dict[str, Any]:
    record = {"start": span.start, "end": span.end, "label": span.label}
    record |= {"score": span.score, "source": span.source, "fragments": _ranges(span.fragments or None)}
    return record


def _ranges(ranges: Iterable[tuple[int, int]] | None) -> list[dict[str, int]] | None:
    return None if ranges is None else [{"start": start, "end": end} for start, end in ranges]


PARQUET = Form(
    name="parquet",
    about="Parquet, one row a document (extra: parquet)",
    suffixes=(".parquet",),
    read=read_parquet,
    write=write_parquet,
    keeps=frozenset(PARTS),
    partly={},
)
