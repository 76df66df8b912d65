import json

import pytest

from silversmith.cli.main import run

TEXT = "Ann met Bob in Rome"
SPANS = [[0, 3, "PER"], [8, 11, "PER"], [15, 19, "LOC"]]


def write(path, spans, name="a", text=TEXT):
    rows = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    path.write_text(json.dumps({"id": name, "text": text, "spans": rows}) + "\n", encoding="utf-8")
    return str(path)


def call(capsys, *arguments):
    """Exit code, stdout, stderr of `silversmith evaluate`."""
    with pytest.raises(SystemExit) as ended:
        run(["evaluate", *arguments])
    return ended.value.code or 0, *capsys.readouterr()


@pytest.fixture
def files(tmp_path):
    return write(tmp_path / "gold.jsonl", SPANS), write(
        tmp_path / "found.jsonl", [*SPANS[:2], [12, 19, "LOC"]]
    )


def test_prints_a_table(capsys, files):
    code, out, _ = call(capsys, *files)
    assert code == 0
    assert "match: exact" in out
    assert "PER" in out
    assert "weighted" in out


def test_json_has_every_rule(capsys, files):
    code, out, _ = call(
        capsys, *files, "--iou", "0.5", "--muc", "--tokens", "--bootstrap", "50", "--errors", "3", "--json"
    )
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row.get("matching") for row in rows] == [
        "exact",
        "iou 0.5 (words)",
        "muc (paper: half credit)",
        "muc (muc7: no credit)",
        "words",
        None,
    ]
    assert [round(row["micro"]["f1"], 3) for row in rows[:4]] == [0.667, 1.0, 0.833, 0.667]
    assert rows[0]["intervals"]["micro.f1"]["value"] == pytest.approx(2 / 3)
    assert [row["kind"] for row in rows[5]["errors"]] == ["wrong_boundary"]


def test_errors_are_shown(capsys, files):
    assert "in Rome" in call(capsys, *files, "--errors", "1")[1]


def test_noise_profile(capsys, files):
    code, out, _ = call(capsys, *files, "--profile", "--errors", "2")
    assert code == 0
    assert "noise profile: 1 documents" in out
    assert "in Rome" in out
    out = call(capsys, *files, "--profile", "--json")[1]
    profile = json.loads(out.splitlines()[-1])["profile"]
    assert profile["types"]["LOC"]["wrong_boundary"] == 1
    assert profile["total"]["correct"] == 2


def test_one_type(capsys, files):
    out = call(capsys, *files, "--type", "PER", "--json")[1]
    assert list(json.loads(out)["types"]) == ["PER"]


@pytest.mark.parametrize(
    ("options", "code"),
    [(["--iou", "1.5"], "E005"), (["--unit", "bytes"], "E005"), (["--missing", "maybe"], "E005")],
)
def test_options_without_sense(capsys, files, options, code):
    exit_code, out, err = call(capsys, *files, *options)
    assert (exit_code, out) == (2, "")
    assert code in err


def test_other_ids_and_texts(capsys, tmp_path, files):
    other = write(tmp_path / "other.jsonl", SPANS, name="b")
    code, out, err = call(capsys, files[0], other)
    assert (code, out) == (2, "")
    assert "no id is in both: gold has 'a', predicted has 'b'" in err
    code, _, err = call(capsys, files[0], other, "--missing", "skip")
    assert code == 2
    assert "E008" in err
    changed = write(tmp_path / "changed.jsonl", SPANS, text=TEXT.replace("met", "saw"))
    assert "E004" in call(capsys, files[0], changed)[2]


def test_both_from_stdin(capsys):
    assert "E005" in call(capsys, "-", "-")[2]
