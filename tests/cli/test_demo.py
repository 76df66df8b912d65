import json

from silversmith.demo import demo_path
from silversmith.formats import read


def test_the_demo_shows_spans_scores_page_and_what_to_type_next(cli, tmp_path):
    done = cli("demo")
    assert done.returncode == 0, done.stderr
    gold = list(read(demo_path()))
    assert f"{len(gold)} documents" in done.stdout
    assert "match: exact" in done.stdout
    assert "match: iou 0.5" in done.stdout
    assert "words/s" in done.stdout
    for command in ("silversmith label", "silversmith explain", "silversmith fit"):
        assert command in done.stdout.split("next:")[1]
    page = tmp_path / "demo-output" / "report.html"
    assert str(page) in done.stdout
    assert page.read_text(encoding="utf-8").count("<article>") == len(gold)
    assert len(list(read(tmp_path / "demo-output" / "silver.jsonl"))) == len(gold)


def test_the_commands_named_next_can_be_typed(cli):
    done = cli("demo", "--show", "0")
    line = next(line for line in done.stdout.splitlines() if "silversmith explain" in line)
    words = line.split("#")[0].split()[1:]
    explained = cli(*words, "--no-html")
    assert explained.returncode == 0, explained.stderr


def test_json_has_scores_of_both_kinds(cli, tmp_path):
    record = json.loads(cli("demo", "--json", "--out", "here").stdout)
    assert [one["matching"] for one in record["scores"]] == ["exact", "iou 0.5 (words)"]
    assert record["uncovered"] == 0
    assert (tmp_path / "here" / "report.html").exists()
