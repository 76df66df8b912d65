"""The known traps of hooking language models: each put back, and a check that sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from tiny_models import TEXTS, make_model, tokenizer_for

from silversmith.models import language_model
from silversmith.models.language_model import HookedForward, wrap_model
from silversmith.models.pieces import Frame, Pieces

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Trap:
    """number, name: as in the list of traps. check: problems found (none = right). put_back: the mistake."""

    number: int
    name: str
    check: Callable[[], list[str]]
    put_back: Callable[[Patch], None]


def run(trap: Trap) -> tuple[list[str], list[str]]:
    """Problems as the code stands (should be none), and with the trap put back (should be some)."""
    before = trap.check()
    with Patch.context() as patch:
        trap.put_back(patch)
        try:
            after = trap.check()
        except Exception as error:  # a loud failure is a failure that is seen
            after = [f"{type(error).__name__}: {error}"]
    return before, after


def wrong(call: Callable) -> Callable[[Patch], None]:
    """Put back: another way to run the hooked model. call: (right, self, ids, mask, taps) -> states."""

    def put_back(patch: Patch) -> None:
        right = HookedForward.__call__
        patch.setattr(
            HookedForward, "__call__", lambda self, ids, mask, taps: call(right, self, ids, mask, taps)
        )

    return put_back


def block_outputs() -> list[str]:
    """Tap l + 1 is what block l returns."""
    model, ids = make_model("llama"), torch.arange(4, 16).view(2, 6)
    with torch.inference_mode():
        expected = model(ids, output_hidden_states=True).hidden_states[2]
        found = HookedForward(model)(ids, torch.ones_like(ids), [2])[0]
    return [] if torch.equal(found, expected) else ["another block's states"]


def last_block() -> list[str]:
    """The last tap comes before the final norm."""
    model, ids = make_model("llama"), torch.arange(4, 16).view(2, 6)
    with torch.inference_mode():
        normed = model(ids, output_hidden_states=True).hidden_states[-1]
        found = HookedForward(model)(ids, torch.ones_like(ids), [4])[0]
        return [] if torch.allclose(model.model.norm(found), normed, atol=1e-5) else ["normed states"]


def hidden_states(right, self, ids, mask, taps):
    states = self.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    return [states[tap] for tap in taps]


def left_padded(right, self, ids, mask, taps):
    shifts = (mask == 0).sum(dim=1).tolist()
    roll = lambda x, sign: torch.stack([row.roll(sign * n, 0) for row, n in zip(x, shifts, strict=True)])  # noqa: E731
    return [roll(one, -1) for one in right(self, roll(ids, 1), roll(mask, 1), taps)]


def plain_run(kind: str) -> Callable[[], list[str]]:
    """A batch's states equal each text's own run through the library, its frame's rows dropped."""

    def check() -> list[str]:
        whole, tokenizer = make_model(kind), tokenizer_for(kind)
        model = wrap_model(make_model(kind), tokenizer)
        problems = []
        for text, encoded in zip(TEXTS, model.encode(TEXTS, [2]), strict=True):
            ids = torch.tensor([[*model.frame.before, *model.pieces(text)[0]]])
            if not text:
                continue
            with torch.inference_mode():
                expected = whole(ids, output_hidden_states=True).hidden_states[2][
                    0, len(model.frame.before) :
                ]
            if not np.allclose(encoded.states[2], expected.numpy(), atol=1e-5):
                problems.append(text[:20])
        return problems

    return check


def round_trip() -> list[str]:
    """Each piece's characters are those that its token stands for."""
    tokenizer = tokenizer_for("llama")
    model = wrap_model(make_model("llama"), tokenizer, context=12)
    text = TEXTS[0]
    encoded = model.encode([text], [0])[0]
    table = model.forward.model.get_input_embeddings().weight
    problems = []
    for (start, end), state in zip(encoded.offsets, encoded.states[0], strict=True):
        nearest = int((table - torch.tensor(state)).abs().sum(dim=1).argmin())
        if tokenizer.decode([nearest]).strip() != text[start:end].strip():
            problems.append(text[start:end])
    return problems


def shifted(patch: Patch) -> None:
    right = Pieces.__call__

    def one_late(self, text):
        ids, offsets = right(self, text)
        return ids, np.concatenate([offsets[:1] * 0, offsets[:-1]])

    patch.setattr(Pieces, "__call__", one_late)


def first_of_tensor(patch: Patch) -> None:
    patch.setattr(language_model, "block_output", lambda output: output[0])


def keep_bos(patch: Patch) -> None:
    patch.setattr(Frame, "first", property(lambda self: 0))


LANGUAGE_TRAPS = (
    Trap(
        1,
        "hidden_states[l] for layer l",
        block_outputs,
        wrong(lambda right, self, i, m, t: right(self, i, m, [n - 1 for n in t])),
    ),
    Trap(2, "the last layer from hidden_states[-1]", last_block, wrong(hidden_states)),
    Trap(3, "out[0] of a tensor", block_outputs, first_of_tensor),
    Trap(18, "BOS row kept", plain_run("llama"), keep_bos),
    Trap(19, "left padding with GPT-2", plain_run("gpt2"), wrong(left_padded)),
    Trap(20, "offsets shifted", round_trip, shifted),
)
"""The traps that concern language models."""

__all__ = ["LANGUAGE_TRAPS", "Trap", "run"]
