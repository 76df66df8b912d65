"""Errors: one line each, with code, place, cause, remedy."""

from __future__ import annotations

import pytest

from silversmith.core import ConfigError, DataError, LLMError, ModelError, SilversmithError
from silversmith.core.errors import nearest


@pytest.mark.parametrize("kind", [ConfigError, DataError, LLMError, ModelError])
def test_every_kind_is_the_one_that_users_catch(kind):
    assert issubclass(kind, SilversmithError)


def test_the_line_reads_code_place_cause_remedy():
    error = DataError(
        "D003", "ends too late", path="a.jsonl", line=7, where="document 'x'", remedy="count again"
    )
    assert str(error) == "[D003] a.jsonl:7, document 'x': ends too late (count again)"


def test_what_is_not_known_is_left_out():
    assert str(DataError("D003", "broken")) == "[D003] broken"
    assert str(DataError("D003", "broken", path="a")) == "[D003] a: broken"


def test_it_stays_one_line():
    assert "\n" not in str(DataError("D003", "two\nlines\r\nhere", remedy="a\n\nb"))


def test_the_nearest_name_comes_first():
    assert (
        nearest("exampels", ["questions", "examples"])
        == 'did you mean "examples"? valid: examples, questions'
    )
    assert nearest("zzz", ["b", "a"]) == "valid: a, b"
