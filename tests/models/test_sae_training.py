"""The sparse training step against automatic differentiation; resuming to the same bits."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from silversmith.models.sae import Activation, Norm, SparseAutoencoder
from silversmith.models.sae_training import Settings, TopKTrainer, _csr, _times


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
        yield


def states(rows: int = 512, width: int = 12) -> torch.Tensor:
    return torch.randn(rows, width, generator=torch.Generator().manual_seed(3))


def trainer(**changes: int) -> TopKTrainer:
    x = states()
    return TopKTrainer(
        Settings(**{"d_sae": 40, "k": 4, "steps": 60, "batch": 64, **changes}), x.mean(0), x.std(0)
    )


def test_gradients_equal_automatic_differentiation() -> None:
    with torch.no_grad():
        one = trainer()
        parts = one.dictionary
        x = (states()[:64] - parts.mean) / parts.scale
        values, columns = one._active(x)
        active = _csr(values, columns, 40)
        ours = one._gradients(x, active, _times(active, parts.decoder) - x, columns, values)
    encoder, bias, decoder = (t.clone().requires_grad_() for t in (parts.encoder, parts.bias, parts.decoder))
    raw = x @ encoder + bias
    top, place = raw.topk(4, dim=1)
    dense = torch.zeros_like(raw).scatter(1, place, top.clamp(min=0))
    ((dense @ decoder - x) ** 2).sum().div(64).backward()
    for name, theirs in (("encoder", encoder.grad), ("bias", bias.grad), ("decoder", decoder.grad)):
        torch.testing.assert_close(ours[name], theirs, atol=1e-5, rtol=1e-4)


def test_training_explains_more() -> None:
    dice = torch.Generator().manual_seed(5)
    words = torch.randn(40, 12, generator=dice)
    x = torch.stack([words[torch.randperm(40, generator=dice)[:3]].sum(0) for _ in range(512)])
    one = TopKTrainer(Settings(40, 4, 400, batch=64, lr=0.01), x.mean(0), x.std(0))
    with torch.no_grad():
        shown = [one.step(x[i % 8 * 64 :][:64]).explained for i in range(400)]
    assert shown[-1] > max(shown[0] + 0.2, 0.7)


def test_going_on_from_a_checkpoint_gives_the_same_bits(tmp_path: Path) -> None:
    x = states()
    with torch.no_grad():
        whole, first, second = trainer(dead_after=5), trainer(dead_after=5), trainer(dead_after=5)
        for i in range(20):
            whole.step(x[i % 8 * 64 :][:64])
        for i in range(11):
            first.step(x[i % 8 * 64 :][:64])
        first.save(tmp_path / "c.safetensors", {})
        with safe_open(tmp_path / "c.safetensors", framework="pt") as file:
            second.load(tmp_path / "c.safetensors", file.metadata())
        for i in range(11, 20):
            second.step(x[i % 8 * 64 :][:64])
    assert torch.equal(whole.dictionary.encoder, second.dictionary.encoder)
    assert torch.equal(whole.dictionary.decoder, second.dictionary.decoder)


def test_the_folded_encoder_takes_raw_states() -> None:
    with torch.no_grad():
        one = trainer()
        x = states()
        values, columns = one._active((x - one.dictionary.mean) / one.dictionary.scale)
        weight, bias = one.dictionary.folded()
    sae = SparseAutoencoder("tiny", weight, bias, Activation("topk", k=4), 1)
    found = sae.encode(x.numpy()).toarray()
    expected = np.zeros_like(found)
    np.put_along_axis(expected, columns.numpy(), values.numpy(), axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("act", [Activation("topk", k=5), Activation("relu"), Activation("jumprelu", 0.3)])
@pytest.mark.parametrize("norm", [Norm(), Norm("layer_norm"), Norm("constant_norm_rescale", centre=True)])
def test_chunks_change_nothing(act: Activation, norm: Norm) -> None:
    torch.manual_seed(0)
    sae = SparseAutoencoder("tiny", torch.randn(12, 50), torch.randn(50), act, 1, norm)
    whole, parts = sae.encode(states(30), chunk=50), sae.encode(states(30), chunk=7)
    np.testing.assert_array_equal(whole.indices, parts.indices)
    np.testing.assert_allclose(whole.data, parts.data, atol=1e-5)
    assert (whole.data > 0).all()
