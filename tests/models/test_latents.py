"""Several autoencoders in one forward pass; only the pieces that are needed; each row with its text."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from silversmith.models.encode import Encoded, Gather, make_windows
from silversmith.models.latents import read_latents

TEXTS = ["a bc d", "", "efg", "h i j k l m n", "o"]


class Letters:
    """A piece a letter; its state: the letter's code, the text's length, the tap."""

    name, width = "letters", 3

    def __init__(self, order=None):
        self.order, self.calls = order, []

    def encode(self, texts, taps):
        self.calls.append(list(taps))
        return [self.one(text, taps) for text in texts]

    def one(self, text, taps):
        places = [(place, place + 1) for place, letter in enumerate(text) if letter != " "]
        rows = {
            tap: np.array([(ord(text[a]), len(text), tap) for a, _ in places], np.float32).reshape(-1, 3)
            for tap in taps
        }
        return Encoded(np.array(places, np.int32).reshape(-1, 2), rows)


class Streaming(Letters):
    def stream(self, texts, taps):
        for number in reversed(range(len(texts))):
            yield number, self.one(texts[number], taps)


class Copy:
    """Activations are the states."""

    def __init__(self, tap):
        self.tap, self.seen = tap, []

    def encode(self, x):
        self.seen.append(len(x))
        return csr_array(x)


@pytest.mark.parametrize("kind", [Letters, Streaming])
@pytest.mark.parametrize("batch", [1, 4, 1000])
def test_rows_stay_with_their_text(kind, batch):
    model, saes = kind(), [Copy(1), Copy(3), Copy(1)]
    found = dict(read_latents(model, saes, TEXTS, batch=batch))
    assert sorted(found) == list(range(len(TEXTS)))
    for number, text in enumerate(TEXTS):
        rows = model.one(text, [1, 3]).states
        for sae, matrix in zip(saes, found[number], strict=True):
            np.testing.assert_array_equal(matrix.toarray(), rows[sae.tap])
    if kind is Letters:
        assert model.calls == [[1, 3]]  # one pass for all three
    if batch == 1000:
        assert saes[0].seen == [sum(len(text.replace(" ", "")) for text in TEXTS)]


def test_only_needed_pieces_are_encoded():
    sae = Copy(2)
    states = {}

    def choose(number, encoded):
        assert sorted(encoded.states) == [0, 2]
        states[number] = encoded.states[2]
        return encoded.states[2][:, 0] > ord("d")

    found = dict(read_latents(Letters(), [sae], TEXTS, choose=choose, taps=[0]))
    for number, (matrix,) in found.items():
        wanted = states[number] * (states[number][:, :1] > ord("d"))
        np.testing.assert_array_equal(matrix.toarray(), wanted)
    assert sum(sae.seen) == sum((rows[:, 0] > ord("d")).sum() for rows in states.values())


def test_windows_in_any_order_make_whole_texts():
    sizes = [0, 3, 25, 8]
    offsets = [np.zeros((size, 2), np.int32) for size in sizes]
    windows = [one for number, size in enumerate(sizes) for one in make_windows(number, size, 10, 4)]
    gather = Gather(offsets, windows, [1], 1)
    found = dict(gather.empty())
    assert list(found) == [0]
    for window in reversed(windows):
        rows = np.arange(window.keep_start, window.keep_end, dtype=np.float32)[:, None]
        for number, encoded in gather.add(window, [rows]):
            assert number not in found
            found[number] = encoded
    assert not gather.states
    for number, size in enumerate(sizes):
        np.testing.assert_array_equal(found[number].states[1][:, 0], np.arange(size))
