"""Training on tiny documents: it learns, goes on after a kill with the same bytes, and refuses bad input."""

import errno
import json

import pytest
import torch
from tiny_tagger import folder_bytes, tiny_documents

from silversmith.core import Artefact, ConfigError, DataError, Document, ModelError, Span
from silversmith.evaluation import evaluate
from silversmith.tagger import training
from silversmith.tagger.checkpoint import Checkpoint
from silversmith.tagger.losses import LOSSES
from silversmith.tagger.opening import open_tagger
from silversmith.tagger.options import make_train_options
from silversmith.tagger.train import split_held_out, train_tagger

pytestmark = pytest.mark.usefixtures("tiny")


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_every_loss_learns_the_tiny_language(name, quick, tmp_path):
    documents = tiny_documents(60)
    options = {"negative-sampling": {"width": 3, "rate": 3.0}, "expected-ratio": {"slack": 0.0}}.get(name, {})
    facts = train_tagger(documents, tmp_path / "out", quick(loss=name, steps=150, loss_options=options))
    assert facts["loss"] == name
    tagged = list(open_tagger(tmp_path / "out").tag(tiny_documents(30, seed=9)))
    assert evaluate(tiny_documents(30, seed=9), tagged).micro.f1 > 0.9


def test_a_killed_run_ends_with_the_same_bytes(quick, tmp_path, monkeypatch):
    documents, options = tiny_documents(30), quick(steps=24, evaluate=5, dropout=0.2, loss="robust")
    train_tagger(documents, tmp_path / "whole", options)
    real, count = training._step, 0

    def dying(*arguments):
        nonlocal count
        count += 1
        if count % 4 == 0:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(training, "_step", dying)
    for _ in range(40):
        try:
            train_tagger(documents, tmp_path / "again", options, save_every=0)
            break
        except Killed:
            assert not (tmp_path / "again").exists()
    assert count > 24
    assert folder_bytes(tmp_path / "again") == folder_bytes(tmp_path / "whole")
    assert not (tmp_path / "again.training").exists()


@pytest.mark.parametrize("name", ["bond", "marginal-crf", "co-training"])
def test_losses_with_a_memory_go_on_too(name, quick, tmp_path, monkeypatch):
    documents, options = tiny_documents(20), quick(steps=12, evaluate=4, loss=name)
    train_tagger(documents, tmp_path / "whole", options)
    real = training._step

    def dying(run, batch, optimiser, rates, number):
        if number == 7:
            raise Killed
        return real(run, batch, optimiser, rates, number)

    with monkeypatch.context() as patch:
        patch.setattr(training, "_step", dying)
        with pytest.raises(Killed):
            train_tagger(documents, tmp_path / "again", options, save_every=0)
    train_tagger(documents, tmp_path / "again", options)
    assert folder_bytes(tmp_path / "again") == folder_bytes(tmp_path / "whole")


def test_a_checkpoint_of_other_settings_is_not_gone_on_with(quick, tmp_path, monkeypatch):
    documents = tiny_documents(20)
    with monkeypatch.context() as patch:
        patch.setattr(training, "_look", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            train_tagger(documents, tmp_path / "out", quick(steps=8, evaluate=4), save_every=0)
    assert (tmp_path / "out.training" / "state.json").is_file()
    train_tagger(documents, tmp_path / "out", quick(steps=8, evaluate=4, seed=1))
    train_tagger(documents, tmp_path / "fresh", quick(steps=8, evaluate=4, seed=1))
    assert folder_bytes(tmp_path / "out") == folder_bytes(tmp_path / "fresh")


def test_seeds_differ_and_repeat(quick, tmp_path):
    documents = tiny_documents(20)
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train_tagger(documents, tmp_path / name, quick(steps=6, seed=seed))
    a, b, c = (folder_bytes(tmp_path / name)["weights.safetensors"] for name in "abc")
    assert a == b != c


def test_patience_ends_a_run_and_the_best_look_is_kept(quick, tmp_path):
    facts = train_tagger(tiny_documents(40), tmp_path / "out", quick(steps=900, evaluate=20, patience=2))
    assert facts["steps"] < 900
    assert facts["steps"] == facts["best"]["step"] + 40
    assert facts["best"]["f1"] > 0.9


def test_self_training_keeps_its_last_weights_unless_better_documents_judge(quick, tmp_path):
    """What stage two learns is what silver lacks, so held-out silver can't say when it is best."""
    documents = tiny_documents(40)
    thin = [one.with_spans(one.spans[:1]) for one in documents]
    options = quick(loss="bond", steps=60, evaluate=10, patience=1)
    facts = train_tagger(thin, tmp_path / "out", options)
    assert facts["steps"] == facts["best"]["step"] == 60
    judged = train_tagger(thin, tmp_path / "judged", options, held_out=documents[:10])
    assert judged["best"]["f1"] == max(one["f1"] for one in _history(tmp_path / "judged"))
    plain = train_tagger(thin, tmp_path / "plain", quick(loss="cross-entropy", steps=60, evaluate=10))
    assert plain["best"]["f1"] == max(one["f1"] for one in _history(tmp_path / "plain"))


def test_a_tagger_goes_on_from_a_tagger_of_the_same_types(quick, tmp_path):
    documents = tiny_documents(40)
    options = {"loss": "cross-entropy", "shapes": True}
    train_tagger(documents, tmp_path / "first", quick(steps=60, **options))
    facts = {}
    with pytest.MonkeyPatch.context() as patch:
        from silversmith.tagger.store import read_encoder

        patch.setattr(
            "silversmith.tagger.encoders.load_encoder", lambda source: read_encoder(tmp_path / "first")
        )
        facts["same"] = train_tagger(
            documents, tmp_path / "again", quick(steps=1, evaluate=1, rate=1e-9, **options)
        )
        other = [one.with_spans(Span(s.start, s.end, f"{s.label}2") for s in one.spans) for one in documents]
        facts["other"] = train_tagger(
            other, tmp_path / "other", quick(steps=1, evaluate=1, rate=1e-9, **options)
        )
    assert facts["same"]["best"]["f1"] > 0.9
    assert facts["other"]["best"]["f1"] < facts["same"]["best"]["f1"] - 0.2


def _history(folder):
    return [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]


def test_a_loss_that_is_no_number_stops_and_names_the_documents(quick, tmp_path):
    documents = tiny_documents(12)
    train_tagger(documents, tmp_path / "out", quick(steps=4))
    before = folder_bytes(tmp_path / "out")
    with pytest.raises(ModelError, match=r"K040.*(nan|inf) at step \d+ \(documents 'd\d+'"):
        train_tagger(
            documents, tmp_path / "out", quick(steps=60, rate=1e30, warmup=0, evaluate=1), save_every=0
        )
    assert folder_bytes(tmp_path / "out") == before
    assert json.loads((tmp_path / "out.training" / "state.json").read_text())["state"]["step"] > 0


def test_a_full_disk_leaves_the_previous_tagger(quick, tmp_path, monkeypatch):
    documents = tiny_documents(12)
    train_tagger(documents, tmp_path / "out", quick(steps=4))
    before = folder_bytes(tmp_path / "out")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("silversmith.tagger.checkpoint.save_file", full)
    with pytest.raises(OSError, match="No space left"):
        train_tagger(documents, tmp_path / "out", quick(steps=5), save_every=0)
    assert folder_bytes(tmp_path / "out") == before


def test_a_damaged_checkpoint_starts_afresh(quick, tmp_path):
    documents, options = tiny_documents(12), quick(steps=6)
    train_tagger(documents, tmp_path / "whole", options)
    folder = tmp_path / "again.training"
    folder.mkdir()
    (folder / "state.json").write_text('{"settings": ')
    train_tagger(documents, tmp_path / "again", options)
    assert folder_bytes(tmp_path / "again") == folder_bytes(tmp_path / "whole")


def test_documents_that_cannot_be_trained_on(quick, tmp_path):
    documents = tiny_documents(5)
    bare = [one.with_spans(()) for one in documents]
    for case, code, labels in (
        (documents[:1], "K020", None),
        ([], "K020", None),
        (bare, "K021", None),
        (documents, "K022", ["LOC", "ORG", "PER"]),
        (documents, "K023", ["LOC"]),
    ):
        with pytest.raises(DataError, match=code):
            train_tagger(case, tmp_path / "out", quick(), labels=labels)
    assert not list(tmp_path.iterdir())


def test_options_are_checked():
    with pytest.raises(ConfigError, match=r"K001.*steps"):
        make_train_options(step=3)
    with pytest.raises(ConfigError, match=r"K002.*rate"):
        make_train_options(rate=-1)


def test_the_held_out_part_is_drawn_by_the_seed(quick):
    documents = tiny_documents(40)
    train, held = split_held_out(documents, quick(held_out=0.25))
    assert len(held) == 10
    assert sorted(one.id for one in train + held) == sorted(one.id for one in documents)
    assert held == split_held_out(documents, quick(held_out=0.25))[1]
    assert held != split_held_out(documents, quick(held_out=0.25, seed=1))[1]
    assert len(split_held_out(documents, quick(held_out=0.9, held_most=3))[1]) == 3
    assert split_held_out(documents, quick(held_out=0))[1] == []


def test_the_manifest_says_what_was_trained(trained):
    manifest = Artefact.open(trained, "tagger").manifest
    assert manifest["result"]["loss"] == "cross-entropy"
    assert set(manifest["result"]["silver"]["spans"]) == {"LOC", "PER"}
    assert manifest["training"]["labels"] == ["LOC", "PER"]
    looks = [json.loads(line) for line in (trained / "training.jsonl").read_text().splitlines()]
    assert looks[-1]["step"] == manifest["result"]["steps"]
    assert {"step", "loss", "f1"} <= set(looks[0])


def test_a_tagger_starts_another(quick, tmp_path, trained, monkeypatch):
    from silversmith.tagger.store import read_encoder

    monkeypatch.setattr("silversmith.tagger.encoders.load_encoder", lambda source: read_encoder(trained))
    train_tagger(tiny_documents(20), tmp_path / "out", quick(steps=3))
    assert Artefact.open(tmp_path / "out").manifest["training"]["encoder"]["name"] == "tagger trained"


def test_checkpoints_write_and_read_every_tensor(tmp_path):
    modules = torch.nn.ModuleDict({"one": torch.nn.Linear(3, 2)})
    optimiser = torch.optim.AdamW(modules.parameters(), lr=0.1, fused=True)
    modules["one"](torch.ones(1, 3)).sum().backward()
    optimiser.step()
    checkpoint = Checkpoint(tmp_path / "out", {"a": 1})
    checkpoint.save(modules, optimiser, {"step": 3})
    other = torch.nn.ModuleDict({"one": torch.nn.Linear(3, 2)})
    again = torch.optim.AdamW(other.parameters(), lr=0.1, fused=True)
    assert Checkpoint(tmp_path / "out", {"a": 2}).load(other, again) is None
    assert Checkpoint(tmp_path / "out", {"a": 1}).load(other, again) == {"step": 3}
    assert torch.equal(other["one"].weight, modules["one"].weight)
    for one, two in zip(
        optimiser.state_dict()["state"].values(), again.state_dict()["state"].values(), strict=True
    ):
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_document_longer_than_any_window_and_an_empty_one(quick, tmp_path):
    from tiny_tagger import long_document

    documents = [*tiny_documents(20), long_document(), Document("empty", ""), Document("blank", " \n ")]
    train_tagger(documents, tmp_path / "out", quick(steps=40))
    tagger = open_tagger(tmp_path / "out")
    tagged = list(tagger.tag([*documents[-3:], documents[0]]))
    assert [one.id for one in tagged] == ["d0", "empty", "blank", "d0"]
    assert tagged[1].spans == ()
