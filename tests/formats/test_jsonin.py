"""Arrays of objects: read piece by piece, the same as all at once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import DataError
from silversmith.formats import jsonin
from silversmith.formats.intake import Intake
from silversmith.formats.jsonin import array_records
from silversmith.formats.losses import Losses

JSON = st.recursive(
    st.none() | st.integers() | st.text('a"\\{}[],\n\U0001f389é', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab]", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def records(path):
    return list(array_records(path, Intake(path, Losses())))


@given(
    objects=st.lists(st.dictionaries(st.text("ab", max_size=2), JSON, max_size=3), max_size=6), data=st.data()
)
def test_pieces_of_any_size_give_the_same_records(objects, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("array") / "x.json"
    indent, ascii_only = data.draw(st.sampled_from([None, 1])), data.draw(st.booleans())
    text = json.dumps(objects, indent=indent, ensure_ascii=ascii_only)
    path.write_bytes(text.encode("utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonin, "_CHUNK", data.draw(st.integers(1, 9)))
        found = records(path)
    assert [dict(one) for one in found] == objects
    lines = text.split("\n")
    assert all(lines[one.line - 1].lstrip(" ,[").startswith("{") for one in found)


def test_objects_without_an_array_are_read_too(put):
    assert len(records(put("x.json", '{"a": 1}\n{"a": 2}\n'))) == 2
    assert records(put("y.json", "[]")) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"a": 1},\n{"b": "cut', ":2: not JSON (damaged or cut off)"),
        ('[{"a": 1},\n', ":2: not JSON: cut off in the array"),
        ('[{"a": 1}', ":1: not JSON: cut off in the array"),
        ('[{"a": 1}\n{"b": 2}]', ":2: not JSON: no comma or bracket: '{"),
        ('[{"a": 1}]\n\nmore', ":3: not JSON: 'more' after the end"),
        ("[\n1]", ":2: not a JSON array of objects: '1]'"),
        ('[{"a":\n\nx}]', ":3: not JSON (damaged or cut off)"),
        ("[" * 100_000, ":1: not a JSON array of objects"),
        ('[{"a": ' + "[" * 100_000, ":1: not JSON: nested too deeply"),
    ],
)
def test_damage_is_refused_with_its_line(put, text, says):
    path = put("bad.json", text)
    with pytest.raises(DataError) as caught:
        records(path)
    assert caught.value.code == "F006"
    assert f"{path}{says}" in str(caught.value)


def test_latin_1_is_refused_with_its_line(put):
    path = put("bad.json", '[{"a": 1},\n{"b": "é"}]'.encode("latin-1"))
    with pytest.raises(DataError, match=r"F003.*bad\.json:2: not UTF-8: byte 0xe9"):
        records(path)


def test_a_record_does_not_need_the_whole_file_in_memory(put):
    path = put("x.json", json.dumps([{"n": n, "text": "x" * 2000} for n in range(500)]))
    stream = array_records(path, Intake(path, Losses()))
    next(stream)
    stream_state = stream.gi_frame.f_locals["stream"]
    assert len(stream_state._buffer) <= 2 * jsonin._CHUNK
