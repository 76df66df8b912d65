"""Sums over the linear chain against the enumeration of all sequences."""

import itertools

import pytest
import torch
from steps import TAGS, random_scores

from silversmith.tagger.losses.chain import NEVER, legal_transitions, log_marginals, log_partition


def sums(scores, transitions):
    """log score of every legal sequence."""
    paths = [
        path
        for path in itertools.product(range(len(TAGS)), repeat=len(scores))
        if all(TAGS.allowed[a, b] for a, b in itertools.pairwise(path))
    ]
    values = [
        sum(scores[t, tag] for t, tag in enumerate(path))
        + sum((transitions[a, b] for a, b in itertools.pairwise(path)), torch.tensor(0.0))
        for path in paths
    ]
    return paths, torch.stack(values)


@pytest.mark.parametrize("learned", [None, 1])
def test_partition_and_marginals_equal_enumeration(learned):
    scores = random_scores(8)
    table = None if learned is None else torch.randn(len(TAGS), len(TAGS))
    steps = legal_transitions(TAGS, table)
    bounds = [0, 4, 4, 5, 8]
    found = log_partition(scores, bounds, steps)
    marginals = log_marginals(scores, bounds, steps)
    for number, (low, high) in enumerate(itertools.pairwise(bounds)):
        if low == high:
            assert found[number] == 0
            continue
        paths, values = sums(scores[low:high], torch.zeros(len(TAGS), len(TAGS)) if table is None else table)
        torch.testing.assert_close(found[number], torch.logsumexp(values, 0))
        share = torch.softmax(values, 0)
        for place in range(high - low):
            one = torch.zeros(len(TAGS))
            for path, p in zip(paths, share, strict=True):
                one[path[place]] += p.detach()
            torch.testing.assert_close(marginals[low + place].exp().detach(), one, atol=1e-5, rtol=1e-4)


def test_the_gradient_of_the_partition_is_the_marginal():
    scores = random_scores(5)
    steps = legal_transitions(TAGS, None)
    (gradient,) = torch.autograd.grad(log_partition(scores, [0, 5], steps).sum(), scores)
    torch.testing.assert_close(
        gradient, log_marginals(scores, [0, 5], steps).exp().detach(), atol=1e-5, rtol=1e-4
    )


def test_fixed_tags_leave_one_path_and_finite_gradients():
    scores = random_scores(4)
    tags = torch.from_numpy(TAGS.encode(4, [(0, 2, "PER"), (3, 4, "LOC")]))
    fixed = torch.full_like(scores, NEVER).scatter(1, tags[:, None], 0.0)
    value = log_partition(scores + fixed, [0, 4], legal_transitions(TAGS, None))
    torch.testing.assert_close(value[0], scores.gather(1, tags[:, None]).sum(), atol=1e-3, rtol=1e-4)
    value.sum().backward()
    assert torch.isfinite(scores.grad).all()
