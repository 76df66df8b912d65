import json

import pytest


@pytest.fixture
def sets(tmp_path):
    text = " ".join(f"w{at}" for at in range(300))
    words, place = [], 0
    for word in text.split():
        words.append((place, place + len(word)))
        place += len(word) + 1
    for number in range(3):
        spans = [
            {
                "start": a,
                "end": b,
                "label": "X" if at % 2 else "Y",
                "score": 0.5 + (at % 5) / 10,
                "source": "s",
            }
            for at, (a, b) in enumerate(words)
            if at % 7 != number
        ]
        (tmp_path / f"s{number}.jsonl").write_text(
            json.dumps({"id": "a", "text": text, "spans": spans}) + "\n"
        )
    (tmp_path / "known.txt").write_text("w1\tX\nw2\tY\nw3\n")
    (tmp_path / "decoys.txt").write_text("w0\n")
    return tmp_path


def test_ranges_from_agreement(cli, sets):
    done = cli("quality", "s0.jsonl", "s1.jsonl", "s2.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["sets"], found["kind"], found["types"]) == (3, "seeds", {})
    for name in ("precision", "recall"):
        one = found["agreement"][name]
        assert 0 <= one["low"] <= one["value"] <= one["high"] <= 1


def test_table(cli, sets):
    done = cli("quality", "s0.jsonl", "s1.jsonl", "s2.jsonl", "--kind", "sources", "--threshold", "0.6")
    assert "3 sets (sources)" in done.stdout
    assert [line.split()[1] for line in done.stdout.splitlines() if "to" in line] == ["X", "Y", "all"]
    assert " to " in done.stdout
    assert "F1" not in done.stdout  # ranges, never a single score


def test_held_out_entries_and_decoys(cli, sets):
    done = cli(
        "quality",
        "s0.jsonl",
        "--known",
        "known.txt",
        "--decoys",
        "decoys.txt",
        "--candidates",
        "400",
        "--json",
    )
    found = json.loads(done.stdout)
    assert found["known"]["recall"]["value"] == 1
    assert found["decoys"]["false_alarms"]["value"] == 0
    assert found["decoys"]["precision"]["value"] == 1
    assert "recall on held-out entries" in cli("quality", "s0.jsonl", "--known", "known.txt").stdout


def test_labelled_documents(cli, sets):
    words = ("quality", "s0.jsonl", "--labelled", "s1.jsonl", "--relabelled", "s2.jsonl")
    found = json.loads(cli(*words, "--json").stdout)["labelled"]
    assert found["places"] == 257
    assert found["recall"]["value"] == pytest.approx(214 / 257, abs=1e-3)
    assert "recall from labelled documents" in cli(*words).stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["s0.jsonl"], "Q001"),
        (["s0.jsonl", "s1.jsonl"], "Q001"),
        (["s0.jsonl", "s1.jsonl", "s2.jsonl", "--kind", "twins"], "Q004"),
        (["s0.jsonl", "s1.jsonl", "s2.jsonl", "--threshold", "2"], "Q005"),
        (["s0.jsonl", "--known", "nowhere.txt"], "F001"),
        (["s0.jsonl", "--labelled", "s1.jsonl"], "Q005"),
    ],
)
def test_refusals(cli, sets, words, code):
    done = cli("quality", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert code in done.stderr
