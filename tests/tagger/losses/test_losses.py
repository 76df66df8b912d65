"""Each loss against its equation on small batches, and what they do at their edges."""

import math

import numpy as np
import pytest
import torch
from steps import TAGS, make_step, random_scores

from silversmith.core import ConfigError
from silversmith.tagger.losses import LOSSES, make_loss
from silversmith.tagger.losses.bond import sharpened
from silversmith.tagger.losses.chain import NEVER, legal_transitions, log_partition
from silversmith.tagger.losses.co_training import easiest
from silversmith.tagger.losses.expected_ratio import ratio_penalty
from silversmith.tagger.losses.generalised import generalised
from silversmith.tagger.losses.marginal_crf import raise_ratio
from silversmith.tagger.losses.negative_sampling import draws, span_count
from silversmith.tagger.losses.ratio import expected_ratio

SILVER = TAGS.encode(6, [(0, 2, "PER"), (4, 5, "LOC")])
TOKEN_LOSSES = sorted(set(LOSSES) - {"negative-sampling", "co-training"})


def probabilities(scores):
    return torch.softmax(scores.detach(), 1)


@pytest.mark.parametrize("name", TOKEN_LOSSES)
@pytest.mark.parametrize("number", [0, 9])
def test_every_loss_is_finite_with_a_gradient_early_and_late(name, number):
    loss = make_loss(name, TAGS)
    loss.begin(SILVER, torch.nn.Identity())
    scores = random_scores(6)
    if loss.looks(number, 10) or name in {"bond", "marginal-crf"}:
        loss.look(scores.detach().numpy() * 9, max(number, 4), 10)
    value = loss(make_step(scores, SILVER, number=number))
    value.backward()
    assert math.isfinite(float(value.detach()))
    assert torch.isfinite(scores.grad).all()


def test_generalised_lies_between_cross_entropy_and_absolute_error():
    log_p = torch.log(torch.tensor([0.1, 0.5, 0.9]))
    torch.testing.assert_close(generalised(log_p, 1.0), 1 - log_p.exp())
    torch.testing.assert_close(generalised(log_p, 1e-5), -log_p, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(generalised(log_p, 0.0), -log_p)
    torch.testing.assert_close(generalised(log_p, 0.7), (1 - log_p.exp() ** 0.7) / 0.7)


def test_the_ratio_penalty_is_zero_inside_its_slack_only():
    outside = torch.log(torch.full((10,), 0.75))
    assert float(ratio_penalty(outside, 0.25, 0.3)) == 0.0
    assert float(ratio_penalty(outside, 0.20, 0.25)) == pytest.approx(0.0, abs=1e-6)
    assert float(ratio_penalty(outside, 0.10, 0.3)) == pytest.approx(0.25 - 0.10 - 0.03)
    assert float(ratio_penalty(outside, 0.50, 0.3)) == pytest.approx(0.50 - 0.25 - 0.15)


def test_the_expected_ratio_follows_silver_and_recall():
    assert expected_ratio(SILVER, {}) == pytest.approx(0.5)
    assert expected_ratio(SILVER, {"recall": 0.8}) == pytest.approx(0.625)
    assert expected_ratio(SILVER, {"recall": 0.1}) == 0.9
    assert expected_ratio(SILVER, {"ratio": 0.2, "recall": 0.5}) == 0.2


def test_expected_ratio_leaves_unlabelled_words_free():
    loss = make_loss("expected-ratio", TAGS, weight=0.0)
    loss.begin(SILVER, torch.nn.Identity())
    scores = random_scores(6)
    value = loss(make_step(scores, SILVER, certain=[0, 0, 1, 0, 0, 0]))
    log_p = torch.log_softmax(scores, 1)
    rows, tags = [0, 1, 2, 4], [*SILVER[:3], SILVER[4]]
    torch.testing.assert_close(value, -log_p[rows, tags].sum() / 6)
    value.backward()
    assert not scores.grad[[3, 5]].any()


def test_expected_ratio_with_the_chain_is_the_partial_crf():
    loss = make_loss("expected-ratio", TAGS, weight=0.0, crf=True, certain=False)
    loss.begin(SILVER, torch.nn.Identity())
    scores = random_scores(6)
    steps = legal_transitions(TAGS, None)
    free = torch.zeros(6, len(TAGS))
    for place in (0, 1, 4):
        free[place] = NEVER
        free[place, SILVER[place]] = 0
    expected = log_partition(scores, [0, 6], steps) - log_partition(scores + free, [0, 6], steps)
    torch.testing.assert_close(loss(make_step(scores, SILVER)), expected.sum() / 6)


def test_marginal_crf_with_certain_words_is_the_crf():
    loss = make_loss("marginal-crf", TAGS, start=1.0)
    loss.begin(SILVER, torch.nn.Identity())
    scores = random_scores(6)
    steps = legal_transitions(TAGS, None)
    path = scores.gather(1, torch.as_tensor(SILVER)[:, None]).sum()
    expected = (log_partition(scores, [0, 6], steps).sum() - path) / 6
    value = loss(make_step(scores, SILVER, certain=[0, 0, 1, 1, 0, 1]))
    torch.testing.assert_close(value, expected, atol=5e-3, rtol=1e-3)


def test_raising_the_ratio_takes_the_surest_words():
    outside = np.array([0.9, 0.1, 0.3, 0.4, 0.99, 0.2])
    known = np.array([False, True, False, False, False, False])
    q = raise_ratio(outside, known, 0.5)
    assert q.tolist() == [0.9, 0.5, 0.0, 0.5, 0.99, 0.0]


def test_robust_drops_doubtful_words_after_the_warm_up():
    options = {"keep": 1.0, "weight": 0.0, "warm": 0.5}
    scores = torch.zeros(3, len(TAGS))
    scores[1, 0] = 9.0
    early, late = (
        make_loss("robust", TAGS, **options)(make_step(scores, np.zeros(3, int), number=n)) for n in (0, 5)
    )
    nothing = -torch.log_softmax(scores, 1)[:, 0]
    torch.testing.assert_close(early, nothing.mean())
    torch.testing.assert_close(late, nothing[1] / 3)


def test_robust_keeps_about_the_asked_share_and_all_certain_words():
    loss = make_loss("robust", TAGS, weight=0.0, keep=0.25)
    scores = torch.zeros(4000, len(TAGS))
    certain = torch.arange(4000) < 1000
    value = loss(make_step(scores, np.zeros(4000, int), certain=certain))
    assert float(value) / math.log(len(TAGS)) == pytest.approx((1000 + 750) / 4000, abs=0.02)


def test_soft_labels_by_hand():
    f = torch.tensor([[0.9, 0.1], [0.5, 0.5]])
    by_hand = torch.tensor([[0.81 / 1.4, 0.01 / 0.6], [0.25 / 1.4, 0.25 / 0.6]])
    torch.testing.assert_close(sharpened(f, f.sum(0), 1.0), by_hand / by_hand.sum(1, keepdim=True))
    torch.testing.assert_close(sharpened(f, f.sum(0), 0.0)[1], torch.tensor([0.5, 0.5]))


def test_corrected_self_training_rests_at_its_target_and_the_faithful_one_never():
    target = torch.full((4, len(TAGS)), 0.001)
    target[:, 0] = 1 - 0.001 * (len(TAGS) - 1)
    gradients = {}
    for faithful in (False, True):
        loss = make_loss("bond", TAGS, faithful=faithful, alpha=0.0, begin=0.0, keep=0.0)
        loss.begin(np.zeros(4, int), torch.nn.Identity())
        loss.look(torch.log(target).numpy(), 0, 10)
        scores = torch.log(sharpened(target, target.sum(0), 0.0)).clone().requires_grad_()
        loss(make_step(scores, np.zeros(4, int), number=1)).backward()
        gradients[faithful] = float(scores.grad.abs().max())
    assert gradients[False] < 1e-6 < 1e-3 < gradients[True]


def test_bond_begins_with_cross_entropy_and_looks_as_often_as_asked():
    loss = make_loss("bond", TAGS, begin=0.4, updates=3)
    scores = random_scores(6)
    loss.begin(SILVER, torch.nn.Identity())
    expected = torch.nn.functional.cross_entropy(scores, torch.as_tensor(SILVER))
    torch.testing.assert_close(loss(make_step(scores, SILVER, number=39, total=100)), expected)
    assert [n for n in range(100) if loss.looks(n, 100)] == [40, 60, 80]


def test_co_training_passes_on_the_easy_words():
    losses = torch.tensor([3.0, 0.1, 2.0, 0.2, 5.0])
    outside = torch.tensor([False, True, True, True, True])
    assert easiest(losses, outside, 0.5).tolist() == [True, True, False, True, False]
    assert easiest(losses, outside, 1.0).all()


def test_co_training_trains_two_students():
    network = torch.nn.Module()
    network.out = torch.nn.Linear(3, len(TAGS))
    loss = make_loss("co-training", TAGS, recall=0.5)
    loss.begin(SILVER, network)
    assert loss.peer.out is not network.out
    assert not torch.equal(loss.peer.out.weight, network.out.weight)
    x = torch.randn(6, 3)
    step = make_step(network.out(x), SILVER, number=9, again=lambda one: one.out(x))
    loss(step).backward()
    assert network.out.weight.grad.any()
    assert loss.peer.out.weight.grad.any()
    assert 0 < float(loss.forget) < 1


def test_the_draws_are_corrected_for_the_width_cap():
    assert span_count(30, 30) == 465
    assert span_count(200, 10) == 200 * 10 - 45
    assert draws(30, 30, 0.7) == 22
    for words, missing in ((200, 20), (400, 40)):
        uncapped = missing * draws(words, words, 0.7) / span_count(words, words)
        capped = missing * draws(words, 10, 0.7) / span_count(words, 10)
        assert capped == pytest.approx(uncapped, rel=0.15)
    assert draws(0, 10, 0.7) == 0


def test_negative_sampling_scores_gold_and_drawn_spans():
    seen = {}

    class Spans:
        def spans(self, roles, first, last):
            seen["spans"] = list(zip(first.tolist(), last.tolist(), strict=True))
            return torch.zeros(len(first), 3, requires_grad=True) + roles.sum() * 0

    torch.manual_seed(0)
    loss = make_loss("negative-sampling", TAGS, width=3)
    gold = torch.tensor([[0, 2, 1], [4, 5, 0]])
    value = loss(
        make_step(random_scores(40), np.zeros(40, int), spans=gold, bounds=[0, 20, 40], network=Spans())
    )
    assert float(value.detach()) == pytest.approx(math.log(3))
    assert seen["spans"][:2] == [(0, 2), (4, 5)]
    assert set(seen["spans"][2:]).isdisjoint(seen["spans"][:2])
    assert all(0 <= a < b <= 40 and b - a <= 3 and (b <= 20 or a >= 20) for a, b in seen["spans"])


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"K003.*cross-entropy"):
        make_loss("cross-entrop", TAGS)
    with pytest.raises(ConfigError, match=r"K001.*weight"):
        make_loss("robust", TAGS, weigth=3)
