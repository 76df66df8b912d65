"""The kernels against a dense encoder: every activation, tile sizes, ties, 16-bit weights, memory."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from silversmith.models import sae_kernels
from silversmith.models.sae import Activation, Norm, SparseAutoencoder

KINDS = ("relu", "jumprelu", "jumprelu_each", "topk", "groupmax", "gated")
D_IN, D_SAE, K = 5, 24, 4


def make(kind, seed=0, d_sae=D_SAE, dtype=torch.float32, norm=None):
    """Small whole numbers: products are exact in any order, so equal values and thresholds are common."""
    dice = np.random.default_rng(seed)
    weight = dice.integers(-2, 3, (D_IN, d_sae)).astype(np.float32)
    bias = dice.integers(-2, 3, d_sae).astype(np.float32)
    parts = [dice.integers(-2, 3, d_sae).astype(np.float32) for _ in range(3)]
    activation = {
        "relu": Activation("relu"),
        "jumprelu": Activation("jumprelu", 2.0),
        "jumprelu_each": Activation("jumprelu", parts[0] + 1),
        "topk": Activation("topk", k=K),
        "groupmax": Activation("groupmax", k=K),
        "gated": Activation("gated", gate_bias=parts[0], r_mag=parts[1] * 0, mag_bias=parts[2]),
    }[kind]
    weight, bias = torch.from_numpy(weight).to(dtype), torch.from_numpy(bias)
    return SparseAutoencoder("toy", weight, bias, activation, 1, norm or Norm())


def states(rows, seed=1):
    return np.random.default_rng(seed).integers(-3, 4, (rows, D_IN)).astype(np.float32)


def dense(sae, x):
    """The oracle: all products at once, the activation as it is defined."""
    act = sae.activation
    z = sae.norm(torch.from_numpy(x)).numpy() @ sae.weight.float().numpy() + sae.bias.numpy()
    if act.kind == "topk":
        order = np.argsort(-z, axis=1, kind="stable")[:, : act.k]
        kept = np.zeros(z.shape, bool)
        np.put_along_axis(kept, order, True, axis=1)
        return np.where(kept & (z > 0), z, 0)
    if act.kind == "groupmax":
        groups = z.reshape(len(z), act.k, z.shape[1] // act.k)
        kept = np.arange(groups.shape[2]) == groups.argmax(axis=2)[:, :, None]
        return np.where(kept & (groups > 0), groups, 0).reshape(z.shape)
    if act.kind == "gated":
        return (z + act.gate_bias > 0) * np.maximum(z * np.exp(act.r_mag) + act.mag_bias, 0)
    return np.maximum(z, 0) * (z > act.threshold)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk", [None, 1, 7, D_SAE])
def test_equals_the_dense_encoder(kind, chunk, monkeypatch):
    monkeypatch.setattr(sae_kernels, "CPU_TILE", (3, 8))
    sae, x = make(kind), states(40)
    found, expected = sae.encode(x, chunk), dense(sae, x)
    np.testing.assert_array_equal(found.toarray(), expected)
    assert found.nnz == np.count_nonzero(expected)
    assert found.has_sorted_indices
    assert (found.data.dtype, found.shape) == (np.float32, (40, D_SAE))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 10**6), st.integers(0, 9), st.integers(1, 30))
def test_any_size_and_chunk(kind, seed, rows, chunk):
    sae, x = make(kind, seed), states(rows, seed)
    np.testing.assert_array_equal(sae.encode(x, chunk).toarray(), dense(sae, x))


def test_at_the_threshold_nothing_fires():
    sae, x = make("jumprelu"), states(200)
    z = x @ sae.weight.numpy() + sae.bias.numpy()
    assert (z == 2).any()
    assert not sae.encode(x).toarray()[z == 2].any()


def test_of_equal_values_the_lower_latents_win():
    weight = torch.ones(1, 9)
    sae = SparseAutoencoder("ties", weight, torch.zeros(9), Activation("topk", k=3), 1)
    for chunk in (None, 1, 2, 4):
        np.testing.assert_array_equal(sae.encode(np.ones((2, 1), np.float32), chunk).indices, [0, 1, 2] * 2)


@pytest.mark.parametrize("kind", ["jumprelu_each", "topk"])
def test_real_numbers_in_several_slabs(kind, monkeypatch):
    monkeypatch.setattr(sae_kernels, "SLAB_BYTES", 4 * 64 * 50)
    dice = np.random.default_rng(3)
    weight, bias = dice.normal(0, 1, (64, 3000)).astype(np.float32), dice.normal(0, 1, 3000)
    theta = dice.uniform(10, 20, 3000).astype(np.float32)
    activation = Activation("topk", k=20) if kind == "topk" else Activation("jumprelu", theta)
    norm = Norm("constant_norm_rescale", centre=True)
    bias = torch.from_numpy(bias.astype(np.float32))
    sae = SparseAutoencoder("real", torch.from_numpy(weight), bias, activation, 1, norm)
    x = dice.normal(0, 1, (170, 64)).astype(np.float32)
    found, expected = sae.encode(x), dense(sae, x)
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-4)
    assert found.nnz == np.count_nonzero(expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", KINDS)
def test_16_bit_weights_are_widened_chunk_by_chunk(kind, dtype):
    sae, x = make(kind, dtype=dtype), states(30)
    np.testing.assert_array_equal(sae.encode(x, 7).toarray(), dense(sae, x))


def test_the_device_is_that_of_the_weights():
    sae = make("relu").to("cpu")
    assert sae.weight.device.type == "cpu"
    np.testing.assert_array_equal(sae.encode(torch.from_numpy(states(3))).toarray(), dense(sae, states(3)))


@pytest.mark.parametrize("kind", ["relu", "topk"])
def test_the_dense_matrix_never_exists(kind, monkeypatch):
    """No tensor of more than a tile is made, and the bias keeps the result sparse."""
    largest = 0
    empty = torch.empty

    def watch(*shape, **options):
        nonlocal largest
        made = empty(*shape, **options)
        largest = max(largest, made.numel())
        return made

    monkeypatch.setattr(torch, "empty", watch)
    weight, bias = torch.zeros(4, 200_000), torch.full((200_000,), -1.0)
    sae = SparseAutoencoder("wide", weight, bias, Activation(kind, k=2 if kind == "topk" else 0), 1)
    assert sae.encode(np.ones((600, 4), np.float32)).nnz == 0
    assert 0 < largest <= 512 * 1024
