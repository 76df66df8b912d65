"""Questions of a schema, of the paper's presets and of one's own."""

import pytest

from silversmith.core import ConfigError, EntityType, Schema
from silversmith.sources.question.questions import (
    PRESETS,
    ask,
    called_of,
    plural,
    preset_schema,
    questions_of,
)


@pytest.mark.parametrize(
    ("line", "name", "condition"),
    [
        ("Which disease?", "disease", ""),
        ("which sports player", "sports player", ""),
        ("What chemical compound?", "chemical compound", ""),
        ("list of all the drugs", "drugs", ""),
        ("Which dish made with eggs?", "dish", "made with eggs"),
        ("Which state in the USA?", "state", "in the USA"),
        ("Who is a politician?", "politician", ""),
        ("Which Grammy-nominated song?", "grammy-nominated song", ""),
    ],
)
def test_a_question_of_ones_own(line, name, condition):
    found = ask(line)
    assert (found.name, found.condition, found.type) == (name, condition, name)
    assert ask(line, "T").type == "T"


@pytest.mark.parametrize("line", ["Which?", "", "??", "Which is it?", "Which 42?"])
def test_a_question_that_names_nothing_is_refused(line):
    with pytest.raises(ConfigError, match="Y010"):
        ask(line)


def test_a_type_without_questions_is_asked_for_by_its_name():
    schema = Schema(
        types=(EntityType(name="SportsTeam"), EntityType(name="D", questions=("Which drug?", "pill")))
    )
    assert [(one.type, one.name, one.text) for one in questions_of(schema)] == [
        ("SportsTeam", "sports team", "Which sports team?"),
        ("D", "drug", "Which drug?"),
        ("D", "pill", "Which pill?"),
    ]
    assert questions_of(schema, "list")[0].text == "list of sports team"


def test_refusals():
    with pytest.raises(ConfigError, match="Y011"):
        questions_of(Schema.of(["a"]), "why")
    with pytest.raises(ConfigError, match="O003"):
        questions_of(Schema(types=()))
    with pytest.raises(ConfigError, match="Y010"):
        questions_of(Schema(types=(EntityType(name="a", questions=("42",)),)))
    with pytest.raises(ConfigError, match="Y012"):
        preset_schema("conll")


def test_a_sub_question_of_the_paper_is_taken_whole():
    # "state in the USA" is a name, not a name with a condition: only lines with a question mark are read so.
    names = [one.name for one in questions_of(preset_schema("conll2003"))]
    assert "state in the usa" in names
    for name in PRESETS:
        assert questions_of(preset_schema(name))


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        (EntityType(name="Disease"), "disease"),
        (EntityType(name="Disease", concepts=("illness", "disease")), "illness"),
        (EntityType(name="PER"), "person"),
        (EntityType(name="XYZ"), None),
        (EntityType(name="SportsTeam"), "sports team"),
    ],
)
def test_a_label_that_is_no_word_says_nothing(kind, called):
    assert called_of(kind) == called


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("disease", "diseases"),
        ("city", "cities"),
        ("day", "days"),
        ("business man", "business men"),
        ("box", "boxes"),
    ],
)
def test_plural(one, many):
    assert plural(one) == many
