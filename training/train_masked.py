"""Train part two of `mini`: a masked language model from a small encoder's first blocks.

    python training/train_masked.py --encoder FOLDER --mini FOLDER --text FOLDER --out FOLDER

--encoder holds all-MiniLM-L6-v2; --mini holds mini's tokenizer.json, whose pieces are the same. Prepares
the text once (OUT/text), writes a checkpoint every few minutes (OUT/checkpoint.safetensors) and at the end
OUT/masked.safetensors (8 bits) and OUT/report.json. Run the same command again and it goes on, to the same
bits. --minutes ends a run early, with a checkpoint. --tokens may be changed until the rate of learning has
begun to fall (in the last --decay of them), and raised after that: then it goes on from where the fall
began (OUT/before-decay.safetensors).
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from masked_head import HeadLoss
from masked_score import Probes, show
from masked_text import Text, make_rows, prepare
from silversmith.models.masked_net import Group, MaskedConfig, MaskedNet, read_part
from silversmith.models.trunk import quantise_rows

FREE = (
    "tokens",
    "minutes",
    "every",
    "evaluate",
    "threads",
    "encoder",
    "mini",
    "text",
    "out",
    "steps",
    "prepared",
    "probes",
    "quick",
)
"""Arguments that another run of the same training may have otherwise."""
PAIRS = {
    "out": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm2": "output.LayerNorm",
}


@dataclass(slots=True)
class Place:
    """Where a training is: steps made, pieces read, epoch, rows of the epoch already read."""

    step: int = 0
    pieces: int = 0
    epoch: int = 0
    row: int = 0


def begin(
    encoder: Path, tokenizer: Tokenizer, text: Text, blocks: list[int], positions: int, seed: int
) -> MaskedNet:
    """The network before training: the encoder's blocks, a head that begins as the pieces' frequencies."""
    theirs = load_file(encoder / "model.safetensors")
    names = json.loads((encoder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    place = torch.tensor([names[tokenizer.id_to_token(one)] for one in text.kept.tolist()])
    words = theirs["embeddings.word_embeddings.weight"].float()
    shape = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    config = MaskedConfig(
        len(place),
        shape["hidden_size"],
        shape["num_attention_heads"],
        shape["intermediate_size"],
        len(blocks),
        positions,
        shape["layer_norm_eps"],
    )
    torch.manual_seed(seed)
    net = MaskedNet(config)
    state = {
        "words.weight": words[place],
        "places.weight": theirs["embeddings.position_embeddings.weight"][:positions]
        + theirs["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": theirs["embeddings.LayerNorm.weight"],
        "norm.bias": theirs["embeddings.LayerNorm.bias"],
    }
    for number, block in enumerate(blocks):
        prefix = f"encoder.layer.{block}."
        for kind in ("weight", "bias"):
            for ours, their in PAIRS.items():
                state[f"blocks.{number}.{ours}.{kind}"] = theirs[f"{prefix}{their}.{kind}"]
            parts = [theirs[f"{prefix}attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            state[f"blocks.{number}.qkv.{kind}"] = torch.cat(parts)
    net.load_state_dict(state, strict=False)
    share = torch.from_numpy((text.counts + 1) / (text.counts + 1).sum()).float()
    with torch.no_grad():
        net.bias.copy_(share.log())
        net.words.weight[text.specials["mask"]] = (share[:, None] * net.words.weight).sum(
            0
        )  # was never trained
        net.transform_norm.weight.fill_(0.3)
        net.transform.weight.normal_(std=0.05)
        net.transform.bias.zero_()
    return net


class Training:
    """Network, optimiser, place: `step` makes one update; `save` and `load` keep all that matters."""

    def __init__(self, net: MaskedNet, text: Text, a: argparse.Namespace) -> None:
        self.net, self.text, self.a = net, text, a
        self.place = Place()
        self.rows = make_rows(text, held=False, single=a.single, seed=a.seed)
        self.head = HeadLoss(net.config.vocabulary, a.keep)
        self.framed = int(self.rows.lengths.sum() + 2 * len(self.rows.bounds))
        self.optimiser = torch.optim.AdamW(groups_of(net, a), betas=(0.9, 0.98), eps=1e-6, fused=True, lr=0.0)
        self.parameters = dict(net.named_parameters())
        for parameter in self.parameters.values():
            parameter.grad = torch.zeros_like(parameter)
        self.order: tuple[int, NDArray[np.int64]] = (-1, np.zeros(0, np.int64))

    def fall(self) -> float:
        """1 until the last --decay of the tokens, then falling to 0 at their end."""
        left = 1 - self.place.pieces / self.a.tokens
        return min(1.0, max(0.0, left / self.a.decay))

    def step(self) -> float:
        """One update; the mean loss of its masked pieces."""
        fall = self.fall()
        rate = self.a.mask_end + (self.a.mask - self.a.mask_end) * fall
        rng = np.random.default_rng([self.a.seed, 1, self.place.step])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        batches = [self._batch(rng, rate) for _ in range(self.a.batches)]
        count = sum(len(read) for _, _, read, _ in batches)
        total = 0.0
        for ids, groups, read, targets in batches:
            weight = self.net.words.weight
            words = weight.detach()[ids].requires_grad_()
            states = self.net.encode(words, groups, read)
            with torch.no_grad():
                lost, back = self.head.add(states, weight, self.net.bias, targets, 1 / count, generator)
            states.backward(back)
            weight.grad.index_add_(0, ids, words.grad)  # type: ignore[union-attr, arg-type]
            total += lost
        loss = total / count
        if not math.isfinite(loss):
            raise SystemExit(f"step {self.place.step}: the loss is {loss}; take a smaller --rate")
        self._update(fall)
        return loss

    def _update(self, fall: float) -> None:
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.place.step += 1
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * fall * min(1.0, self.place.step / group["warm"])
        self.optimiser.step()
        for parameter in self.parameters.values():
            parameter.grad.zero_()  # type: ignore[union-attr]

    def _batch(self, rng: np.random.Generator, rate: float) -> tuple[Tensor, list[Group], Tensor, Tensor]:
        """Masked ids [pieces], their groups, places read, true pieces there."""
        chosen = self._next_rows()
        lengths = self.rows.lengths[chosen]
        chosen = chosen[np.argsort(lengths, kind="stable")]
        s = self.text.specials
        ids, read, groups = [], [], []
        offset = 0
        sizes, counts = np.unique(lengths, return_counts=True)
        for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
            rows, chosen = chosen[:count], chosen[count:]
            block = np.full((count, size + 2), s["end"], np.int64)
            block[:, 0] = s["start"]
            block[:, 1:-1] = self.text.pieces[self.rows.bounds[rows, :1] + np.arange(size)]
            reads = max(1, round(rate * size))
            places = 1 + np.sort(rng.random((count, size)).argpartition(reads - 1, 1)[:, :reads], 1)
            read.append((offset + np.arange(count)[:, None] * (size + 2) + places).ravel())
            ids.append(block.ravel())
            groups.append(Group(count, size + 2, reads))
            offset += block.size
        whole, masked = np.concatenate(ids), torch.from_numpy(np.concatenate(read))
        targets = torch.from_numpy(whole)[masked]
        found = torch.from_numpy(whole).index_fill(0, masked, s["mask"])
        self.place.pieces += len(found)
        return found, groups, masked, targets

    def _next_rows(self) -> NDArray[np.int64]:
        """The next rows of the epoch's order, about --batch pieces."""
        p = self.place
        if self.order[0] != p.epoch:
            shuffled = np.random.default_rng([self.a.seed, 2, p.epoch]).permutation(len(self.rows.bounds))
            self.order = (p.epoch, shuffled)
        ahead = self.order[1][p.row : p.row + self.a.batch]
        fits = int(np.searchsorted(np.cumsum(self.rows.lengths[ahead] + 2), self.a.batch, side="right"))
        taken = ahead[: max(1, fits)]
        p.row += len(taken)
        if p.row >= len(self.order[1]):
            p.epoch, p.row = p.epoch + 1, 0
        return taken

    def save(self, path: Path, curve: list[dict[str, Any]]) -> None:
        """Write a checkpoint aside and rename it."""
        tensors = {f"net.{name}": one.detach() for name, one in self.parameters.items()}
        for name, one in self.parameters.items():
            state = self.optimiser.state.get(one, {})
            tensors |= {f"{key}.{name}": value for key, value in state.items() if key != "step"}
        meta = {
            "place": json.dumps(asdict(self.place)),
            "settings": json.dumps(settings_of(self.a)),
            "tokens": str(self.a.tokens),
            "curve": json.dumps(curve),
        }
        save_file(tensors, path.with_suffix(".part"), meta)
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> list[dict[str, Any]]:
        """Go on from a checkpoint; its curve."""
        with safe_open(path, framework="pt") as file:
            meta = file.metadata()
            if (kept := json.loads(meta["settings"])) != (asked := settings_of(self.a)):
                changed = sorted(name for name in kept | asked if kept.get(name) != asked.get(name))
                raise SystemExit(f"{path}: begun with other {', '.join(changed)}; give another --out")
            names = set(file.keys())
            self.place = Place(**json.loads(meta["place"]))
            for name, one in self.parameters.items():
                one.data.copy_(file.get_tensor(f"net.{name}"))
                moments = [key for key in ("exp_avg", "exp_avg_sq") if f"{key}.{name}" in names]
                if moments:
                    state = {key: file.get_tensor(f"{key}.{name}") for key in moments}
                    self.optimiser.state[one] = {"step": torch.tensor(float(self.place.step)), **state}
        curve: list[dict[str, Any]] = json.loads(meta["curve"])
        return curve


def groups_of(net: MaskedNet, a: argparse.Namespace) -> list[dict[str, Any]]:
    """Parameters by peak rate and weight decay: new ones learn faster and warm up sooner."""
    groups: dict[tuple[float, int, float], list[Tensor]] = {}
    for name, one in net.named_parameters():
        new = name.startswith("transform") or name == "bias"
        decay = 0.01 if one.ndim == 2 and not name.startswith(("words", "places")) else 0.0
        key = (a.head_rate if new else a.rate, a.warm // 5 if new else a.warm, decay)
        groups.setdefault(key, []).append(one)
    return [
        {"params": ones, "peak": peak, "warm": max(1, warm), "weight_decay": decay}
        for (peak, warm, decay), ones in groups.items()
    ]


def settings_of(a: argparse.Namespace) -> dict[str, Any]:
    """The arguments that decide the bits, beside --tokens."""
    return {name: value for name, value in sorted(vars(a).items()) if name not in FREE}


def resume(training: Training, out: Path) -> list[dict[str, Any]]:
    """Go on from the checkpoint, or from before the decay if --tokens was changed after it began."""
    last, before = out / "checkpoint.safetensors", out / "before-decay.safetensors"
    for path in (last, before):
        if not path.is_file():
            continue
        with safe_open(path, framework="pt") as file:
            meta = file.metadata()
        tokens, pieces = int(meta["tokens"]), int(json.loads(meta["place"])["pieces"])
        decayed = pieces > tokens * (1 - training.a.decay)
        if path == last and decayed and tokens != training.a.tokens:
            continue
        curve = training.load(path)
        if path == last and not decayed and training.fall() < 1:
            shutil.copyfile(last, before)
        print(f"going on after {training.place.pieces:,} pieces ({path.name})", flush=True)
        return curve
    return []


def write_part(path: Path, net: MaskedNet, text: Text, facts: dict[str, Any]) -> None:
    """8-bit rows with a scale each; the bias in 16 bits."""
    stored: dict[str, Tensor] = {"kept": torch.from_numpy(text.kept.astype(np.int32))}
    for name, tensor in net.state_dict().items():
        if tensor.ndim == 2:
            stored[name], stored[name + ".scale"] = quantise_rows(tensor)
        else:
            stored[name] = tensor.half() if name == "bias" else tensor.clone()
    meta = {"config": net.config.to_json(), "specials": json.dumps(text.specials)}
    save_file(stored, path, meta | {name: json.dumps(value) for name, value in facts.items()})


def run(training: Training, a: argparse.Namespace) -> bool:
    """Steps until the tokens or the minutes are used up; whether all is done."""
    curve = resume(training, a.out)
    held = make_rows(training.text, held=True, single=a.single, seed=a.seed)
    probes = Probes(training.text, held, a.probes, seed=0)
    p, last = training.place, a.out / "checkpoint.safetensors"
    begun = saved = judged = shown = time.monotonic()
    spent, losses = 0.0, [0.0]
    first = Place(p.step, p.pieces)
    while p.pieces < a.tokens:
        before, fall = time.monotonic(), training.fall()
        losses = [*losses[-99:], training.step()]
        now = time.monotonic()
        spent += now - before
        if fall == 1 > training.fall():
            training.save(a.out / "before-decay.safetensors", curve)
        over = now - begun > 60 * a.minutes or 0 < a.steps <= p.step - first.step
        if now - shown > 20 or over:
            loss, shown = float(np.mean(losses)), now
            print(
                line_of(training, loss, (p.pieces - first.pieces) / spent, (now - begun) / spent), flush=True
            )
        if now - judged > 60 * a.evaluate:
            found = probes.score(training.net, limit=a.quick)
            curve.append({"pieces": p.pieces, "loss": round(float(np.mean(losses)), 4), **found["all"]})
            print(show(found), flush=True)
            judged = time.monotonic()
        if now - saved > 60 * a.every or over:
            training.save(last, curve)
            saved = time.monotonic()
        if over:
            return False
    training.save(last, curve)
    finish(training, probes, curve, a)
    return True


def line_of(training: Training, loss: float, speed: float, slack: float) -> str:
    """What a person wants to know of a running training. slack: wall time by time spent on steps."""
    p, tokens = training.place, training.a.tokens
    left = max(0, tokens - p.pieces) / speed * slack
    return (
        f"{p.pieces:,} of {tokens:,} pieces, epoch {p.pieces / training.framed:.2f}, step {p.step}, "
        f"loss {loss:.3f}, learning at {training.fall():.2f}, {speed:,.0f} pieces/s, {left / 60:.0f} min left"
    )


def finish(training: Training, probes: Probes, curve: list[dict[str, Any]], a: argparse.Namespace) -> None:
    """Write the part, and the perplexity of what is in it (8 bits) beside that of the 32-bit weights."""
    part = a.out / "masked.safetensors"
    facts = {"pieces": training.place.pieces, "blocks": a.blocks, "seed": a.seed}
    write_part(part, training.net, training.text, facts)
    exact = probes.score(training.net)
    found = probes.score(read_part(part)[0])
    print(show(found), flush=True)
    report = {
        "pieces": training.place.pieces,
        "steps": training.place.step,
        "bytes": part.stat().st_size,
        "settings": settings_of(a),
        "perplexity": found,
        "perplexity_32_bits": exact["all"],
        "curve": curve,
    }
    (a.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(f"{part}: {part.stat().st_size:,} bytes", flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--mini", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, help="where the text lies as pieces (default: OUT/text)")
    parser.add_argument("--tokens", type=int, default=24_000_000, help="pieces read, frames included")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end this run after so many")
    parser.add_argument("--steps", type=int, default=0, help="end this run after so many (for trials)")
    parser.add_argument("--blocks", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--positions", type=int, default=256)
    parser.add_argument("--single", type=float, default=0.5, help="share of rows that begin as one sentence")
    parser.add_argument("--mask", type=float, default=0.4, help="share of pieces masked, until the decay")
    parser.add_argument("--mask-end", type=float, default=0.2, help="share of pieces masked, at the end")
    parser.add_argument("--batch", type=int, default=2048, help="pieces of a micro-batch")
    parser.add_argument("--batches", type=int, default=2, help="micro-batches a step")
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--head-rate", type=float, default=1e-3)
    parser.add_argument("--warm", type=int, default=250, help="steps")
    parser.add_argument("--decay", type=float, default=0.35, help="share of the tokens")
    parser.add_argument("--keep", type=float, default=1e-3, help="see masked_head; 0: the whole gradient")
    parser.add_argument("--every", type=float, default=5, help="minutes between checkpoints")
    parser.add_argument("--evaluate", type=float, default=30, help="minutes between evaluations")
    parser.add_argument("--probes", type=int, default=400, help="held-out positions a kind, at the end")
    parser.add_argument("--quick", type=int, default=80, help="the same, on the way")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Prepare, begin or go on, train, write."""
    a = arguments()
    torch.set_num_threads(a.threads)
    a.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(a.mini / "tokenizer.json"))
    text = prepare(a.text, tokenizer, a.prepared or a.out / "text")
    net = begin(a.encoder, tokenizer, text, a.blocks, a.positions, a.seed)
    run(Training(net, text, a), a)


if __name__ == "__main__":
    main()
