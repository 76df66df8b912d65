import json
import os
import signal
import subprocess
import time

import pytest
from fake_source import Fake, command

from silversmith.formats import read

ENGLISH = "The letter that Ada wrote to the Royal Society was read in London, and it has been kept there."
GERMAN = "Der Brief, den Ada an die Akademie schrieb, ist in London und wird dort auch nicht verkauft."
CHINESE = "艾达写给皇家学会的信在伦敦宣读，并一直保存在那里。"


def corpus(folder, count, name="in.jsonl"):
    lines = [json.dumps({"id": f"d{n}", "text": f"{ENGLISH} Number {n}."}) for n in range(count)]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_of_text_becomes_silver(cli, tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "letter.txt").write_text(ENGLISH, encoding="utf-8")
    done = cli("label", "texts")
    assert done.returncode == 0, done.stderr
    (document,) = read(tmp_path / "silver.jsonl")
    assert document.text == ENGLISH
    assert [document.covered(span) for span in document.spans] == ["The", "Ada", "Royal Society", "London"]
    assert all(span.score > 0.5 and span.source == "fake" for span in document.spans)
    best = document.meta["votes"][1]["top"]
    assert [document.meta["votes"][1][key] for key in ("start", "end")] == [16, 19]
    assert len(best) == 3
    assert best[0] == [document.spans[1].label, document.spans[1].score]
    assert "1 document, 21 words, 4 spans" in done.stderr
    assert "words/s" in done.stderr
    assert "coverage 100 %" in done.stderr


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".conll", ".jsonl"])
def test_the_suffix_says_the_format(cli, tmp_path, suffix):
    corpus(tmp_path, 3)
    done = cli("label", "in.jsonl", "--out", f"out{suffix}")
    assert done.returncode == 0, done.stderr
    documents = list(read(tmp_path / f"out{suffix}"))
    assert sum(len(one.spans) for one in documents) == 15
    assert names(tmp_path) == ["in.jsonl", f"out{suffix}"]


def test_streams_and_json(cli, tmp_path):
    text = json.dumps({"id": "x", "text": ENGLISH}) + "\n"
    done = cli("label", "-", "--out", "-", "--top", "0", stdin=text)
    record = json.loads(done.stdout)
    assert (record["id"], len(record["spans"])) == ("x", 4)
    assert "meta" not in record
    assert names(tmp_path) == []
    corpus(tmp_path, 2)
    done = cli("label", "in.jsonl", "--json")
    numbers = json.loads(done.stdout)
    assert (numbers["documents"], numbers["spans"], numbers["uncovered"]) == (2, 10, 0)
    assert numbers["words_per_second"] > 0


def test_the_page_compares_with_the_spans_of_the_input(cli, tmp_path):
    record = {"id": "x", "text": ENGLISH, "spans": [[16, 19, "LOC"], [33, 46, "ORG"]]}
    (tmp_path / "in.jsonl").write_text(json.dumps(record) + "\n")
    done = cli("label", "in.jsonl", "--report", "page.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Against gold" in page
    assert "first letter" in page


def test_a_threshold_drops_what_is_less_likely(cli, tmp_path):
    corpus(tmp_path, 1)
    cli("label", "in.jsonl", "--threshold", "0.99")
    assert next(iter(read(tmp_path / "silver.jsonl"))).spans == ()


@pytest.mark.parametrize("text", [GERMAN, CHINESE])
def test_another_language_is_warned_of_once_and_labelled_all_the_same(cli, tmp_path, text):
    lines = [json.dumps({"id": f"d{n}", "text": text}) for n in range(30)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = cli("label", "in.jsonl")
    assert done.returncode == 0
    assert done.stderr.count("warning:") == 1
    assert "look English" in done.stderr
    assert all(one.text == text for one in read(tmp_path / "silver.jsonl"))


def test_english_is_not_warned_of(cli, tmp_path):
    corpus(tmp_path, 5)
    assert "warning" not in cli("label", "in.jsonl").stderr


def killed_after_a_block(tmp_path, *words):
    """Start the command slowly, kill it when its first block is done and more of the second is under way."""
    line, env = command("label", *words, FAKE_DELAY="0.004")
    process = subprocess.Popen(line, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    state = tmp_path / "silver.jsonl.part.json"
    for _ in range(600):
        if state.exists():
            break
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "silver.jsonl").exists()
    return json.loads(state.read_text())


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(cli, tmp_path):
    corpus(tmp_path, 700)
    cli("label", "in.jsonl", "--out", "whole.jsonl")
    state = killed_after_a_block(tmp_path, "in.jsonl")
    assert state["documents"] in {256, 512}
    with (tmp_path / "silver.jsonl.part").open("a") as part:
        part.write('{"id": "half a li')  # what a kill in the middle of a write leaves
    done = cli("label", "in.jsonl")
    assert f"going on after {state['documents']}" in done.stderr
    assert "700 documents" in done.stderr
    assert (tmp_path / "silver.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert names(tmp_path) == ["in.jsonl", "silver.jsonl", "whole.jsonl"]


def interrupted(cli, tmp_path, monkeypatch, count=300):
    """Run until document 280, where the user presses Ctrl-C: one block is done."""
    path = corpus(tmp_path, count)
    monkeypatch.setenv("FAKE_STOP", "d280")
    done = cli("label", "in.jsonl")
    monkeypatch.delenv("FAKE_STOP")
    assert done.returncode == 130
    assert "256 finished documents are kept in silver.jsonl.part" in done.stderr
    assert names(tmp_path) == ["in.jsonl", "silver.jsonl.part", "silver.jsonl.part.json"]
    return path


@pytest.mark.parametrize("change", ["option", "text"])
def test_a_side_file_of_another_run_is_not_gone_on_with(cli, tmp_path, monkeypatch, change):
    path = interrupted(cli, tmp_path, monkeypatch)
    if change == "text":
        path.write_text(path.read_text().replace("Number 7.", "Number Seven."))
    done = cli("label", "in.jsonl", *(["--top", "1"] if change == "option" else []))
    assert "going on" not in done.stderr
    documents = list(read(tmp_path / "silver.jsonl"))
    assert len(documents) == 300
    assert len(documents[0].meta["votes"][0]["top"]) == (1 if change == "option" else 3)


def test_an_appended_corpus_goes_on_too(cli, tmp_path, monkeypatch):
    interrupted(cli, tmp_path, monkeypatch)
    corpus(tmp_path, 310)
    assert "going on after 256" in cli("label", "in.jsonl").stderr
    assert len(list(read(tmp_path / "silver.jsonl"))) == 310


REFUSALS = {
    "no-such.jsonl": ("F001", None),
    "empty.jsonl": ("F014", ""),
    "cut.jsonl": ("cut.jsonl:2", '{"id": "a", "text": "x y"}\n{"id": "b", "te'),
    "twice.jsonl": ("F007", '{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}\n'),
    "outside.jsonl": ("D003", '{"id": "a", "text": "x", "spans": [[0, 9, "PER"]]}\n'),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_bad_input_is_one_line_and_leaves_nothing(cli, tmp_path, name):
    expected, content = REFUSALS[name]
    if content is not None:
        (tmp_path / name).write_text(content)
    before = names(tmp_path)
    done = cli("label", name)
    assert done.returncode == 2
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert names(tmp_path) == before


def test_an_error_late_in_the_input_keeps_the_old_output(cli, tmp_path):
    path = corpus(tmp_path, 300)
    (tmp_path / "silver.jsonl").write_text("old\n")
    with path.open("a") as file:
        file.write("no json\n")
    done = cli("label", "in.jsonl")
    assert done.returncode == 2
    assert "in.jsonl:301" in done.stderr
    assert (tmp_path / "silver.jsonl").read_text() == "old\n"
    path.write_text(path.read_text().replace("no json\n", ""))
    assert "going on after 256" in cli("label", "in.jsonl").stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["in.jsonl", "--out", "in.jsonl"], "R003"),
        (["in.jsonl", "--out", "-", "--json"], "R003"),
        (["-", "--report", "p.html"], "R003"),
        (["in.jsonl", "--out", "x.docx"], "F016"),
        (["in.jsonl", "--format", "jsnl"], "F013"),
    ],
)
def test_options_without_sense_are_refused(cli, tmp_path, words, code):
    corpus(tmp_path, 1)
    done = cli("label", *words)
    assert (done.returncode, code in done.stderr) == (2, True)
    assert names(tmp_path) == ["in.jsonl"]


@pytest.mark.parametrize("text", ["", "x" * 100_000, "A\x00\x1b B", "😀 Ada 🇫🇷", "שלום Ada"])
def test_nasty_texts_pass_through_unchanged(cli, tmp_path, text):
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "x", "text": text}) + "\n")
    done = cli("label", "in.jsonl")
    assert done.returncode == 0, done.stderr
    (document,) = read(tmp_path / "silver.jsonl")
    assert document.text == text
    assert [document.covered(span) for span in document.spans] == (["Ada"] if "Ada" in text else [])


def test_the_stand_in_is_a_source():
    from silversmith.core import Source

    assert isinstance(Fake(), Source)


def test_a_dictionary_labels_without_a_model(cli, tmp_path):
    (tmp_path / "terms.tsv").write_text("Ada Lovelace\tPER\n")
    (tmp_path / "places.txt").write_text("New York\n")
    (tmp_path / "a.txt").write_text("Ada Lovelace never saw New York.")
    lists = ("--dictionary", "terms.tsv", "--dictionary", "LOC=places.txt")
    done = cli("label", "a.txt", *lists, "--report", "page.html")
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, (tmp_path / "silver.jsonl").read_text().splitlines())
    assert [(one["label"], one["source"]) for one in record["spans"]] == [
        ("PER", "dictionary"),
        ("LOC", "dictionary"),
    ]
    assert "a dictionary of 2 terms" in (tmp_path / "page.html").read_text()


def test_the_lists_of_a_schema_lie_beside_it(cli, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "places.txt").write_text("New York\n")
    (tmp_path / "mine" / "schema.toml").write_text('[[type]]\nname = "Place"\ndictionary = "places.txt"\n')
    (tmp_path / "a.txt").write_text("Ada Lovelace never saw New York.")
    done = cli("label", "a.txt", "--schema", "mine/schema.toml")
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, (tmp_path / "silver.jsonl").read_text().splitlines())
    assert [one["label"] for one in record["spans"]] == ["Place"]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--dictionary", "t.tsv", "--types", "city"), "R003"),
        (("--dictionary", "t.tsv", "--mapping", "mine"), "R003"),
        (("--dictionary", "t.tsv", "--model", "mini"), "R003"),
        (("--dictionary", "none.tsv"), "L005"),
        (("--types", ", ,"), "O004"),
        (("--types", "city, city"), "O004"),
    ],
)
def test_sources_that_exclude_one_another(cli, tmp_path, options, error):
    (tmp_path / "t.tsv").write_text("York\tLOC\n")
    (tmp_path / "a.txt").write_text("York")
    done = cli("label", "a.txt", *options)
    assert done.returncode == 2
    assert error in done.stderr
    assert not (tmp_path / "silver.jsonl").exists()
