"""One step against automatic differentiation of the naive dense form; what training reaches."""

import pytest
import torch
from tiny_training import settings, sparse_states

from silversmith.core import ModelError
from silversmith.models.sae_training import Normaliser, make_trainer


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.no_grad():
        yield


def normalised(rows, **changes):
    x = sparse_states(rows)
    return Normaliser.measure(x, settings(**changes))(x)[0]


def captured(trainer, x):
    """The gradients of one step, before they change anything."""
    kept = {}
    trainer._update = kept.update
    trainer.step(x)
    return kept


def dense_topk(parts, x, k):
    raw = x @ parts["encoder"].T + parts["bias"]
    top, place = raw.topk(k, dim=1)
    return torch.zeros_like(raw).scatter(1, place, top.clamp(min=0)), raw


def test_topk_gradients_equal_automatic_differentiation():
    x = normalised(64)
    trainer = make_trainer(settings(), 12)
    ours = captured(trainer, x)
    with torch.enable_grad():
        parts = {
            name: getattr(trainer.dictionary, name).clone().requires_grad_()
            for name in ("encoder", "bias", "decoder")
        }
        a, _ = dense_topk(parts, x, 4)
        ((a @ parts["decoder"] - x) ** 2).sum().div(64).backward()
    for name, tensor in parts.items():
        torch.testing.assert_close(ours[name], tensor.grad, atol=1e-5, rtol=1e-4)


def test_the_auxiliary_loss_equals_automatic_differentiation():
    x = normalised(64)
    trainer = make_trainer(settings(), 12)
    trainer.count, silent = 1000, torch.tensor([3, 9, 11, 20])
    trainer.last_fired[:] = 1000
    trainer.last_fired[silent] = 0
    ours = captured(trainer, x)
    with torch.enable_grad():
        parts = {
            name: getattr(trainer.dictionary, name).clone().requires_grad_()
            for name in ("encoder", "bias", "decoder")
        }
        a, raw = dense_topk(parts, x, 4)
        error = a @ parts["decoder"] - x
        rest = raw[:, silent].clamp(min=0) @ parts["decoder"][silent] + error.detach()
        (error.pow(2).sum() + rest.pow(2).sum() / 32).div(64).backward()
    for name, tensor in parts.items():
        torch.testing.assert_close(ours[name], tensor.grad, atol=1e-5, rtol=1e-4)


class Step(torch.autograd.Function):
    """The straight-through estimator written as its paper does: H(z - theta) with a box kernel."""

    @staticmethod
    def forward(ctx, z, theta, window):
        ctx.save_for_backward(z, theta)
        ctx.window = window
        return (z > theta).float()

    @staticmethod
    def backward(ctx, out):
        z, theta = ctx.saved_tensors
        inside = ((z - theta).abs() < ctx.window / 2).float() / ctx.window
        return None, (-inside * out).sum(0), None


class Jump(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, theta, window):
        ctx.save_for_backward(z, theta)
        ctx.window = window
        return z * (z > theta)

    @staticmethod
    def backward(ctx, out):
        z, theta = ctx.saved_tensors
        inside = ((z - theta).abs() < ctx.window / 2).float() / ctx.window
        return out * (z > theta), (-theta * inside * out).sum(0), None


def test_jumprelu_gradients_equal_the_straight_through_estimator():
    x = normalised(64)
    trainer = make_trainer(settings(kind="jumprelu"), 12)
    ours = captured(trainer, x)
    names = ("encoder", "bias", "decoder", "log_threshold")
    window, start = float(trainer.window), float(trainer.start)
    with torch.enable_grad():
        parts = {name: getattr(trainer.dictionary, name).clone().requires_grad_() for name in names}
        z = x @ parts["encoder"].T + parts["bias"]
        theta = parts["log_threshold"].exp()
        error = Jump.apply(z, theta, window) @ parts["decoder"] - x
        l0 = Step.apply(z, theta, window).sum() / 64
        (error.pow(2).sum() / 64 + 10 * 4 * start**2 * (l0 / 4 - 1) ** 2).backward()
    for name, tensor in parts.items():
        torch.testing.assert_close(ours[name], tensor.grad, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("kind", ["topk", "jumprelu"])
def test_training_explains_more_and_keeps_its_l0(kind):
    x = normalised(2048)
    trainer = make_trainer(settings(kind=kind, tokens=64 * 400, lr=0.01), 12)
    shown = [trainer.step(x[i % 32 * 64 :][:64]) for i in range(400)]
    assert shown[-1].explained > max(shown[0].explained + 0.1, 0.75)
    assert sum(one.l0 for one in shown[-20:]) / 20 == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize("revive", ["auxk", "resample"])
def test_silent_latents_wake(revive):
    x = normalised(2048)
    trainer = make_trainer(settings(tokens=64 * 300, lr=0.01, revive=revive), 12)
    trainer.dictionary.encoder[:20] *= 0.01
    shown = [trainer.step(x[i % 32 * 64 :][:64]) for i in range(300)]
    assert max(one.dead for one in shown) >= 0.3
    assert shown[-1].dead < 0.2


def test_silent_latents_sleep_on_without_revival():
    x = normalised(512)
    trainer = make_trainer(settings(tokens=64 * 100, revive="none"), 12)
    trainer.dictionary.encoder[:20] *= 0.01
    for i in range(60):
        last = trainer.step(x[i % 8 * 64 :][:64])
    assert last.dead >= 0.4


def test_a_loss_that_is_no_number_changes_nothing():
    x = normalised(64)
    trainer = make_trainer(settings(), 12)
    trainer.step(x)
    before = {name: tensor.clone() for name, tensor in trainer.tensors().items()}
    x[3, 4] = float("nan")
    with pytest.raises(ModelError, match="S052"):
        trainer.step(x)
    assert trainer.count == 1
    assert all(torch.equal(tensor, before[name]) for name, tensor in trainer.tensors().items())


def test_the_rate_rises_stays_and_falls_to_nothing():
    trainer = make_trainer(settings(tokens=6400, warmup=0.1, decay=0.5), 12)
    rates = []
    for trainer.count in range(100):
        rates.append(trainer.rate())
    assert rates[0] == pytest.approx(1e-4)
    assert set(rates[9:50]) == {1e-3}
    assert rates[99] == pytest.approx(1e-3 / 50)
    trainer.count = 20
    trainer.decay_now()
    assert (trainer.decay_from, trainer.end, trainer.rate()) == (20, 70, 1e-3)
