"""The strategies make valid documents, and the awkward ones among them."""

from __future__ import annotations

from hypothesis import HealthCheck, find, given, settings

from silversmith.testing.strategies import collections, documents, texts

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=50)


@SETTINGS
@given(documents(nested=False, fragments=False, scored=False, blank=False))
def test_options_hold(document):
    assert document.text.strip()
    reach = 0
    for span in document.spans:
        assert span.start >= reach
        assert not span.fragments
        assert span.score is None
        reach = span.end


@SETTINGS
@given(collections())
def test_ids_are_unique_and_texts_can_be_written(collection):
    assert len({document.id for document in collection}) == len(collection)
    for document in collection:
        assert "\0" not in document.text
        document.text.encode("utf-8")


def test_awkward_texts_are_among_them():
    many = settings(max_examples=3000, deadline=None, database=None)
    for wanted in ("\r\n", "\U0001f389", "\u0308", "לונדון", "\u2028"):
        assert wanted in find(texts(), lambda text, wanted=wanted: wanted in text, settings=many)
    assert find(texts(), lambda text: not text, settings=many) == ""
