"""`silversmith pretrain`: an encoder that knows spans by the names of concepts, from free annotations."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.sources.concept.annotations import Annotations
    from silversmith.sources.concept.backbone import Backbone
    from silversmith.sources.concept.pretraining import PretrainOptions
    from silversmith.sources.concept.run import Pretraining

__all__ = ["pretrain"]

Annotated_ = Annotated[
    Path, typer.Argument(help="Documents whose spans carry free concepts (annotate writes them), any format.")
]
Out = Annotated[Path, typer.Option(help="Folder to write; OUT.work keeps what goes on after a kill.")]
Encoder = Annotated[str, typer.Option(help="An installed model, a folder, or a hub name in its local cache.")]
Train = Annotated[
    int,
    typer.Option(min=0, help="Upper blocks to train (encoders alone); 0: all frozen, minutes on two cores."),
]
Taps = Annotated[
    str | None,
    typer.Option(help="Depths read for a span, in blocks, with a comma: 4,6 (default: a third, a half)."),
]
NameTap = Annotated[int | None, typer.Option(min=1, help="Depth read for a name (default: the last block).")]
Held = Annotated[
    float, typer.Option(min=0.01, max=0.5, help="Share of the documents that validates: the last.")
]
Epochs = Annotated[int, typer.Option(min=1, help="Passes over the documents.")]
Texts = Annotated[int, typer.Option(min=1, help="Documents a step.")]
Names = Annotated[int, typer.Option(min=2, help="Concepts a step.")]
Rate = Annotated[float, typer.Option(help="Learning rate of the heads.")]
TowerRate = Annotated[float, typer.Option(help="Learning rate of the trained blocks.")]
Near = Annotated[float, typer.Option(help="Cosine from which two names are no negatives of each other.")]
Candidates = Annotated[str, typer.Option(help="Preset of the candidates that are the negatives.")]
Minutes = Annotated[float | None, typer.Option(help="Stop after so long; the same command goes on.")]
Threads = Annotated[int | None, typer.Option(help="Processor threads (default: torch's).")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
Format = Annotated[str | None, typer.Option(help="Format of ANNOTATED, if its name doesn't tell.")]
Json = Annotated[bool, typer.Option("--json", help="Print the closing numbers as one JSON line.")]


def pretrain(
    annotated: Annotated_,
    out: Out,
    encoder: Encoder = "mini",
    train_blocks: Train = 0,
    taps: Taps = None,
    name_tap: NameTap = None,
    held: Held = 0.05,
    epochs: Epochs = 3,
    texts: Texts = 32,
    names: Names = 192,
    rate: Rate = 1e-3,
    tower_rate: TowerRate = 1e-4,
    near: Near = 0.7,
    candidates: Candidates = "open",
    minutes: Minutes = None,
    threads: Threads = None,
    seed: Seed = 0,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Pre-train a concept encoder (NuNER): spans and names of concepts come to lie side by side.

    The frozen part of the encoder reads all text once; then only what lies on top is trained. OUT types text
    by name (silversmith label TEXTS --types "dish" --model OUT). Killed, the same command goes on to the same
    bits.

    Examples:
        silversmith pretrain annotated.jsonl --out my-encoder --encoder all-mpnet-base-v2 --taps 4,6
        silversmith pretrain annotated.jsonl --out my-encoder --encoder all-minilm-l6-v2 --train-blocks 2

    Raises:
        DataError: O001 no annotated span, O002 too few documents, F001 to F020 the file.
        ConfigError: O005 depths that the encoder has not, T001 no such preset.
        ModelError: O010 the loss is no number, S046, S047 no such model, K010 to K012 no encoder to train.
    """
    from silversmith.sources.concept.annotations import Annotations
    from silversmith.sources.concept.pretraining import PretrainOptions

    _use(threads)
    whole = Annotations.read(annotated, format)
    backbone, reading = _backbone(encoder, train_blocks, taps, name_tap)
    options = PretrainOptions(
        epochs=epochs, texts=texts, names=names, rate=rate, tower_rate=tower_rate, near=near, seed=seed
    )
    made = _prepared(whole, held, backbone, candidates, options, out.with_name(out.name + ".work"))
    begin = time.monotonic()
    if not made.trainer.run(minutes=minutes, say=_Line()):
        sys.stderr.write(f"pretrain: stopped after {minutes:g} minutes; the same command goes on\n")
        return
    record = _write(out, made, backbone, reading, annotated)
    record["seconds"] = round(time.monotonic() - begin, 1)
    made.trainer.checkpoint.remove()
    _close(record, whole, as_json=as_json)


def _use(threads: int | None) -> None:
    """Processor threads."""
    import torch

    if threads is not None:
        torch.set_num_threads(threads)


def _prepared(
    whole: Annotations, held: float, backbone: Backbone, candidates: str, options: PretrainOptions, work: Path
) -> Pretraining:
    """Read everything and set up the training."""
    from silversmith.candidates.union import preset
    from silversmith.models.mini import load_mini
    from silversmith.sources.concept.annotations import last_documents
    from silversmith.sources.concept.run import prepare

    mini = load_mini()
    parts = whole.split(last_documents(whole, held))
    return prepare(*parts, backbone, (mini, preset(candidates, mini.heads)), options, work)


def _backbone(
    encoder: str, trained: int, taps: str | None, name_tap: int | None
) -> tuple[Backbone, dict[str, Any]]:
    """The encoder as it is trained on, and what the manifest keeps of it."""
    from silversmith.models.mini import load_mini
    from silversmith.models.named import find_model, open_model
    from silversmith.sources.concept.backbone import FrozenModel, TowerModel
    from silversmith.tagger.encoders import load_encoder

    if trained:
        place = str(find_model(encoder)) if encoder != "mini" else encoder
        base = load_encoder(place)
        depth = base.trunk.config.blocks
        if trained >= depth:
            raise ConfigError("O005", f"{trained} blocks to train of {depth}", remedy="train fewer")
        tower = TowerModel(base.trunk, base.tokenizer, base.frame, depth - trained, base.identity)
        return tower, {"model": place, "blocks": depth, "trained_blocks": trained}
    model: Any = load_mini() if encoder == "mini" else open_model(encoder, None)
    depth = int(model.depth)
    chosen = (max(1, depth // 3), max(1, depth // 2)) if taps is None else _depths(taps)
    last = depth if name_tap is None else name_tap
    if max(*chosen, last) > depth or min(chosen) < 0:
        raise ConfigError("O005", f"depths {chosen} and {last}, the model has {depth} blocks")
    reading = {"model": encoder, "blocks": max(*chosen, last), "trained_blocks": 0}
    return FrozenModel(model, chosen, last), reading


def _depths(text: str) -> tuple[int, ...]:
    """Numbers with commas between."""
    try:
        return tuple(int(one) for one in text.split(","))
    except ValueError:
        raise ConfigError(
            "O005", f"depths {text!r}", remedy="write numbers with commas: --taps 4,6"
        ) from None


def _write(out: Path, made: Any, backbone: Backbone, reading: dict[str, Any], source: Path) -> dict[str, Any]:
    """The artefact."""
    from silversmith.core import checksum, write_artefact
    from silversmith.sources.concept.opening import FILE, KIND

    facts: dict[str, Any] = {}
    inputs = {source.name: checksum(source) if source.is_file() else "folder"}
    with write_artefact(
        out, KIND, command="silversmith pretrain", inputs=inputs, reading=reading, encoder=backbone.identity()
    ) as aside:
        facts = made.finish(aside / FILE, {"reading": reading}, tower=getattr(backbone, "tower", None))
    curve = facts["curve"][-1] if facts["curve"] else {}
    return {"out": str(out), "map": curve.get("map"), "nearest": curve.get("nearest"), **reading}


def _close(record: dict[str, Any], whole: Annotations, *, as_json: bool) -> None:
    """The closing numbers."""
    facts = whole.statistics()
    record |= {key: facts[key] for key in ("documents", "annotations", "concepts", "tail")}
    if as_json:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        return
    out, tail = record["out"], 100 * facts["tail"]
    lines = [
        f"{facts['documents']:,} documents, {facts['annotations']:,} annotations of "
        f"{facts['concepts']:,} concepts ({tail:.0f} % seen once)",
        f"held out: average precision {record['map']:.3f}, nearest concept right {record['nearest']:.3f}",
        f'wrote {out}; next: silversmith label TEXTS --types "a, b" --model {out}',
    ]
    sys.stdout.write("\n".join(lines) + "\n")


class _Line:
    """Progress on stderr: live on a terminal, else now and then; nothing with SILVERSMITH_QUIET."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        self.quiet, self.shown = bool(os.environ.get("SILVERSMITH_QUIET")), 0.0

    def __call__(self, numbers: dict[str, float]) -> None:
        now = time.monotonic()
        looked = "map" in numbers
        if self.quiet or (not looked and now - self.shown < (0.2 if self.live else 20.0)):
            return
        self.shown = now
        line = (
            f"pretrain: step {numbers['step']:,.0f} of {numbers['steps']:,.0f}, loss {numbers['loss']:.4f}, "
            f"{numbers['texts_per_second']:.0f} texts/s, {numbers['left']:.0f} s left"
        )
        if looked:
            line += f"; held out: map {numbers['map']:.3f}, nearest {numbers['nearest']:.3f}"
        stays = looked or not self.live
        sys.stderr.write(("\r\x1b[K" if self.live else "") + line + ("\n" if stays else ""))
        sys.stderr.flush()
