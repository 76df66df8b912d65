"""The options of `silversmith ask`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Edited",
    "IndexFolder",
    "Json",
    "K",
    "Least",
    "Lines",
    "Model",
    "Option",
    "Preset",
    "SchemaFile",
    "SilverOut",
    "Table",
    "TermsOut",
    "Top",
    "Whole",
]

IndexFolder = Annotated[
    Path,
    typer.Argument(metavar="INDEX", help="A folder of index, or another retriever's answers (JSON lines)."),
]
Lines = Annotated[
    list[str] | None,
    typer.Argument(metavar="[QUESTION]...", help='"Which disease?", or Disease="Which disease?"'),
]
SchemaFile = Annotated[
    Path | None, typer.Option(help="TOML file of the types; each `questions` entry is one question.")
]
Preset = Annotated[
    str | None, typer.Option(help="The paper's questions for a data set: conll2003, bc5cdr, ...")
]
TermsOut = Annotated[Path | None, typer.Option(help="Folder to write: terms and rules, for label --mapping.")]
SilverOut = Annotated[Path | None, typer.Option(help="Silver of the sentences found: file to write.")]
Whole = Annotated[bool, typer.Option("--whole", help="Silver of all sentences, those without an answer too.")]
Table = Annotated[Path | None, typer.Option(help="The terms as a table to edit (tab-separated).")]
Edited = Annotated[
    Path | None, typer.Option(help="A table you edited: its terms take the place of those found.")
]
K = Annotated[int, typer.Option("--k", min=1, help="Distinct sentences a question, at most.")]
Least = Annotated[
    float | None, typer.Option(help="Least probability of an answer (default: the encoder's threshold).")
]
Top = Annotated[int, typer.Option(min=1, help="Answers shown here for each question.")]
Option = Annotated[
    list[str] | None, typer.Option("--option", "-o", help="NAME=VALUE, e.g. profile=terms, template=list.")
]
Model = Annotated[str | None, typer.Option(help="Where the index's encoder is (default: as it was made).")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON line an answer, then the numbers.")]
