"""NuNER's published layout: a text and what the model answered, one record a sentence.

    {"input": "State University of New York Press, 1997.",
     "output": ["State University of New York Press <> publisher <> a company that publishes books", ...]}

JSON lines, or Parquet with these columns (the extra `parquet`); `output` is a list of answers, or one string
of lines. A phrase marks every place where it stands. As in the paper a sentence with an uninformative concept
is dropped whole; an answer that can't be read, or isn't in its text, is left out and counted.
"""

from __future__ import annotations

import ast
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from silversmith.core import DataError, Document, Span
from silversmith.text.grounding import ground

__all__ = ["is_published", "read_published"]

BANNED = frozenset({"concept", "entity", "thing"})
FEWEST = 2


def is_published(path: Path | str) -> bool:
    """Whether a file has this layout, by its first record."""
    try:
        first = next(_records(Path(path)), None)
    except (DataError, OSError, UnicodeDecodeError):
        return False
    return first is not None and {"input", "output"} <= first[1].keys()


def read_published(path: Path | str, left: Counter[str] | None = None) -> Iterator[Document]:
    """The annotated sentences as documents. left: counts what was left out, by reason.

    Raises DataError O006 for a record without `input` and `output` (file and line named).
    """
    left = Counter() if left is None else left
    path = Path(path)
    for number, record in _records(path):
        text, output = record.get("input"), record.get("output")
        if not isinstance(text, str) or output is None:
            raise DataError("O006", "expected input and output", path=path, line=number)
        spans: dict[tuple[int, int, str], Span] = {}
        informative = True
        for answer in _answers(output):
            fields = [field.strip() for field in answer.split("<>")]
            if len(fields) < FEWEST or not fields[0] or not fields[1]:
                left["no pair"] += 1
                continue
            concept = " ".join(fields[1].lower().split()).rstrip(".")
            informative &= concept not in BANNED
            places = ground(text, fields[0])
            left["not in the text"] += not places
            for start, end in places:
                spans[start, end, concept] = Span(start, end, concept)
        if not informative:
            left["uninformative concept"] += 1
            continue
        yield Document(str(record.get("id", f"{path.stem}-{number}")), text, tuple(spans.values()))


def _answers(output: Any) -> list[str]:
    """The single answers of an output: a list, the text of a list, or lines."""
    if isinstance(output, str):
        try:
            output = ast.literal_eval(output) if output.lstrip().startswith("[") else output.splitlines()
        except (ValueError, SyntaxError):
            output = output.splitlines()
    return [str(one) for one in output]


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number, record), from 1."""
    if path.suffix == ".parquet":
        from silversmith.formats.extras import need

        table = need("pyarrow.parquet", "parquet").ParquetFile(path)
        number = 0
        for batch in table.iter_batches():
            for record in batch.to_pylist():
                number += 1
                yield number, record
        return
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise DataError("O006", f"no JSON: {error}", path=path, line=number) from None
            if not isinstance(record, dict):
                raise DataError("O006", "a JSON object expected", path=path, line=number)
            yield number, record
