from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from tiny_heads import LONGEST, TAPS, tiny_encoded, tiny_heads, tiny_weights

from silversmith.core import ModelError
from silversmith.models.encode import Encoded
from silversmith.models.heads import UPOS, load_heads, pool_words
from silversmith.text.words import split_words

TEXT = "Ada Brisk, the keeper of lighthouses, moved to Northport."


def test_words_are_means_of_their_pieces() -> None:
    rows = np.arange(10, dtype=np.float32).reshape(5, 2)
    offsets = np.array([[0, 2], [2, 5], [6, 7], [8, 10], [10, 12]], np.int32)
    pooled = pool_words(rows, offsets, [(0, 5), (6, 7), (8, 9), (8, 12)])
    assert pooled.tolist() == [[1, 2], [4, 5], [6, 7], [7, 8]]


def test_a_word_without_a_piece_takes_the_next_one() -> None:
    rows = np.array([[1.0], [2.0]], np.float32)
    offsets = np.array([[0, 1], [4, 5]], np.int32)
    assert pool_words(rows, offsets, [(2, 3), (6, 7)]).ravel().tolist() == [2, 2]
    assert pool_words(rows[:0], offsets[:0], [(2, 3)]).tolist() == [[0]]
    assert pool_words(rows, offsets, []).shape == (0, 1)


def test_tags_read_the_word_and_its_neighbours() -> None:
    heads, words = tiny_heads(), split_words(TEXT)
    vectors, _ = heads.read(TEXT, words, tiny_encoded(TEXT))
    scores = heads.tag_scores(vectors)
    out, bias, zero = heads.weights["pos.out"], heads.weights["pos.bias"], np.zeros(6, np.float32)
    for place in range(len(words)):
        before = vectors[place - 1] if place else zero
        after = vectors[place + 1] if place + 1 < len(words) else zero
        expected = np.concatenate([before, vectors[place], after]) @ out + bias
        np.testing.assert_allclose(scores[place], expected, rtol=1e-4, atol=1e-5)
    assert set(heads.tags(vectors).tolist()) <= set(range(len(UPOS)))


def brute_force(vectors: np.ndarray) -> dict[tuple[int, int], float]:
    """Every span's probability, one at a time."""
    heads = tiny_heads()
    w = heads.weights
    first, last, mean, left, right = np.split(w["mention.roles"].astype(np.float64), 5, axis=1)
    found = {}
    for start in range(len(vectors)):
        for end in range(start + 1, min(len(vectors), start + LONGEST) + 1):
            hidden = vectors[start] @ first + vectors[end - 1] @ last + vectors[start:end].mean(0) @ mean
            if start:
                hidden = hidden + vectors[start - 1] @ left
            if end < len(vectors):
                hidden = hidden + vectors[end] @ right
            hidden = np.maximum(hidden + w["mention.size"][end - start - 1], 0)
            found[start, end] = 1 / (1 + np.exp(-(hidden @ w["mention.out"] + w["mention.bias"][0])))
    return found


@pytest.mark.parametrize("text", [TEXT, "One", "Two words", "a b c d e f g h i j k l m n o p"])
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.9])
def test_mentions_equal_brute_force(text: str, threshold: float) -> None:
    heads, words = tiny_heads(), split_words(text)
    _, vectors = heads.read(text, words, tiny_encoded(text))
    expected = {span: value for span, value in brute_force(vectors).items() if value >= threshold}
    found = heads.mentions(vectors, threshold)
    spans = list(zip(found.start.tolist(), found.end.tolist(), strict=True))
    assert len(set(spans)) == len(spans)
    assert set(spans) == set(expected)
    for span, probability in zip(spans, found.probability.tolist(), strict=True):
        assert probability == pytest.approx(expected[span], abs=1e-4)


@given(st.text(max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    heads, words = tiny_heads(), split_words(text)
    for_tags, for_mentions = heads.read(text, words, tiny_encoded(text))
    assert len(heads.tags(for_tags)) == len(words)
    found = heads.mentions(for_mentions, 0.2)
    assert bool(np.all((found.start >= 0) & (found.end <= len(words)) & (found.start < found.end)))


def test_empty_document() -> None:
    heads = tiny_heads()
    nothing = Encoded(np.zeros((0, 2), np.int32), {tap: np.zeros((0, 8), np.float32) for tap in TAPS})
    for_tags, for_mentions = heads.read("", [], nothing)
    assert heads.tags(for_tags).tolist() == []
    assert heads.mentions(for_mentions, 0.5).start.tolist() == []


def write(path: Path, config: dict[str, object]) -> Path:
    weights = {name: value.astype(np.float16) for name, value in tiny_weights().items()}
    save_file(weights, path, {"config": json.dumps(config)})
    return path


def test_heads_come_back_from_their_file(tmp_path: Path) -> None:
    heads = load_heads(write(tmp_path / "heads.safetensors", {"taps": list(TAPS), "width": LONGEST}))
    assert heads.taps == TAPS
    assert heads.identity()["sha256"]
    np.testing.assert_allclose(heads.weights["base"], tiny_heads().weights["base"], atol=2e-3)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    good = write(tmp_path / "good.safetensors", {"taps": list(TAPS), "width": LONGEST})
    (tmp_path / "cut.safetensors").write_bytes(good.read_bytes()[:100])
    save_file({"x": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    no_taps = write(tmp_path / "no_taps.safetensors", {"width": 3})
    missing = tmp_path / "missing.safetensors"
    for path in (tmp_path / "cut.safetensors", tmp_path / "other.safetensors", no_taps, missing):
        with pytest.raises(ModelError, match="T010") as caught:
            load_heads(path)
        assert path.name in str(caught.value)
