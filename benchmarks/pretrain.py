"""Speed of pre-training the concept tower, beside a plain forward and backward pass of its blocks.

Both see the same batches of texts and names, read already by the frozen part. Plain: the trained blocks on
texts and names, and the gradient of their sum; no head, no loss, no sampling, no optimiser. The two run in
turn; the ratio of their least seconds over the rounds counts.

    python benchmarks/pretrain.py --encoder FOLDER --annotated FILE --work FOLDER
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import measure, write_result

from silversmith.candidates.union import preset
from silversmith.models.mini import END, START, load_mini
from silversmith.sources.concept.annotations import Annotations, last_documents
from silversmith.sources.concept.backbone import TowerModel
from silversmith.sources.concept.pretraining import PretrainOptions, Trainer
from silversmith.sources.concept.run import prepare
from silversmith.tagger.encoders import load_encoder

STEPS, ROUNDS = 10, 3
BLOCKS = 2


def plain(trainer: Trainer, first: int) -> float:
    """Seconds of plain passes over the batches of some steps."""
    backbone, corpus = trainer.backbone, trainer.corpus
    batches = []
    for step in range(first, first + STEPS):
        texts = trainer.sampler.texts_of(step)
        names = corpus.names.of(trainer.sampler.concepts_of(step, texts).tolist())
        batches.append((corpus.states.of(texts), names))
    begin = time.monotonic()
    for (rows, lengths), (names, sizes) in batches:
        text = backbone.raise_rows(torch.from_numpy(rows), lengths)
        name = backbone.raise_names(torch.from_numpy(names), sizes)
        (text.sum() + name.sum()).backward()
        trainer.optimiser.zero_grad(set_to_none=True)
    return time.monotonic() - begin


def whole(trainer: Trainer, first: int) -> float:
    """Seconds of as many steps of training."""
    trainer.step = first
    begin = time.monotonic()
    for _ in range(STEPS):
        trainer.train_step()
        trainer.step += 1
    return time.monotonic() - begin


def main() -> None:
    """Measure and write results/benchmarks/pretrain.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--encoder", type=Path, required=True, help="folder of all-mpnet-base-v2")
    parser.add_argument("--annotated", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    some = Annotations.of(Annotations.read(arguments.annotated).documents[: arguments.documents])
    mini, original = load_mini(), load_encoder(str(arguments.encoder))
    tower = torch.nn.ModuleList(list(original.trunk.blocks)[mini.depth : mini.depth + BLOCKS])
    backbone = TowerModel(mini.trunk.taller(tower), mini.tokenizer, (START, END), mini.depth, mini.identity())
    parts = some.split(last_documents(some, 0.1))
    options = PretrainOptions(names=128)
    made = prepare(*parts, backbone, (mini, preset("open", mini.heads)), options, arguments.work)
    trainer = made.trainer
    whole(trainer, 0)  # warm
    seconds: dict[str, list[float]] = {"whole": [], "plain": []}
    for number in range(ROUNDS):
        seconds["plain"].append(plain(trainer, number * STEPS))
        seconds["whole"].append(whole(trainer, number * STEPS))
    least = {name: min(values) for name, values in seconds.items()}
    rate = STEPS * options.texts / least["whole"]
    print(f"{rate:.1f} sentences/s, {least['plain'] / least['whole']:.3f} of a plain pass")
    write_result(
        "benchmarks/pretrain",
        {"speed.pretrain.fraction_of_plain": measure(least["plain"] / least["whole"])},
        extra={"sentences_per_second": rate, "seconds": seconds},
    )


if __name__ == "__main__":
    main()
