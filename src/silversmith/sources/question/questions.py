"""Questions: what is asked of a corpus, from a schema or from a line of one's own (GeNER, tables 5 and C.2).

A type's sub-types ("sports player") give one question each in a template ("Which sports player?"). A question
of one's own ("Which dish made with eggs?") has a name, which the phrases are compared with, and a condition,
which their sentences are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from silversmith.core import ConfigError, EntityType, Schema
from silversmith.core.errors import nearest

__all__ = [
    "CALLED",
    "PRESETS",
    "TEMPLATES",
    "Question",
    "Template",
    "ask",
    "called_of",
    "plural",
    "preset_schema",
    "questions_of",
]

Template = Literal["which", "what", "list", "example", "bare"]
TEMPLATES: dict[str, str] = {
    "which": "Which {}?",
    "what": "What {}?",
    "list": "list of {}",
    "example": "example of {}",
    "bare": "{}",
}
"""The five of table 5; "which" is the paper's choice."""

OPENING = re.compile(
    r"^(?:which|what|who is|who are|who|where is|where|list of|lists of|examples? of|name|find)\b", re.I
)
ARTICLE = re.compile(r"^(?:all |any |every |the |an? |kinds? of |types? of )+", re.I)
VERB = re.compile(r"^(?:is|are|was|were|has|have|did|does|do|can|could)\b")
CONDITION = re.compile(
    r"\s(?:that|which|who|whose|where|with|without|from|in|on|at|of|for|by|near|about|during|under|over"
    r"|is|are|was|were|has|have|had|can|[a-z]{2,}(?:ed|ing)|made|born|known|built|sold|won|written|sung)\s",
    re.I,
)
IRREGULAR = {"man": "men", "woman": "women", "person": "people", "child": "children", "analysis": "analyses"}


@dataclass(frozen=True, slots=True)
class Question:
    """One question. type: what its answers are. name: what they are called ("sports player"). condition: what
    else is asked for ("made with eggs"), or "". text: as asked."""

    type: str
    name: str
    text: str
    condition: str = ""


def ask(line: str, type: str | None = None) -> Question:
    """A question of one's own. type: of its answers (its name, if none is given).

    Raises ConfigError Y010: it names nothing.
    """
    text = " ".join(line.split())
    bare = OPENING.sub("", text.rstrip("?!. ")).strip()
    bare = ARTICLE.sub("", bare + " ").strip()
    cut = CONDITION.search(f"{bare} ")
    name = bare[: cut.start()].strip() if cut else bare
    if not name or VERB.match(name) or not any(map(str.isalpha, name)):
        raise ConfigError(
            "Y010", f"{line!r} names nothing to look for", remedy='name a kind of thing: "Which disease?"'
        )
    return Question(type or name.lower(), name.lower(), text, bare[len(name) :].strip())


def questions_of(schema: Schema, template: str = "which") -> list[Question]:
    """The questions of a schema's types: of each its `questions`, else its concepts, else its name.

    A question with a question mark, or of several words that begin with "which", is taken as it is. Raises
    ConfigError Y010, Y011: no such template, O003: no type.
    """
    if template not in TEMPLATES:
        raise ConfigError("Y011", f"no template {template!r}", remedy=nearest(template, TEMPLATES))
    if not schema.types:
        raise ConfigError("O003", "no type to ask for", remedy="write a [[type]] into the schema")
    found = []
    for kind in schema.types:
        for line in kind.questions or kind.concepts or (_words(kind.name),):
            if "?" in line or OPENING.match(line):
                found.append(ask(line, kind.name))
            else:
                name = " ".join(line.lower().split())
                if not any(map(str.isalpha, name)):
                    raise ConfigError("Y010", f"{line!r} names nothing", where=kind.name)
                found.append(Question(kind.name, name, TEMPLATES[template].format(line.strip())))
    return found


def plural(name: str) -> str:
    """The plural of an English noun phrase, by its last word."""
    head, _, last = name.rpartition(" ")
    if last in IRREGULAR:
        made = IRREGULAR[last]
    elif re.search(r"[^aeiou]y$", last):
        made = last[:-1] + "ies"
    elif re.search(r"(?:s|x|z|ch|sh)$", last):
        made = last + "es"
    else:
        made = last + "s"
    return f"{head} {made}".strip()


def _words(name: str) -> str:
    """SportsTeam, sports_team: "sports team"."""
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", name).lower().split())


PRESETS: dict[str, dict[str, Sequence[str]]] = {
    "conll2003": {
        "PER": ("sports player", "politician", "actor"),
        "LOC": ("country", "city", "state in the USA"),
        "ORG": ("sports team", "institution", "company"),
    },
    "wikigold": {
        "PER": ("sports player", "politician", "actor", "director", "musician"),
        "LOC": ("country", "city", "state in the USA", "road", "island"),
        "ORG": ("sports team", "company", "institution", "association", "band"),
    },
    "wnut16": {
        "person": ("sports player", "politician", "actor", "author"),
        "geo-loc": ("country", "city", "state in the USA"),
        "product": ("mobile app", "software", "operating system", "car", "smart phone"),
        "facility": ("facility", "cafe", "restaurant", "college", "music venue", "sports facility"),
        "company": ("company", "technology company", "news agency", "magazine"),
        "sportsteam": ("sports team",),
        "tvshow": ("TV program",),
        "movie": ("movie",),
        "musicartist": ("band", "rapper", "musician", "singer"),
    },
    "ncbi": {"Disease": ("disease", "disorder", "condition")},
    "bc5cdr": {"Disease": ("disease",), "Chemical": ("chemical compound", "drug")},
    "chemdner": {"Chemical": ("chemical compound", "drug")},
    "enzyme": {"enzyme": ("enzyme",)},
    "astronomicalobject": {"astronomicalobject": ("astronomical object",)},
    "award": {"award": ("award",)},
    "conference": {"conference": ("conference on artificial intelligence",)},
}
"""The paper's sub-questions (table C.2), by data set and type."""

CALLED = {
    "PER": "person",
    "LOC": "location",
    "ORG": "organization",
    "geo-loc": "location",
    "sportsteam": "sports team",
    "tvshow": "television show",
    "musicartist": "musician",
    "astronomicalobject": "astronomical object",
}
"""How a type is called where its label is no word."""


SHORTEST = 4
"""Letters of a type's name that is taken for a word ("PER" is none)."""


def called_of(kind: EntityType) -> str | None:
    """What a type's instances are called: its first concept, or its name where that is a word."""
    if kind.concepts:
        return kind.concepts[0]
    name = _words(kind.name)
    return CALLED.get(kind.name, name if len(name) >= SHORTEST else None)


def preset_schema(name: str) -> Schema:
    """The types and questions of one of the paper's data sets. Raises ConfigError Y012: not one of them."""
    if name not in PRESETS:
        raise ConfigError("Y012", f"no questions for {name!r}", remedy=nearest(name, PRESETS))
    return Schema(
        types=tuple(
            EntityType(name=kind, questions=tuple(lines), concepts=(CALLED.get(kind, kind.lower()),))
            for kind, lines in PRESETS[name].items()
        )
    )
