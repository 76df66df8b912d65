"""Where states come from: text in a seeded order, stored arrays, the buffer's place to the row."""

import gzip
import json
import lzma

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_training import settings, stored

from silversmith.core import ConfigError, DataError, ModelError
from silversmith.models.encode import Encoded
from silversmith.models.sae_training import Normaliser, TextStates, choose_text
from silversmith.models.sae_training.buffer import Buffer, Position
from silversmith.models.sae_training.open_text import passages, texts


class Letters:
    """A model whose pieces are letters; a state shows the letter and its place."""

    name, width, overlap = "letters", 3, 128

    def identity(self):
        return {"name": self.name}

    def encode(self, group, taps):
        assert self.overlap == 0
        rows = [
            np.array([[ord(c), i, len(text)] for i, c in enumerate(text)], np.float32).reshape(-1, 3)
            for text in group
        ]
        return [Encoded(np.zeros((len(r), 2), np.int32), dict.fromkeys(taps, r)) for r in rows]


TEXTS = ["Ada wrote.", "", "Bob read it, twice.", "x" * 50, "And so on."]


def test_text_states_read_everything_once_before_anything_twice():
    model = Letters()
    states = TextStates(model, 2, TEXTS, seed=3)
    assert model.overlap == 128
    chunks = states.chunks(0)
    seen, cursor = [], 0
    while cursor < len(TEXTS):
        _, cursor, rows = next(chunks)
        seen.append(rows)
    assert sorted(torch.cat(seen)[:, 0].tolist()) == sorted(float(ord(c)) for c in "".join(TEXTS))
    _, _, again = next(chunks)
    assert not torch.equal(again[: len(seen[0])], seen[0][: len(again)])


def test_equal_cursors_give_equal_states():
    first = TextStates(Letters(), 2, TEXTS * 30, seed=3).chunks(0)
    kept = [next(first) for _ in range(4)]
    for cursor, following, rows in kept:
        found = next(TextStates(Letters(), 2, TEXTS * 30, seed=3).chunks(cursor))
        assert found[:2] == (cursor, following)
        assert torch.equal(found[2], rows)


def test_text_without_a_piece_ends():
    class Mute(Letters):
        def encode(self, group, taps):
            return super().encode([""] * len(group), taps)

    with pytest.raises(ModelError, match="S057"):
        for _ in TextStates(Mute(), 2, TEXTS, 0).chunks(0):
            pass


def normaliser(width, limit=float("inf")):
    return Normaliser(torch.zeros(width), torch.ones(width), limit)


@given(rows=st.integers(100, 700), mb=st.sampled_from([0.002, 0.005, 0.02]), stop=st.integers(1, 19))
def test_the_buffer_goes_on_from_any_place(tmp_path_factory, rows, mb, stop):
    folder = tmp_path_factory.mktemp("states")
    states = stored(folder, rows=rows)
    options = settings(buffer_mb=mb, passes=2)
    whole = iter(Buffer(states, normaliser(12), options, Position(0)))
    expected = [next(whole) for _ in range(stop + 5)]
    first = Buffer(states, normaliser(12), options, Position(0), folder / "spare.safetensors")
    batches = iter(first)
    for _ in range(stop):
        next(batches)
    second = iter(Buffer(states, normaliser(12), options, first.position, folder / "spare.safetensors"))
    third = iter(Buffer(states, normaliser(12), options, first.position))
    for batch in expected[stop:]:
        assert torch.equal(next(second), batch)
        assert torch.equal(next(third), batch)


def test_one_filling_gives_every_row_once_a_pass(tmp_path):
    states = stored(tmp_path, files=3, rows=128)
    buffer = Buffer(states, normaliser(12), settings(tokens=384, buffer_mb=1), Position(0))
    batches = iter(buffer)
    rows = torch.cat([next(batches) for _ in range(6)])
    every = torch.cat([torch.from_numpy(np.load(file)) for file in states.files]).half().float()
    assert sorted(map(tuple, rows.tolist())) == sorted(map(tuple, every.tolist()))


def test_texts_of_every_form_are_read(tmp_path):
    lines = "".join(
        json.dumps({"id": f"d{i}", "text": text, "licence": "none"}) + "\n" for i, text in enumerate(TEXTS)
    )
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.jsonl").write_text(lines)
    (tmp_path / "a" / "two.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "a" / "three.jsonl.xz").write_bytes(lzma.compress(lines.encode()))
    assert list(texts(tmp_path / "a" / "one.jsonl")) == TEXTS
    assert sorted(texts(tmp_path / "a")) == sorted(TEXTS * 3)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "note.txt").write_text("Only this.")
    assert list(texts(tmp_path / "b")) == ["Only this."]


def test_chosen_text_is_seeded_and_no_more_than_needed(tmp_path):
    lines = [json.dumps({"id": f"d{i}", "text": f"{i} " + "word " * 40}) for i in range(100)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines) + "\n")
    few = choose_text(tmp_path / "t.jsonl", 100, seed=1)
    assert few == choose_text(tmp_path / "t.jsonl", 100, seed=1)
    assert few != choose_text(tmp_path / "t.jsonl", 100, seed=2)
    assert 800 <= sum(map(len, few)) <= 1100
    assert len(choose_text(tmp_path / "t.jsonl", 10**6, seed=1)) == 100


@given(st.text(alphabet="ab \n", max_size=300), st.integers(4, 50))
def test_passages_lose_nothing(text, longest):
    parts = list(passages(text, longest))
    assert "".join(parts) == text
    assert all(len(part) <= longest for part in parts)


def test_what_holds_no_text_is_refused(tmp_path):
    from pathlib import Path

    (tmp_path / "t.jsonl").write_text('{"id": "a", "text": ""}\n')
    with pytest.raises(DataError, match="S053"):
        choose_text(tmp_path / "t.jsonl", 100, 0)
    with pytest.raises(ConfigError, match="S051"):
        choose_text(Path("-"), 100, 0)
    (tmp_path / "t.jsonl.xz").write_bytes(lzma.compress(b'{"id": 3}\n'))
    with pytest.raises(DataError, match=r"F006.*t\.jsonl\.xz:1"):
        choose_text(tmp_path / "t.jsonl.xz", 100, 0)
