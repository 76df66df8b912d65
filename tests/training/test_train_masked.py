"""Training part two of mini: exact loss, unbiased gradient, rows, resuming to the bit, the file."""

import json
import lzma
import sys

import numpy as np
import pytest
import torch
import transformers
from tiny_masked import VOCABULARY, tiny_tokenizer
from tiny_models import save_quietly

import train_masked
from masked_head import HeadLoss
from masked_text import kind_of, make_rows, prepare
from silversmith.models.masked_net import Group, read_part


def problem(seed=0, rows=40, width=12, vocabulary=300):
    generator = torch.Generator().manual_seed(seed)
    states = torch.randn(rows, width, generator=generator)
    weight = torch.randn(vocabulary, width, generator=generator)
    bias = torch.randn(vocabulary, generator=generator)
    targets = torch.randint(0, vocabulary, (rows,), generator=generator)
    weight.grad, bias.grad = torch.zeros_like(weight), torch.zeros_like(bias)
    return states, weight, bias, targets


def exact(states, weight, bias, targets):
    ones = [one.clone().requires_grad_() for one in (states, weight, bias)]
    loss = torch.nn.functional.cross_entropy(ones[0] @ ones[1].T + ones[2], targets)
    return loss.item(), torch.autograd.grad(loss, ones)


@pytest.mark.parametrize("rows", [1, 40, 600])
def test_the_whole_gradient_equals_autograd(rows):
    states, weight, bias, targets = problem(rows=rows)
    loss, gradients = exact(states, weight, bias, targets)
    head = HeadLoss(len(bias), keep=0)
    total, back = head.add(states, weight, bias, targets, 1 / rows, torch.Generator())
    assert total / rows == pytest.approx(loss, rel=1e-5)
    for found, expected in zip((back, weight.grad, bias.grad), gradients, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)


def test_the_sampled_gradient_is_right_in_the_mean_and_the_loss_exact():
    states, weight, bias, targets = problem(rows=6)
    loss, gradients = exact(states, weight, bias, targets)
    head, generator, back = HeadLoss(len(bias), keep=0.2), torch.Generator().manual_seed(1), 0
    draws = 3000
    taken = 0
    for _ in range(draws):
        total, one = head.add(states, weight, bias, targets, 1 / len(states), generator)
        assert total / len(states) == pytest.approx(loss, rel=1e-5)
        back = back + one / draws
        taken += len(head._columns(head.buffer[: len(states)], targets, generator)[0])
    assert taken / draws < 0.5 * len(bias)
    for found, expected in zip((back, weight.grad / draws, bias.grad / draws), gradients, strict=True):
        assert float((found - expected).norm() / expected.norm()) < 0.03


SENTENCES = [
    "The person met people in a big city.",
    "A team from London won.",
    "The old bank is on the river!",
    "People visited the new place with a red name.",
]
SOURCES = ("gum-news", "plos", "ewt-email")


def documents(source):
    rng = np.random.default_rng(len(source))
    for number in range(12):
        paragraphs = [" ".join(rng.choice(SENTENCES, 3)) for _ in range(4)]
        yield {"id": f"{source}-{number}", "text": "\n".join(paragraphs), "source": source}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Folders: text, mini's tokenizer, an encoder of three blocks."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "text").mkdir()
    for source in SOURCES:
        with lzma.open(folder / "text" / f"{source}.jsonl.xz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in documents(source))
    (folder / "mini").mkdir()
    tiny_tokenizer().save(str(folder / "mini" / "tokenizer.json"))
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=24,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=128,
        layer_norm_eps=1e-12,
    )
    encoder = transformers.BertModel(config).eval()
    save_quietly(lambda: encoder.save_pretrained(folder / "encoder"))
    tiny_tokenizer().save(str(folder / "encoder" / "tokenizer.json"))
    return folder


@pytest.fixture
def text(world, tmp_path):
    return prepare(world / "text", tiny_tokenizer(), tmp_path / "text")


def arguments(world, out, monkeypatch, **changed):
    values = {
        "encoder": world / "encoder", "mini": world / "mini", "text": world / "text", "out": out,
        "tokens": 4000, "blocks": "0 1", "positions": 128, "batch": 150, "warm": 4, "threads": 1, "probes": 5,
    } | changed  # fmt: skip
    line = [word for name, value in values.items() for word in (f"--{name}", *str(value).split())]
    monkeypatch.setattr(sys, "argv", ["train_masked.py", *line])
    return train_masked.arguments()


def begun(world, out, monkeypatch, **changed):
    a = arguments(world, out, monkeypatch, **changed)
    found = prepare(a.text, tiny_tokenizer(), a.out / "text")
    net = train_masked.begin(a.encoder, tiny_tokenizer(), found, a.blocks, a.positions, a.seed)
    return train_masked.Training(net, found, a), a


def test_rows_are_sentences_of_one_paragraph_and_documents_are_held_out(text):
    rows, held = (make_rows(text, held=one, single=0.5, seed=0) for one in (False, True))
    covered = np.zeros(len(text.pieces), int)
    for start, end in [*rows.bounds.tolist(), *held.bounds.tolist()]:
        covered[start:end] += 1
    assert covered.max() == 1
    assert covered.mean() > 0.98
    starts = text.sentences[:, 0]
    for start, end in rows.bounds.tolist():
        inside = text.sentences[(starts >= start) & (starts < end)]
        assert len(set(inside[:, 1].tolist())) <= 1
        assert not inside[:, 3].any()
    assert len(held.bounds) > 3
    assert set(held.kinds.tolist()) == set(rows.kinds.tolist())
    singles = make_rows(text, held=False, single=1.0, seed=0)
    assert len(singles.bounds) > len(rows.bounds)


def test_prepared_text_is_read_again(world, tmp_path, text):
    again = prepare(world / "text", tiny_tokenizer(), tmp_path / "text")
    assert (again.pieces == text.pieces).all()
    assert text.counts.sum() < len(text.pieces)
    assert kind_of("openstax-anatomy") == "biomedical"
    assert kind_of("openstax-us-history") == "textbook"


def test_the_network_begins_as_the_encoder(world, tmp_path, monkeypatch):
    training, a = begun(world, tmp_path, monkeypatch)
    encoder = transformers.BertModel.from_pretrained(a.encoder).eval()
    own = training.text.kept
    ids = np.arange(4, 14)
    x = training.net.norm(training.net.words(torch.from_numpy(ids)) + training.net.places(torch.arange(10)))
    for block in training.net.blocks:
        x = block.grouped(x, [Group(1, 10, 1)])
    with torch.no_grad():
        states = encoder(torch.from_numpy(own[ids])[None], output_hidden_states=True).hidden_states[2][0]
    torch.testing.assert_close(x, states, atol=1e-5, rtol=1e-4)


def test_batches_mask_the_asked_share_and_remember_the_truth(world, tmp_path, monkeypatch):
    training, _ = begun(world, tmp_path, monkeypatch)
    ids, groups, read, targets = training._batch(np.random.default_rng(0), 0.4)
    s = training.text.specials
    assert sum(g.count * g.length for g in groups) == len(ids) <= 150
    assert sum(g.count * g.reads for g in groups) == len(read) == len(targets)
    assert (ids[read] == s["mask"]).all()
    assert (ids == s["mask"]).sum() == len(read)
    assert not np.isin(targets.numpy(), [s["start"], s["end"], s["mask"]]).any()
    assert 0.3 < len(read) / len(ids) < 0.45


def test_a_training_that_was_cut_goes_on_to_the_same_bits(world, tmp_path, monkeypatch):
    whole, a = begun(world, tmp_path / "a", monkeypatch)
    losses = [whole.step() for _ in range(7)]
    assert losses[-1] < losses[0]
    first, a = begun(world, tmp_path / "b", monkeypatch)
    cut = [first.step() for _ in range(3)]
    first.save(a.out / "checkpoint.safetensors", [{"pieces": 1}])
    second, a = begun(world, tmp_path / "b", monkeypatch)
    assert train_masked.resume(second, a.out) == [{"pieces": 1}]
    cut += [second.step() for _ in range(4)]
    assert cut == losses
    for name, one in whole.parameters.items():
        assert torch.equal(one, second.parameters[name]), name


def test_other_settings_do_not_go_on(world, tmp_path, monkeypatch):
    training, a = begun(world, tmp_path, monkeypatch)
    training.step()
    training.save(a.out / "checkpoint.safetensors", [])
    other, _ = begun(world, tmp_path, monkeypatch, rate=1e-3)
    with pytest.raises(SystemExit, match="other rate"):
        train_masked.resume(other, a.out)


def test_more_tokens_go_on_from_before_the_decay(world, tmp_path, monkeypatch, capsys):
    training, a = begun(world, tmp_path, monkeypatch)
    assert train_masked.run(training, a)
    report = json.loads((a.out / "report.json").read_text())
    assert report["pieces"] >= 4000
    assert set(report["perplexity"]) >= {"news", "biomedical", "email", "all"}
    more, a = begun(world, tmp_path, monkeypatch, tokens=8000)
    train_masked.resume(more, a.out)
    assert 0.55 * 4000 < more.place.pieces < 0.75 * 4000
    assert more.fall() == 1
    assert "before-decay" in capsys.readouterr().out


def test_the_part_is_the_network_in_eight_bits(world, tmp_path, monkeypatch):
    training, _ = begun(world, tmp_path, monkeypatch)
    path = tmp_path / "masked.safetensors"
    train_masked.write_part(path, training.net, training.text, {"pieces": 5})
    net, meta, kept = read_part(path)
    assert json.loads(meta["pieces"]) == 5
    assert kept.tolist() == training.text.kept.tolist()
    for name, one in training.net.state_dict().items():
        torch.testing.assert_close(net.state_dict()[name], one, atol=0.02 * float(one.abs().max()), rtol=1e-2)
