"""`silversmith train-sae`: a sparse autoencoder of your own, on any model and any text."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from silversmith.models.sae_training import Settings, States

__all__ = ["train_sae"]

Corpus = Annotated[
    Path,
    typer.Argument(
        help="Text: file or folder, any format, packed JSON lines too; or a folder of .npy states."
    ),
]
Model = Annotated[
    str, typer.Option(help="mini, an installed model, a folder, or a hub name in its local cache.")
]
Block = Annotated[int, typer.Option(min=0, help="Block whose output is read, counted from 0.")]
Latents = Annotated[int, typer.Option(min=1, help="Latents of the autoencoder.")]
K = Annotated[int, typer.Option(min=1, help="Active latents a piece (jumprelu: on average).")]
Out = Annotated[Path, typer.Option(help="Folder to write.")]
Kind = Annotated[str, typer.Option(help="topk or jumprelu.")]
Tokens = Annotated[int, typer.Option(help="Pieces to read; a smaller text is read again.")]
Passes = Annotated[int, typer.Option(help="Times that each piece read is trained on.")]
Batch = Annotated[int, typer.Option(help="Pieces a step.")]
Rate = Annotated[float, typer.Option(help="Learning rate (Adam), before it falls.")]
Norm = Annotated[str, typer.Option(help="Scale of the inputs: diagonal, scalar or none.")]
Centre = Annotated[bool, typer.Option(help="Subtract the inputs' mean.")]
Outliers = Annotated[str, typer.Option(help="Pieces of huge norm (attention sinks): drop, clip or keep.")]
Factor = Annotated[float, typer.Option(help="Huge: more than this times the median norm.")]
Revive = Annotated[str, typer.Option(help="What wakes silent latents: auxk, resample or none.")]
Buffer = Annotated[float, typer.Option(help="MB of states mixed in memory.")]
Plateau = Annotated[
    int, typer.Option(min=0, help="End early after so many windows of 100 steps without a gain; 0: never.")
]
Minutes = Annotated[float, typer.Option(help="Minutes between checkpoints.")]
Context = Annotated[int | None, typer.Option(help="Longest window of the model, in tokens.")]
Dtype = Annotated[str, typer.Option(help="Numbers of the model: auto, fp32 or bf16.")]
Threads = Annotated[int | None, typer.Option(help="Processor threads (default: torch's).")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
Name = Annotated[str | None, typer.Option(help="Its name (default: that of the folder).")]
Licence = Annotated[str | None, typer.Option(help="Noted for the weights (default: the model's terms).")]
Format = Annotated[str | None, typer.Option(help="Format of CORPUS, if its name doesn't tell.")]
Json = Annotated[bool, typer.Option("--json", help="Print the closing numbers as one JSON line.")]


def train_sae(
    corpus: Corpus,
    model: Model,
    block: Block,
    latents: Latents,
    k: K,
    out: Out,
    kind: Kind = "topk",
    tokens: Tokens = 2_000_000,
    passes: Passes = 1,
    batch: Batch = 1024,
    lr: Rate = 1e-3,
    norm: Norm = "diagonal",
    centre: Centre = True,
    outliers: Outliers = "drop",
    outlier_factor: Factor = 5.0,
    revive: Revive = "auxk",
    buffer_mb: Buffer = 128.0,
    plateau: Plateau = 0,
    minutes: Minutes = 5.0,
    context: Context = None,
    dtype: Dtype = "auto",
    threads: Threads = None,
    seed: Seed = 0,
    name: Name = None,
    licence: Licence = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Train a sparse autoencoder on the states of a model, read from text as the training goes.

    Shows explained variance, L0, dead share and the time left. After a kill the same command goes on from the
    last checkpoint (in OUT.training) and ends with the same bytes. The folder loads here and in SAELens.

    Examples:
        silversmith train-sae notes/ --model mini --block 3 --latents 8192 --k 64 --out my-sae
        silversmith train-sae texts.jsonl.gz --model gemma3-270m --block 9 --latents 16384 --k 64 --out my-sae
        silversmith train-sae texts.jsonl --model mini --block 3 --latents 8192 --k 64 --kind jumprelu --out j

    Raises:
        ConfigError: S050 an option without sense, S051 stdin, S055 begun with other settings, S056 finished.
        DataError: F001 to F020 the text, S053 no text in it.
        ModelError: S026 no such block, S030 to S036 the model, S052 it diverged, S054 stored states.
    """
    values: dict[str, Any] = {
        "kind": kind, "passes": passes, "batch": batch, "lr": lr, "norm": norm, "centre": centre,
        "outliers": outliers, "outlier_factor": outlier_factor, "revive": revive, "buffer_mb": buffer_mb,
    }  # fmt: skip
    settings = _settings(latents, k, tokens, threads, {**values, "plateau": plateau, "seed": seed})
    from silversmith.models.sae_training.opening import open_states

    states = open_states(corpus, model, block, settings, format=format, dtype=dtype, context=context)
    _close(out, _train(states, settings, out, name, model, minutes, licence), as_json)


def _settings(latents: int, k: int, tokens: int, threads: int | None, values: dict[str, Any]) -> Settings:
    """What decides the training, checked before anything is read; the number of threads is set."""
    from silversmith.models.sae_training import Settings

    settings = Settings(latents, k, tokens, **values)
    if threads:
        import torch

        torch.set_num_threads(threads)
    return settings


def _train(
    states: States,
    settings: Settings,
    out: Path,
    name: str | None,
    model: str,
    minutes: float,
    licence: str | None,
) -> dict[str, Any]:
    """Train and write; the report."""
    from silversmith.models.sae_training import train
    from silversmith.models.sae_training.opening import terms_of

    licence = licence or terms_of(model) or "that of the model and of the text"
    return train(
        states,
        settings,
        out,
        name=name or out.name,
        model=Path(model).name,
        minutes=minutes,
        licences={"weights": licence},
        command="silversmith train-sae",
    )


def _close(out: Path, report: dict[str, Any], as_json: bool) -> None:
    """The closing line, or its numbers as JSON."""
    if as_json:
        sys.stdout.write(json.dumps({"out": str(out), **report}) + "\n")
        return
    sys.stdout.write(
        f"{out}: explained variance {report['explained_variance']:.3f}, L0 {report['l0']:.1f}, "
        f"{100 * report['never_active']:.1f} % of the latents never active "
        f"(on {report['held_out']:,} pieces held out); {report['pieces']:,} pieces read, "
        f"{report['outliers']:,} of huge norm\n"
    )
