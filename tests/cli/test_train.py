"""train, tag and export by the command line, on a tiny encoder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tagger"))
from tiny_tagger import folder_bytes, tiny_documents, tiny_encoder

QUICK = ["-o", "budget=120", "-o", "rate=0.002", "-o", "dropout=0", "-o", "window=60", "-o", "overlap=16"]


def record(one):
    return {"id": one.id, "text": one.text, "spans": [[s.start, s.end, s.label] for s in one.spans]}


def write(path, documents):
    path.write_text("".join(json.dumps(record(one)) + "\n" for one in documents))


@pytest.fixture
def silver(tmp_path, monkeypatch):
    monkeypatch.setattr("silversmith.tagger.encoders.load_encoder", lambda source: tiny_encoder())
    write(tmp_path / "silver.jsonl", tiny_documents(40))
    write(tmp_path / "new.jsonl", tiny_documents(12, seed=8))
    return tmp_path


def test_train_then_tag(cli, silver):
    done = cli("train", "silver.jsonl", "--out", "mine", "--steps", "80", "--threads", "1", *QUICK)
    assert done.returncode == 0, done.stderr
    for part in (
        "trained on 36 documents",
        "loss cross-entropy: few labels seem to be missing",
        "wrote mine",
    ):
        assert part in done.stdout
    assert "held-out F1" in done.stderr
    done = cli("tag", "new.jsonl", "--tagger", "mine", "--out", "out.jsonl", "--top", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["documents"] == 12
    tagged = [json.loads(line) for line in (silver / "out.jsonl").read_text().splitlines()]
    assert all(one["meta"]["votes"] for one in tagged)


def test_auto_chooses_the_robust_loss_where_labels_are_missing(cli, silver):
    documents = [
        one.with_spans(one.spans[n % 2 :: 2]) for n, one in enumerate(tiny_documents(80, sentences=4))
    ]
    write(silver / "thin.jsonl", documents)
    done = cli("train", "thin.jsonl", "--out", "mine", "--steps", "4", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "loss robust: about 4" in done.stdout or "loss robust: about 5" in done.stdout


def test_shots_train_on_a_sample(cli, silver):
    words = ("train", "silver.jsonl", "--out", "mine", "--steps", "4", "--loss", "cross-entropy")
    done = cli(*words, "--shots", "3", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "train: " in done.stderr
    documents = int(done.stdout.split("trained on ")[1].split()[0])
    assert documents < 20
    assert cli(*words, "--shots", "0", *QUICK).returncode == 2


def test_options_reach_training_and_loss(cli, silver):
    done = cli(
        "train",
        "silver.jsonl",
        "--out",
        "m",
        "--steps",
        "2",
        "--loss",
        "robust",
        "-o",
        "q=0.5",
        "--json",
        *QUICK,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["loss_options"]["q"] == 0.5
    manifest = json.loads((silver / "m" / "manifest.json").read_text())
    assert manifest["training"]["options"]["budget"] == 120
    assert manifest["inputs"].keys() == {"silver.jsonl"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--loss", "cros-entropy"], "K003"),
        (["-o", "q=0.5"], "K001"),
        (["-o", "budget"], "K002"),
        (["-o", "rate=fast"], "K002"),
        (["--schema", "types.toml"], "F008"),
        (["--steps", "0"], "K002"),
    ],
)
def test_bad_options_are_one_line(cli, silver, words, code):
    (silver / "types.toml").write_text('[[type]]\nname = "LOC"\n')
    done = cli("train", "silver.jsonl", "--out", "mine", *words)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith(f"silversmith: [{code}]")
    assert not (silver / "mine").exists()


def test_tag_goes_on_after_a_kill_with_the_same_bytes(cli, silver, monkeypatch):
    from silversmith.core import source
    from silversmith.tagger.tagger import Tagger

    cli("train", "silver.jsonl", "--out", "mine", "--steps", "20", *QUICK)
    write(silver / "many.jsonl", tiny_documents(700, seed=2, sentences=1))
    cli("tag", "many.jsonl", "--tagger", "mine", "--out", "whole.jsonl")
    real, count = Tagger.scores, 0

    def dying(self, readings):
        nonlocal count
        count += 1
        if count in {2, 4}:
            raise KeyboardInterrupt
        return real(self, readings)

    monkeypatch.setattr(Tagger, "scores", dying)
    codes = [
        cli("tag", "many.jsonl", "--tagger", "mine", "--out", "again.jsonl").returncode for _ in range(3)
    ]
    assert codes == [130, 130, 0]
    assert source.BLOCK == 256
    assert (silver / "again.jsonl").read_bytes() == (silver / "whole.jsonl").read_bytes()
    assert not list(silver.glob("*.part*"))


def test_tag_refuses_what_makes_no_sense(cli, silver):
    cli("train", "silver.jsonl", "--out", "mine", "--steps", "2", *QUICK)
    assert "[A001]" in cli("tag", "new.jsonl", "--tagger", "none").stderr
    assert "[R003]" in cli("tag", "new.jsonl", "--tagger", "mine", "--out", "new.jsonl").stderr
    assert "[R003]" in cli("tag", "new.jsonl", "--tagger", "mine", "--out", "-", "--json").stderr
    assert "[F001]" in cli("tag", "nothing.jsonl", "--tagger", "mine").stderr


def test_export_tells_size_and_agreement(cli, silver):
    pytest.importorskip("onnxruntime")
    cli("train", "silver.jsonl", "--out", "mine", "--steps", "60", *QUICK)
    done = cli("export", "mine", "--to", "onnx", "--out", "small", "--check", "new.jsonl")
    assert done.returncode == 0, done.stderr
    assert "100.00% of" in done.stdout
    assert cli("tag", "new.jsonl", "--tagger", "small").returncode == 0
    assert "[K053]" in cli("export", "mine", "--to", "onx", "--out", "x").stderr
    done = cli("export", "mine", "--to", "huggingface", "--out", "hf", "--json")
    assert json.loads(done.stdout)["form"] == "huggingface"


def test_the_crf_needs_no_torch(silver):
    pytest.importorskip("pycrfsuite")
    words = [
        "train",
        str(silver / "silver.jsonl"),
        "--out",
        str(silver / "crf"),
        "--encoder",
        "crf",
        "--steps",
        "40",
    ]
    code = f"import sys; sys.modules['torch'] = None\nfrom silversmith.cli.main import run\nrun({words!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "wrote" in done.stdout
    assert "features.txt" in folder_bytes(silver / "crf")
