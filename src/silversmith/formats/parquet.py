"""Parquet (extra `parquet`): one row a document, for columnar tools and many machines; nothing is lost.

Columns: id, text, spans (list of {start, end, label, score, source, fragments}), words, sentences (lists of
{start, end}), meta (JSON text). A file of others needs a text column only; further columns become meta.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from silversmith.core.document import Document, Span
from silversmith.core.errors import ConfigError
from silversmith.core.source import BLOCK, blocks
from silversmith.formats.extras import need
from silversmith.formats.form import PARTS, Form
from silversmith.formats.intake import Intake
from silversmith.formats.jsonin import Record
from silversmith.formats.jsonl import from_record, json_text
from silversmith.formats.losses import Losses
from silversmith.formats.names import visible

__all__ = ["PARQUET", "count_rows", "read_parquet", "write_parquet"]


def read_parquet(
    path: Path, intake: Intake, *, text_column: str = "text", id_column: str = "id", rows: str = ""
) -> Iterator[Document]:
    """Documents of a Parquet file, or of all those in a folder, a few hundred rows at a time.

    rows: "512:4608" reads those rows alone, counted from 0 through all files; ids are as when all are read.
    Raises ConfigError F010 rows isn't a range, F021 without pyarrow; DataError: F002 damaged or no Parquet,
    F011 a column missing or of a wrong kind, with the row's number from 1.
    """
    parquet = need("pyarrow.parquet", "parquet")
    first, last = _range(rows)
    number = 0
    for file in _files(path):
        skip, size = max(0, first - number), _size(file, parquet, intake) if rows else 0
        if rows and (skip >= size or number >= last):
            number += size
            continue
        number += skip
        for row, values in _rows(file, parquet, intake, text_column, skip):
            if number >= last:
                return
            record = Record(
                _renamed(values, text_column, id_column), intake, where=f"row {row} of {file.name}"
            )
            yield from_record(_with_meta(record), number, intake)
            number += 1


def count_rows(path: Path) -> int:
    """Documents of a Parquet file or folder, by its files' own account. Raises as `read_parquet`."""
    parquet = need("pyarrow.parquet", "parquet")
    intake = Intake(path, Losses())
    return sum(_size(file, parquet, intake) for file in _files(path))


def _files(path: Path) -> list[Path]:
    return list(visible(path, ".parquet")) if path.is_dir() else [path]


def _range(rows: str) -> tuple[int, float]:
    """(first, behind the last)."""
    if not rows:
        return 0, math.inf
    low, colon, high = rows.partition(":")
    if not (colon and low.isdigit() and high.isdigit()):
        raise ConfigError("F010", f"rows={rows!r} is no range", remedy="e.g. rows=512:4608")
    return int(low), int(high)


def _size(path: Path, parquet: Any, intake: Intake) -> int:
    """Rows of a file."""
    with _opened(path, parquet, intake) as file:
        return int(file.metadata.num_rows)


def _rows(
    path: Path, parquet: Any, intake: Intake, text_column: str, skip: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number from 1, dictionary) of the rows of one file behind the first `skip`."""
    with _opened(path, parquet, intake) as file:
        if text_column not in file.schema_arrow.names:
            names = ", ".join(file.schema_arrow.names)
            raise intake.error(
                "F011", f"no column {text_column!r}", remedy=f"text_column=NAME; it has: {names}", path=path
            )
        groups, row = list(range(file.num_row_groups)), 0
        while groups and row + (size := file.metadata.row_group(groups[0]).num_rows) <= skip:
            row += size
            groups.pop(0)
        for batch in file.iter_batches(batch_size=BLOCK, row_groups=groups):
            for values in batch.to_pylist():
                row += 1
                if row > skip:
                    yield row, values


@contextmanager
def _opened(path: Path, parquet: Any, intake: Intake) -> Iterator[Any]:
    """The file, what goes wrong in it as DataError F002."""
    try:
        with parquet.ParquetFile(path) as file:
            yield file
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
