"""The options of `silversmith mine`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Answers",
    "CounterExample",
    "Decoys",
    "Example",
    "Format",
    "Json",
    "Longest",
    "MaskedLm",
    "MiningOut",
    "Option",
    "Precision",
    "Questions",
    "SchemaFile",
    "SilverOut",
    "Suggest",
    "Template",
    "Text",
    "Threshold",
    "Top",
]

Text = Annotated[Path, typer.Argument(help="Text: file or folder, any format; spans in it are ignored.")]
MiningOut = Annotated[Path, typer.Option(help="Folder of the mining to write.")]
Example = Annotated[
    list[str] | None,
    typer.Option("--example", help='TYPE=EXAMPLE, e.g. PER="Ada Lovelace"; may be given more than once.'),
]
CounterExample = Annotated[
    list[str] | None, typer.Option(help="TYPE=EXAMPLE that is not of the type; more than once.")
]
SchemaFile = Annotated[Path | None, typer.Option(help="TOML file of the types with their examples.")]
MaskedLm = Annotated[str, typer.Option(help="mini, or a masked (or causal) language model: name or folder.")]
Threshold = Annotated[
    list[str] | None,
    typer.Option(help="Largest mean divergence kept: 0.15, or PER=0.1 for one type; more than once."),
]
Top = Annotated[int | None, typer.Option(min=1, help="Keep so many spans a type instead of a threshold.")]
Template = Annotated[
    list[str] | None,
    typer.Option(help='Wording, e.g. "The {name} name: {span}"; TYPE=WORDING for one type.'),
]
Longest = Annotated[int, typer.Option(min=1, help="Words of the longest sentence tested.")]
Decoys = Annotated[bool, typer.Option("--decoys", help="Find thresholds by lower-case decoys.")]
Questions = Annotated[
    Path | None, typer.Option(help="Also write yes/no questions, to answer and give to --answers.")
]
Answers = Annotated[
    Path | None, typer.Option(help="Answered questions: thresholds from them; OUT is not mined again.")
]
Precision = Annotated[
    float, typer.Option(min=0.01, max=1.0, help="Precision wanted of --answers' thresholds.")
]
SilverOut = Annotated[
    Path | None, typer.Option(help="Also write the sentences with kept spans, ready for train.")
]
Suggest = Annotated[
    bool, typer.Option("--suggest", help="Say which second example of each type would add most.")
]
Option = Annotated[
    list[str] | None,
    typer.Option("--option", "-o", help="NAME=VALUE, any option of the span test; VALUE in JSON."),
]
Format = Annotated[str | None, typer.Option(help="Format of TEXT, if its name doesn't tell.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON line.")]
