"""Progress: silent when asked, plain lines elsewhere, never on stdout."""

from __future__ import annotations

from silversmith.core import track


def test_silent_when_asked(monkeypatch, capsys):
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    assert list(track(range(3), "label", every=0.0)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_plain_lines_with_rate_and_time_left(monkeypatch, capsys):
    monkeypatch.delenv("SILVERSMITH_QUIET", raising=False)
    assert list(track(range(3), "label", 3, every=0.0)) == [0, 1, 2]
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("label: 1 of 3, ")
    assert lines[0].endswith(" s left")


def test_items_come_one_at_a_time(monkeypatch):
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    items = iter(range(5))
    assert next(track(items, "label")) == 0
    assert next(items) == 1
