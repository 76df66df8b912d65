"""annotate by the command line: estimates, batches without a server, refusals."""

import json

import pytest


@pytest.fixture
def text(tmp_path):
    (tmp_path / "a.txt").write_text("Ada Lovelace met Charles Babbage.")
    return tmp_path


def test_a_dry_run_sends_nothing(cli, text):
    done = cli("annotate", "a.txt", "--dry-run", "--price-in", "1", "--price-out", "2", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["requests"] == 1
    assert found["cost"] > 0


def test_a_batch_goes_out_and_comes_back(cli, text):
    done = cli("annotate", "a.txt", "--write-requests", "batch.jsonl", "--model", "m")
    assert done.returncode == 0, done.stderr
    (request,) = map(json.loads, (text / "batch.jsonl").read_text().splitlines())
    assert "Ada Lovelace" in request["body"]["messages"][0]["content"]
    message = {"choices": [{"message": {"content": "Ada Lovelace <> mathematician <> x"}}]}
    answer = {"custom_id": request["custom_id"], "response": {"body": message}}
    (text / "answers.jsonl").write_text(json.dumps(answer) + "\n")
    done = cli("annotate", "a.txt", "--read-answers", "answers.jsonl", "--model", "m", "--out", "out.jsonl")
    assert done.returncode == 0, done.stderr
    record = json.loads((text / "out.jsonl").read_text())
    assert [(one["start"], one["end"], one["label"]) for one in record["spans"]] == [(0, 12, "mathematician")]
    done = cli("annotate", "a.txt", "--read-answers", "answers.jsonl", "--model", "other", "--out", "b.jsonl")
    assert done.returncode == 2
    assert "J012" in done.stderr
    assert not (text / "b.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), "J008"),
        (("--url", "nowhere"), "J001"),
        (("--url", "http://a:b@host/v1"), "J002"),
        (("--read-answers", "a.txt"), "J011"),
        (("--url", "http://localhost/v1", "--schema", "none.toml"), "C001"),
    ],
)
def test_refusals(cli, text, options, code):
    done = cli("annotate", "a.txt", *options)
    assert done.returncode == 2
    assert code in done.stderr
