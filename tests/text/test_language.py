from __future__ import annotations

import pytest

from silversmith.text.language import check_language, english_share

ENGLISH = "The harbour master has written to the council because the old crane is not safe for the workers."
GERMAN = "Der Hafenmeister hat an den Rat geschrieben, weil der alte Kran für die Arbeiter nicht sicher ist."


def test_english_needs_no_warning() -> None:
    report = check_language([("a", ENGLISH), ("b", "Short."), ("c", "")])
    assert report.foreign == 0
    assert report.warning() is None


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        (GERMAN, "German"),
        (
            "Le maître du port a écrit au conseil et la vieille grue est dans les mains des ouvriers.",
            "French",
        ),
        ("東京は日本の首都です。", "Chinese or Japanese"),
        ("Начальник порта написал в совет.", "Cyrillic"),
        ("كتب مدير الميناء إلى المجلس", "Arabic"),
    ],
)
def test_other_languages_are_named(text: str, guess: str) -> None:
    report = check_language([("en", ENGLISH), ("x", text)])
    assert report.guesses == ((guess, 1),)
    warning = report.warning()
    assert warning is not None
    assert "50% of the first 2 documents" in warning
    assert "'x'" in warning
    assert "\n" not in warning


def test_only_the_first_documents_are_read() -> None:
    stream = iter([("a", ENGLISH)] * 3 + [("b", GERMAN)] * 5)
    assert check_language(stream, first=3).warning() is None
    assert len(list(stream)) == 5


def test_share_of_function_words() -> None:
    share = english_share(ENGLISH)
    assert share is not None
    assert share > 0.3
    assert english_share("two words") is None
