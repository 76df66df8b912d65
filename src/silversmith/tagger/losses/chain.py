"""Sums over all legal tag sequences of a linear chain, in log space, differentiable.

log Z(w) = log sum over legal y of exp( sum_t s[t, y_t] + w[t, y_t] + sum_t T[y_t-1, y_t] )

w is 0 for tags that may be, a large negative number for tags that may not: with all tags free log Z is
the partition function; with the annotated tags fixed it is the numerator of the partial CRF. Windows may
begin and end inside a span, so only pairs of tags are restricted.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from silversmith.tagger.tags import TagSet

__all__ = ["NEVER", "legal_transitions", "log_marginals", "log_partition"]

NEVER = -1e4
"""Log weight of what must not be (minus infinity would give gradients that are no numbers)."""


def legal_transitions(tags: TagSet, learned: Tensor | None) -> Tensor:
    """[K, K] scores of tag pairs: learned ones where legal, NEVER elsewhere."""
    allowed = torch.from_numpy(tags.allowed)
    if learned is None:
        return torch.zeros(allowed.shape).masked_fill(~allowed, NEVER)
    return learned.masked_fill(~allowed.to(learned.device), NEVER)


def log_partition(scores: Tensor, bounds: list[int], transitions: Tensor) -> Tensor:
    """log Z of each window, [windows]; scores: [words, K] with w added. A window without words has 0."""
    table, lengths = _padded(scores, bounds)
    transitions = transitions.to(scores.device)
    if not len(table):
        return scores.new_zeros(len(lengths))
    alpha = table[0]
    for place in range(1, len(table)):
        ahead = torch.logsumexp(alpha[:, :, None] + transitions, dim=1) + table[place]
        alpha = torch.where((lengths > place)[:, None], ahead, alpha)
    return torch.where(lengths > 0, torch.logsumexp(alpha, dim=1), 0.0)


def log_marginals(scores: Tensor, bounds: list[int], transitions: Tensor) -> Tensor:
    """log p(tag at word) under the chain, [words, K], by the forward-backward algorithm."""
    table, lengths = _padded(scores, bounds)
    transitions = transitions.to(scores.device)
    if not len(table):
        return scores
    size = len(table)
    alpha, beta = [table[0]], [torch.zeros_like(table[0])]
    for place in range(1, size):
        alpha.append(torch.logsumexp(alpha[-1][:, :, None] + transitions, dim=1) + table[place])
    for place in range(size - 2, -1, -1):
        after = torch.logsumexp(transitions + (table[place + 1] + beta[-1])[:, None, :], dim=2)
        beta.append(torch.where((lengths > place + 1)[:, None], after, 0.0))
    joint = torch.stack(alpha) + torch.stack(beta[::-1])
    rows = torch.cat([joint[: high - low, n] for n, (low, high) in enumerate(pairwise(bounds))])
    return rows - torch.logsumexp(rows, dim=1, keepdim=True)


def _padded(scores: Tensor, bounds: list[int]) -> tuple[Tensor, Tensor]:
    """[longest, windows, K] and the lengths [windows]."""
    parts = [scores[low:high] for low, high in pairwise(bounds)]
    lengths = torch.tensor([len(part) for part in parts], device=scores.device)
    return torch.nn.utils.rnn.pad_sequence(parts) if parts else scores[:0, None], lengths
