"""`silversmith ask`: questions to an index, answers with their sentences, and silver made of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silversmith.cli.asking_options import (
    Edited,
    IndexFolder,
    Json,
    K,
    Least,
    Lines,
    Model,
    Option,
    Preset,
    SchemaFile,
    SilverOut,
    Table,
    TermsOut,
    Top,
    Whole,
)
from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.core import Schema
    from silversmith.sources.question import AskOptions, PhraseIndex, Question
    from silversmith.sources.question.retrieval import Answer, Found

__all__ = ["ask"]


def ask(
    index: IndexFolder,
    question: Lines = None,
    schema: SchemaFile = None,
    preset: Preset = None,
    out: TermsOut = None,
    silver: SilverOut = None,
    whole: Whole = False,
    table: Table = None,
    edited: Edited = None,
    k: K = 5000,
    least: Least = None,
    top: Top = 10,
    option: Option = None,
    model: Model = None,
    as_json: Json = False,
) -> None:
    """Ask a corpus: "Which disease?" answers with the diseases it speaks of, and can make silver of them.

    Sub-types find more than a general name: ask "Which sports player?" and "Which politician?" for persons.
    With --out the terms label any text (silversmith label TEXTS --mapping OUT) and explain their labels; with
    --silver the sentences found train a tagger. Edit the --table and give it back as --edited.

    Examples:
        silversmith ask my-index "Which disease?" --top 20
        silversmith ask my-index "Which dish made with eggs?"
        silversmith ask my-index PER="Which politician?" PER="Which actor?" LOC="Which city?" --out my-terms
        silversmith ask my-index --schema schema.toml --silver silver.jsonl --table terms.tsv

    Raises:
        ConfigError: Y010 to Y012 a question, Y030 to Y032 an option, C001 to C004 the schema.
        DataError: Y040 to Y042 a table or answers that can't be read.
        ModelError: Y020 the index is of another encoder, A001 to A004 no index.
    """
    from silversmith.sources.question import PhraseIndex

    types = _schema(question or [], schema, preset)
    options = _options(k, least, option or [])
    opened = None if index.is_file() else PhraseIndex.open(index)
    source = _imported(index, types, options) if opened is None else _asked(opened, types, options, model)
    found = source.found
    assert found is not None
    told = _nothing(found)
    if edited is not None:
        from silversmith.sources.question.dictionary import read_rows

        source = source.edited(read_rows(edited, types.names))
        told.append(f"{len(source.dictionary.rows):,} terms of {edited} in place of those found")
    told += _write(source, opened, out, silver, table, whole=whole)
    _close(found, source, told, top, as_json=as_json)


def _schema(lines: Sequence[str], path: Path | None, preset: str | None) -> Schema:
    """The types and their questions. Raises ConfigError R003: none, or two of them."""
    from silversmith.core import EntityType, Schema
    from silversmith.sources.question import ask as read_question
    from silversmith.sources.question import preset_schema

    if (bool(lines) + (path is not None) + (preset is not None)) != 1:
        raise ConfigError("R003", "give questions, or --schema, or --preset", remedy='e.g. "Which disease?"')
    if path is not None:
        return Schema.read(path)
    if preset is not None:
        return preset_schema(preset)
    asked: dict[str, list[str]] = {}
    for line in lines:
        name, sign, text = line.partition("=")
        one = read_question(text if sign else line, name.strip() if sign else None)
        asked.setdefault(one.type, []).append(one.text if one.condition or "?" in one.text else one.name)
    return Schema(types=tuple(EntityType(name=kind, questions=tuple(q)) for kind, q in asked.items()))


def _options(k: int, least: float | None, pairs: Sequence[str]) -> AskOptions:
    """The options of the command line. Raises ConfigError Y030, Y031."""
    from silversmith.sources.question import make_ask_options

    values: dict[str, Any] = {"k": k, "least": least}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ConfigError("Y031", f"--option takes NAME=VALUE, found {pair!r}")
        try:
            values[name.strip()] = json.loads(value)
        except ValueError:
            values[name.strip()] = value
    return make_ask_options(**values)


def _imported(path: Path, types: Schema, options: AskOptions) -> Question:
    """The source made of another retriever's answers."""
    from silversmith.sources.question import Question
    from silversmith.sources.question.imports import read_answers

    return Question.of_found(read_answers(path, types, options), types, options)


def _asked(index: PhraseIndex, types: Schema, options: AskOptions, model: str | None) -> Question:
    """The source of an index that is asked now."""
    from silversmith.sources.concept.opening import load_encoder
    from silversmith.sources.question import Question

    made_with = index.manifest.get("reading", {}).get("model")
    encoder, _ = load_encoder(model or made_with)
    index.check(encoder.identity())
    return Question.prepare(types, index, encoder=encoder, options=options)


def _nothing(found: Found) -> list[str]:
    """A line for each question without an answer."""
    return [
        f"{one.text!r} found nothing that is likely enough; ask otherwise, or lower --least"
        for n, one in enumerate(found.questions)
        if not found.tallies[n].sentences
    ]


def _write(
    source: Question,
    index: PhraseIndex | None,
    out: Path | None,
    silver: Path | None,
    table: Path | None,
    *,
    whole: bool,
) -> list[str]:
    """The files asked for, and what to do with them."""
    from silversmith.silver import write_silver
    from silversmith.sources.question import silver_sentences
    from silversmith.sources.question.dictionary import write_rows

    told = []
    if out is not None:
        source.save(out, command="silversmith ask", index=None if index is None else index.folder.name)
        told.append(f"wrote {out}; next: silversmith label TEXTS --mapping {out}")
    if table is not None:
        write_rows(source.dictionary, table)
        told.append(f"wrote {table}; change it, then --edited {table}")
    if silver is not None:
        from silversmith.sources.question.imports import passages

        assert source.found is not None
        documents = passages(source.found) if index is None else index.documents()
        made = write_silver(
            silver_sentences(documents, source.found, source.annotator, whole=whole),
            silver,
            command="silversmith ask",
            questions=source.facts.get("questions", []),
        )
        told.append(
            f"wrote {silver}: {made['corpus']['documents']:,} sentences, {made['spans']['total']:,} spans; "
            f"next: silversmith train {silver} --out my-tagger --loss bond"
        )
    return told


def _close(found: Found, source: Question, told: Sequence[str], top: int, *, as_json: bool) -> None:
    """Answers and numbers."""
    from silversmith.cli.labelling import say

    if not as_json:
        for number in range(len(found.questions)):
            _print(found, number, top)
        for line in told:
            say(line)
        return
    for one in found.answers:
        record = {"type": found.questions[one.question].type, "question": found.questions[one.question].text}
        record |= {"answer": one.text, "document": one.document, "start": one.start, "end": one.end}  # type: ignore[dict-item]
        record |= {"probability": round(one.probability, 4), "sentence": one.passage}  # type: ignore[dict-item]
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    tallies = [
        {
            "question": one.text,
            "sentences": found.tallies[n].sentences,
            "looked": found.tallies[n].looked,
            "duplicates": found.tallies[n].duplicates,
            "capped": found.tallies[n].capped,
            "dropped": dict(found.tallies[n].dropped),
            "stopped": found.tallies[n].stopped,
        }
        for n, one in enumerate(found.questions)
    ]
    terms = len(source.dictionary.rows)
    sys.stdout.write(json.dumps({"questions": tallies, "terms": terms, "notes": list(told)}) + "\n")


def _print(found: Found, number: int, top: int) -> None:
    """One question's answers: each form once, with its likeliest sentence."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown: dict[str, Answer] = {}
    for one in found.answers:
        if one.question == number:
            shown.setdefault(one.text.lower(), one)
    tally, question = found.tallies[number], found.questions[number]
    title = f"{question.text}  ({question.type})  {tally.sentences:,} sentences, {len(shown):,} terms"
    table = Table(title=title, title_justify="left")
    table.add_column("answer", overflow="fold")
    table.add_column("p", justify="right")
    table.add_column("where", overflow="fold")
    for one in list(shown.values())[:top]:
        low = one.sentence[0]
        passage = Text(" ".join(one.passage[max(0, one.start - low - 60) : one.end - low + 60].split()))
        passage.highlight_words([one.text], "bold")
        table.add_row(Text(one.text), f"{one.probability:.2f}", passage)
    Console(highlight=False).print(table)
