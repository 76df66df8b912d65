"""Answers of another retriever (DensePhrases and its like), one JSON object a line:

    {"question": "Which disease?", "type": "Disease", "phrase": "leprosy", "sentence": "... leprosy ...",
     "start": 12, "score": 81.2}

type: of the schema; may be missing where it has one type. start: of the phrase in the sentence, else its
first place. The order of the lines is the ranking. DensePhrases' own output ({"question": {"phrase": [...],
"context": [...]}}) is read too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from silversmith.core import DataError, Document, Schema
from silversmith.sources.question.options import AskOptions, Rules
from silversmith.sources.question.questions import Question, questions_of
from silversmith.sources.question.retrieval import Answer, Found, Tally, sentence_key
from silversmith.sources.question.rules import asked_names, normalise
from silversmith.sources.question.signals import FUSED

__all__ = ["passages", "read_answers"]

TRUST = 0.9
"""Probability of an answer, as nothing better is known."""


def read_answers(path: Path, schema: Schema, options: AskOptions) -> Found:
    """The file's answers. Raises DataError Y042 (file and line named)."""
    questions = {one.text: one for one in questions_of(schema, options.template)}
    rules = {
        kind: options.rules or Rules.of("terms" if options.profile == "terms" else "names")
        for kind in schema.names
    }
    names = asked_names(questions.values())
    asked: list[Question] = []
    answers: list[Answer] = []
    tallies: list[Tally] = []
    for line, record in _records(path):
        question = _question(record, questions, schema, path, line)
        if question not in asked:
            asked.append(question)
            tallies.append(Tally())
        number = asked.index(question)
        tally = tallies[number]
        tally.looked += 1
        sentence, phrase = str(record["sentence"]), str(record["phrase"])
        start = int(record.get("start", sentence.find(phrase)))
        if start < 0 or sentence[start : start + len(phrase)] != phrase:
            raise DataError("Y042", f"{phrase!r} is not in its sentence", path=path, line=line)
        document = f"{path.stem}-{sentence_key(sentence)[:12]}"
        for low, high in normalise(
            sentence, start, start + len(phrase), rules[question.type], names, tally.dropped
        ):
            terms = {"name": 1.0 / (FUSED + tally.looked)}
            answers.append(
                Answer(
                    number, tally.looked, document, low, high, (start, start + len(phrase)),
                    (0, len(sentence)), sentence[low:high], sentence, sentence_key(sentence), TRUST, terms,
                )
            )  # fmt: skip
    if not answers:
        raise DataError("Y042", "no answer in it", path=path)
    for number, tally in enumerate(tallies):
        tally.sentences = len({one.key for one in answers if one.question == number})
    return Found(tuple(asked), tuple(answers), tuple(tallies), rules)


def passages(found: Found) -> Iterator[Document]:
    """The sentences of such answers as documents, each once."""
    texts = {one.document: one.passage for one in found.answers}
    for name, text in texts.items():
        yield Document(name, text, sentences=((0, len(text)),))


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, record) of either form."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("Y042", f"no answers of a retriever: {error}", path=path) from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
            found = [one] if "phrase" in one else _dense(one)
            checked = [{**each, "phrase": each["phrase"], "sentence": each["sentence"]} for each in found]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                "Y042", f"expected question, phrase and sentence: {error!r}", path=path, line=number
            ) from None
        for each in checked:
            yield number, each


def _dense(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The records of DensePhrases' form."""
    for question, found in one.items():
        for phrase, context in zip(found["phrase"], found["context"], strict=True):
            yield {"question": question, "phrase": phrase, "sentence": context}


def _question(
    record: dict[str, Any], known: dict[str, Question], schema: Schema, path: Path, line: int
) -> Question:
    """The question of a record; its type is the record's, the question's, or the only one there is."""
    text = str(record.get("question", ""))
    kind = record.get("type")
    if text in known and kind in {None, known[text].type}:
        return known[text]
    if kind is None and len(schema.names) == 1:
        kind = schema.names[0]
    if kind not in schema.names:
        raise DataError(
            "Y042",
            f"no type for {text!r}" if kind is None else f"there is no type {kind!r}",
            path=path,
            line=line,
            remedy=f'write "type": one of {", ".join(schema.names)}',
        )
    return Question(str(kind), str(kind).lower(), text or str(kind))
