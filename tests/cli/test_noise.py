import json

import pytest

TEXT = "Ann met Bob in Rome and saw Eve near Oslo today"


@pytest.fixture
def gold(tmp_path):
    names = [("Ann", "PER"), ("Bob", "PER"), ("Rome", "LOC"), ("Eve", "PER"), ("Oslo", "LOC")]
    spans = [[TEXT.index(name), TEXT.index(name) + len(name), label] for name, label in names]
    lines = [json.dumps({"id": f"d{at}", "text": TEXT, "spans": spans}) for at in range(4)]
    (tmp_path / "gold.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def counts(path):
    return [len(json.loads(line)["spans"]) for line in path.read_text().splitlines()]


def test_counts_and_manifest(cli, gold):
    done = cli("noise", "gold.jsonl", "--kind", "low_recall", "--rate", "0.3", "--out", "n.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    assert counts(gold / "n.jsonl") == [3] * 4
    assert json.loads(done.stdout)["hit"]["total"] == 8
    manifest = json.loads((gold / "n.jsonl.manifest.json").read_text())
    assert manifest["noise"][0]["kind"] == "low_recall"
    assert manifest["noise"][0]["rate"] == 0.3


def test_several_kinds_in_order(cli, gold):
    done = cli(
        "noise", "gold.jsonl", "--kind", "low_recall", "--kind", "low_precision", "--rate", "0.4",
        "--seed", "3", "--out", "n.jsonl",
    )  # fmt: skip
    assert counts(gold / "n.jsonl") == [5] * 4  # 5 - 2, then + ceil(0.4 * 3)
    assert "4 documents" in done.stderr


def test_rates_by_type_and_stdout(cli, gold):
    done = cli("noise", "gold.jsonl", "--rate", "0", "--rate", "PER=1", "--out", "-")
    labels = {span[2] for line in done.stdout.splitlines() for span in json.loads(line)["spans"]}
    assert labels == {"LOC"}


def test_tables(cli, gold):
    done = cli("noise", "gold.jsonl", "--tables", "--silver", "gold.jsonl")
    assert done.returncode == 0, done.stderr
    assert all(f"(Table {number})" in done.stdout for number in (2, 7, 8, 9, 10, 11))
    assert "| LOC | 8 | 0 | 2 |" in done.stdout
    found = json.loads(cli("noise", "gold.jsonl", "--tables", "--json").stdout)
    assert found["table2"]["gold low_recall 50%"]["fn"] == 12


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], "N009"),
        (["--tables", "--out", "n.jsonl"], "N009"),
        (["--out", "n.jsonl", "--silver", "gold.jsonl"], "N009"),
        (["--out", "n.jsonl", "--kind", "jiter"], "N010"),
        (["--out", "n.jsonl", "--rate", "much"], "N011"),
        (["--out", "n.jsonl", "--rate", "1.2"], "N011"),
        (["--out", "n.jsonl", "--count", "floor"], "N011"),
    ],
)
def test_refusals(cli, gold, options, code):
    done = cli("noise", "gold.jsonl", *options)
    assert done.returncode == 2
    assert code in done.stderr
    assert not (gold / "n.jsonl").exists()


def test_no_type_and_stdin(cli, gold):
    (gold / "bare.jsonl").write_text(json.dumps({"id": "a", "text": "x"}) + "\n")
    assert cli("noise", "bare.jsonl", "--kind", "low_precision", "--out", "n.jsonl").returncode == 2
    assert "N009" in cli("noise", "-", "--out", "n.jsonl").stderr
