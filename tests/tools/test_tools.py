"""The tools of the repository: results, generated pages, examples that run."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def tool(monkeypatch):
    """Import a module of tools/ (or experiments/) by name."""
    for folder in ("tools", "experiments"):
        monkeypatch.syspath_prepend(str(ROOT / folder))
    names: list[str] = []

    def load(name):
        names.append(name)
        return importlib.import_module(name)

    yield load
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def results(tmp_path):
    lines = [
        "stage\tkey\top\ttarget\tpaper\twhat",
        "flow\ta.f1\t>=\t0.90\t0.803\tF1",
        "flow\ta.ece\t<=\t0.05\t\terror",
        "flow\ta.other\treport\t\t\tjust so",
        "later\tb.f1\t>=\t0.5\t\tF1",
    ]
    (tmp_path / "targets.tsv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_a_result_file_has_one_shape_and_no_path_of_this_machine(tool, tmp_path, monkeypatch):
    common = tool("common")
    data = tmp_path / "redocred" / "test.jsonl"
    data.parent.mkdir()
    data.write_text("x")
    script = common.RESULTS.parent / "experiments" / "typing_gold.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--data", str(tmp_path), "--seeds", "5"])
    measures = {"a.f1": common.measure(0.91234567, 0.9, 0.92), "a.ece": common.measure(0.04)}
    path = common.write_result(
        "typing",
        measures,
        data_files=[data],
        extra={"rows": [1]},
        markdown="# T",
        svg="<svg/>",
        folder=tmp_path,
    )
    content = json.loads(path.read_text())
    assert content["command"] == "python -m experiments.typing_gold --data DIR --seeds 5"
    assert content["measures"]["a.f1"] == {"value": 0.912346, "low": 0.9, "high": 0.92}
    assert content["measures"]["a.ece"]["low"] is None
    assert list(content["data"]) == ["redocred/test.jsonl"]
    assert content["rows"] == [1]
    assert content["versions"]["silversmith"]
    assert str(tmp_path) not in path.read_text()
    assert path.with_suffix(".md").read_text() == f"<!-- made by: {content['command']} -->\n\n# T\n"
    assert path.with_suffix(".svg").read_text() == "<svg/>"


def test_a_result_that_is_no_number_is_refused(tool, tmp_path):
    common = tool("common")
    with pytest.raises(ValueError, match="JSON"):
        common.write_result("x", {"a.f1": common.measure(float("nan"))}, "c", folder=tmp_path)


def test_summary_collects_all_files_and_adds_the_papers_number(tool, results):
    summary = tool("summary")
    (results / "benchmarks").mkdir()
    for name, key in (("typing", "a.f1"), ("benchmarks/speed", "s")):
        content = {"command": f"run {name}", "measures": {key: {"value": 0.9, "low": 0.8, "high": 0.95}}}
        (results / f"{name}.json").write_text(json.dumps(content))
    (results / "summary.json").write_text('{"stale": 1}')
    assert summary.collect(results) == {
        "a.f1": {"value": 0.9, "low": 0.8, "high": 0.95, "paper": 0.803, "command": "run typing"},
        "s": {"value": 0.9, "low": 0.8, "high": 0.95, "paper": None, "command": "run benchmarks/speed"},
    }


def test_two_files_may_not_claim_one_measure(tool, results):
    summary = tool("summary")
    for name in ("one", "two"):
        (results / f"{name}.json").write_text(
            json.dumps({"command": "c", "measures": {"a.f1": {"value": 1}}})
        )
    with pytest.raises(SystemExit, match=r"a\.f1 is claimed"):
        summary.collect(results)


def test_measures_say_what_is_met_and_what_falls_short(tool, results):
    measures, summary = tool("measures"), tool("summary")
    f1, ece, other, _ = summary.targets(results / "targets.tsv")
    assert measures.verdict(f1, None) == "-"
    assert measures.verdict(f1, {"value": 0.9}) == "met"
    assert measures.verdict(f1, {"value": 0.85}) == "falls short by 0.05"
    assert measures.verdict(ece, {"value": 0.05}) == "met"
    assert measures.verdict(ece, {"value": 0.07}) == "falls short by 0.02"
    assert measures.verdict(other, {"value": 0.1}) == "reported"
    line = measures.line(f1, {"value": 0.85, "low": 0.8, "high": 0.9})
    for expected in ("a.f1", "0.85", "[0.8, 0.9]", ">= 0.90", "0.803", "falls short"):
        assert expected in line


def test_the_targets_are_whole(tool):
    rows = tool("summary").targets()
    assert len(rows) > 90
    assert len({row["key"] for row in rows}) == len(rows)
    for row in rows:
        assert row["op"] in {">=", "<=", "report"}
        assert (row["op"] == "report") == (row["target"] == "")


def test_readme_table_has_only_what_was_measured(tool):
    readme = tool("readme_results")
    one = {"value": 0.91, "low": 0.9, "high": 0.92, "paper": 0.803}
    table = readme.table({"redocred.typing.weighted_f1": one})
    assert "| 0.910 | 0.900 to 0.920 | >= 0.90 | 0.803 |" in table
    assert table.count("\n") == 3
    assert readme.table({}) == "No results have been measured yet.\n"
    keys = {row["key"] for row in tool("summary").targets()}
    assert {key for key, _ in readme.ROWS} <= keys


def test_marks_become_offsets(tool):
    demo = tool("make_demo")
    text, spans = demo.parse("In [1843|TIME] [Ada Lovelace|PER] wrote 👩‍🔬 to [Babbage|PER].")
    assert [text[start:end] for start, end, _ in spans] == ["1843", "Ada Lovelace", "Babbage"]
    assert [label for *_, label in spans] == ["TIME", "PER", "PER"]
    for wrong in ("[Ada|PERSON]", "[Ada |PER]", "[Ada|PER", "[Ada]"):
        with pytest.raises(SystemExit):
            demo.parse(wrong)


def test_errors_are_found_with_cause_and_remedy(tool, monkeypatch, tmp_path):
    generated = tool("generated_docs")
    (tmp_path / "deep").mkdir()
    source = 'raise DataError("X001", f"no {a} in" " it", path=p, remedy=nearest(a, b))\nprint("X002")\n'
    (tmp_path / "deep" / "module.py").write_text(source)
    monkeypatch.setattr(generated, "SOURCE", tmp_path)
    found = {one.code: one for one in generated.raised()}
    one = found["X001"]
    assert (one.kind, one.what, one.module) == ("DataError", "no ... in it", "deep/module")
    assert "nearest" in one.remedy


def test_every_code_has_one_class(tool):
    kinds: dict[str, set[str]] = {}
    for one in tool("generated_docs").raised():
        kinds.setdefault(one.code, set()).add(one.kind)
    assert {code for code, found in kinds.items() if len(found - {""}) > 1} == set()


@pytest.fixture
def page(tool, monkeypatch, tmp_path):
    """Run the blocks of a page; what is wrong, and the page afterwards."""
    docs = tool("check_docs")
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    path = tmp_path / "page.md"

    def run(text, write=False):
        path.write_text(text)
        return [*docs.check_links(path), *docs.run_page(path, write)], path.read_text()

    return run


def test_examples_run_in_one_namespace_and_their_output_is_compared(page):
    text = "```python\nx = 1\n```\n\n```python\nprint(x)\n```\n\n```output\n1\n```\n"
    assert page(text)[0] == []
    wrong, _ = page(text.replace("output\n1", "output\n2"))
    assert len(wrong) == 1
    assert "page.md:6" in wrong[0]
    assert page(text.replace("output\n1", "output\n2"), write=True) == ([], text)


def test_failing_examples_and_commands_are_named_with_their_line(page):
    (wrong,), _ = page("\n```python\n1 / 0\n```\n")
    assert wrong.startswith("page.md:3: ")
    assert "ZeroDivisionError" in wrong
    (wrong,), _ = page("```console\n$ silversmith inspect nothing\n$ rm -rf not-run\n```\n")
    assert "A001" in wrong
    assert page("```console\n$ silversmith --version | grep silver\n```\n")[0] == []
    assert page("<!-- not run: a reason -->\n```python\n1 / 0\n```\n")[0] == []


def test_examples_find_the_demo_corpus(page):
    assert page("```python\nfrom pathlib import Path\nassert Path('gold.jsonl').exists()\n```\n")[0] == []


def test_links_lead_somewhere(page):
    wrong, _ = page("[a](page.md#x) [b](https://example.org) [c](none.md)")
    assert wrong == ["page.md: links to none.md, which isn't there"]
