"""`silversmith run` and `diff`: a project of two sources, from text to scores."""

import json
import os
from pathlib import Path

import pytest

from silversmith.core import ConfigError
from silversmith.workbench.project import read_project
from silversmith.workbench.stages import plan

SRC = Path(__file__).parents[2] / "src"
SCHEMA = """
[[type]]
name = "LOC"
dictionary = "places.tsv"
[[type]]
name = "PER"
dictionary = "people.tsv"
"""
PROJECT = """
[project]
schema = "schema.toml"
corpus = "text.jsonl"

[[source]]
kind = "dictionary"

[[source]]
kind = "dictionary"
name = "again"

[report]
gold = "gold.jsonl"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SRC), os.environ.get("PYTHONPATH", "")]))
    text = "Ada Lovelace met Charles Babbage in London."
    spans = [[0, 12, "PER"], [17, 32, "PER"], [36, 42, "LOC"]]
    Path("text.jsonl").write_text(json.dumps({"id": "a", "text": text}) + "\n")
    Path("gold.jsonl").write_text(json.dumps({"id": "a", "text": text, "spans": spans}) + "\n")
    Path("schema.toml").write_text(SCHEMA)
    Path("places.tsv").write_text("London\n")
    Path("people.tsv").write_text("Ada Lovelace\n")
    Path("project.toml").write_text(PROJECT)
    return tmp_path


def test_from_text_to_scores_and_only_what_changed_again(project, cli):
    dry = cli("run", "project.toml", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert not Path("build").exists()
    done = cli("run", "project.toml", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["done"] == ["label dictionary", "label again", "fuse", "report"]
    fused = [json.loads(line) for line in Path("build/fused.jsonl").read_text().splitlines()]
    assert len(fused[0]["spans"]) == 2
    assert json.loads(Path("build/scores.json").read_text().splitlines()[0])

    again = cli("run", "project.toml", "--json")
    assert json.loads(again.stdout)["done"] == []
    Path("people.tsv").write_text("Ada Lovelace\nCharles Babbage\n")
    Path("before.jsonl").write_bytes(Path("build/fused.jsonl").read_bytes())
    changed = cli("run", "project.toml", "--json")
    assert json.loads(changed.stdout)["done"] == ["label dictionary", "label again", "fuse", "report"]
    Path("build/fused.jsonl").unlink()
    lost = cli("run", "project.toml", "--json")
    assert json.loads(lost.stdout)["done"] == ["fuse"]

    difference = cli("diff", "before.jsonl", "build/fused.jsonl", "--json")
    assert difference.returncode == 0, difference.stderr
    *changes, counts = map(json.loads, difference.stdout.splitlines())
    assert [one["after"]["text"] for one in changes] == ["Charles Babbage"]
    assert counts == {"same": 2, "changed": 1, "counts": [["added", "PER", "none -> fused", 1]]}
    assert "added" in cli("diff", "before.jsonl", "build/fused.jsonl").stdout


def test_decisions_are_picked_up(project, cli):
    from silversmith.formats import read
    from silversmith.workbench.store import Decision, Store

    assert cli("run", "project.toml").returncode == 0
    store = Store.create("build/fused.jsonl.review.sqlite", read("build/fused.jsonl"))
    store.decide([Decision(0, "reject")], "me")
    done = cli("run", "project.toml", "--json")
    assert json.loads(done.stdout)["done"] == ["review", "report"]
    reviewed = json.loads(Path("build/reviewed.jsonl").read_text())
    assert len(reviewed["spans"]) == 1


def test_a_cap_and_a_stage_that_fails_leave_what_is_done(project, cli):
    capped = cli("run", "project.toml", "--cap-minutes", "0.01")
    assert capped.returncode == 2
    assert "P010" in capped.stderr
    Path("gold.jsonl").write_text("no json\n")
    failed = cli("run", "project.toml")
    assert failed.returncode == 2
    assert "P011" in failed.stderr
    assert not Path("build/scores.json").exists()
    Path("gold.jsonl").write_text(json.dumps({"id": "a", "text": "x", "spans": []}) + "\n")
    assert json.loads(Path("build/state.json").read_text()).keys() == {
        "label dictionary",
        "label again",
        "fuse",
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("kind", "knd"), "P002"),
        (('kind = "dictionary"\nname', 'kind = "dictionry"\nname'), "P002"),
        (('name = "again"', 'name = "dictionary"'), "P002"),
        (('name = "again"', 'name = "again"\nfrom = "dictionary"'), "P004"),
        (('kind = "dictionary"\nname = "again"', 'kind = "features"\nfrom = "nothing"'), "P004"),
        (('kind = "dictionary"\nname = "again"', 'kind = "features"\nname = "f"\nfrom = "f"'), "P004"),
        (("text.jsonl", "nowhere"), "P003"),
        (("gold.jsonl", "nowhere"), "P003"),
        (("[project]", "[project"), "P001"),
    ],
)
def test_refusals(project, cli, change, code):
    Path("project.toml").write_text(PROJECT.replace(*change, 1))
    done = cli("run", "project.toml")
    assert done.returncode == 2
    assert code in done.stderr
    assert not Path("build").exists()
    assert cli("run", "no.toml").returncode == 2


def test_a_circle_is_named(project):
    table = '[[source]]\nkind = "features"\nname = "{}"\nfrom = "{}"\n'
    text = PROJECT + table.format("a", "b") + table.format("b", "a")
    Path("project.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"P004.*a, b"):
        read_project("project.toml")


def test_the_plan_of_everything(project):
    Path("project.toml").write_text(
        """
[project]
schema = "schema.toml"
corpus = "text.jsonl"
[[source]]
kind = "features"
name = "latents"
from = "question"
[[source]]
kind = "question"
options = {profile = "names"}
[[source]]
kind = "example"
[[source]]
kind = "concept"
threshold = 0.4
[student]
steps = 10
"""
    )
    stages = plan(read_project("project.toml"))
    assert [one.name for one in stages] == [
        "index", "ask question", "label question", "mine example", "label example", "label concept",
        "fit latents", "label latents", "fuse", "student", "tag",
    ]  # fmt: skip
    made = {str(path) for one in stages for path in one.outputs}
    first = {"schema.toml", "text.jsonl"}
    for one in stages:
        assert {str(path) for path in one.inputs} <= made | first
    assert "--steps=10" in next(one for one in stages if one.name == "student").command
