"""Schema: the file that a user writes, and what it says of each mistake."""

from __future__ import annotations

import pytest

from silversmith.core import ConfigError, Schema

GOOD = """
# my types
[[type]]
name = "Disease"
description = "an illness"
examples = ["leprosy", "Crohn's disease"]
questions = ["disease"]
concepts = ["disease", "medical condition"]
dictionary = "terms/disease.tsv"

[[type]]
name = "Drug"
"""


def written(tmp_path, text: str):
    path = tmp_path / "schema.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        Schema.read(written(tmp_path, text))
    return error.value


def test_a_schema_is_read_in_order(tmp_path):
    schema = Schema.read(written(tmp_path, GOOD))
    assert schema.names == ("Disease", "Drug")
    assert schema.types[0].examples == ("leprosy", "Crohn's disease")
    assert schema.types[1].dictionary is None
    assert Schema.of(["A", "B"]).names == ("A", "B")


def test_a_misspelt_key_is_named_with_its_line_and_the_nearest(tmp_path):
    error = refused(tmp_path, GOOD.replace("examples =", "exampels ="))
    assert (error.code, error.line) == ("C002", 6)
    assert "schema.toml:6" in str(error)
    assert 'did you mean "examples"?' in str(error)


def test_a_misspelt_table_is_named_with_its_line(tmp_path):
    error = refused(tmp_path, GOOD.replace("[[type]]", "[[types]]", 1).replace("[[type]]", "[[types]]"))
    assert (error.code, error.line) == ("C002", 3)
    assert 'did you mean "type"?' in str(error)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[[type]\nname = 1", "C001"),
        ("", "C003"),
        ("type = 3", "C003"),
        ("type = [3]", "C003"),
        ("[[type]]\nname = 3", "C003"),
        ("[[type]]\nname = ' '", "C003"),
        ("[[type]]\nname = 'O'", "C003"),
        ("[[type]]\ndescription = 'no name'", "C003"),
        ("[[type]]\nname = 'A'\nexamples = 'one'", "C003"),
        ("[[type]]\nname = 'A'\n[[type]]\nname = 'A'", "C004"),
    ],
)
def test_other_mistakes_are_refused_in_one_line(tmp_path, text, code):
    error = refused(tmp_path, text)
    assert error.code == code
    assert "schema.toml" in str(error)
    assert "\n" not in str(error)


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(ConfigError, match="C001"):
        Schema.read(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="C001"):
        Schema.read(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[[type]]\nname = '\xe9'")
    with pytest.raises(ConfigError, match="C001"):
        Schema.read(path)
