"""Windows cover every piece once; batches hold every window and respect the budget."""

from hypothesis import given
from hypothesis import strategies as st

from silversmith.models.encode import make_batches, make_windows


@given(st.integers(0, 3000), st.integers(2, 520), st.data())
def test_windows_keep_every_piece_once(pieces: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    windows = list(make_windows(0, pieces, size, overlap))
    assert [i for w in windows for i in range(w.keep_start, w.keep_end)] == list(range(pieces))
    for w in windows:
        assert w.start <= w.keep_start < w.keep_end <= w.end
        assert w.end - w.start <= size


def test_a_piece_is_kept_where_it_stands_more_centrally() -> None:
    first, second = make_windows(0, 150, 100, 50)
    assert (first.end, second.start) == (100, 50)
    assert first.keep_end == second.keep_start == 75


@given(st.lists(st.integers(1, 700), max_size=40), st.integers(1, 2000))
def test_batches_hold_all_windows_within_the_budget(lengths: list[int], budget: int) -> None:
    windows = [w for i, n in enumerate(lengths) for w in make_windows(i, n, 510, 128)]
    batches = list(make_batches(windows, budget))
    assert sorted((w.text, w.start) for b in batches for w in b) == [(w.text, w.start) for w in windows]
    for batch in batches:
        assert len(batch) == 1 or sum(w.end - w.start for w in batch) <= budget
