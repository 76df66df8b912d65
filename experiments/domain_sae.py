"""A domain's own autoencoder against a general one of equal size and budget: typing on AnEM.

    python -m experiments.domain_sae --data DIR --text DIR --work DIR

Both read the last block of mini's trunk; equal latents, pieces and seeds, other text: the biomedical sources
of --text, or all sources in their natural mixture. States are written once an arm (2 bytes x 768 a piece) and
dropped after its last seed. Everything in --work is kept from run to run: a killed run goes on where it was.
Weighted F1 on gold spans, mapping fitted on train: on the development split, and on test once, at the end.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from experiments.cached_model import CachedModel
from experiments.common import RESULTS, measure, write_result
from experiments.features_setup import typed_documents
from numpy.typing import NDArray

from silversmith.candidates.union import preset
from silversmith.core import Document, track
from silversmith.core.artefact import Artefact
from silversmith.evaluation import (
    DocumentCounts,
    bootstrap,
    bootstrap_difference,
    document_counts,
    exact_counts,
)
from silversmith.formats import read
from silversmith.models.mini import load_mini
from silversmith.models.sae_formats import read_sae
from silversmith.models.sae_training import (
    Settings,
    StoredStates,
    TextStates,
    choose_text,
    stored_files,
    train,
)
from silversmith.sources.features import Mapping, Options
from silversmith.sources.features.corpus import read_corpus
from silversmith.sources.features.reading import Reader

BIOMEDICAL = (
    "openstax-microbiology", "openstax-anatomy", "openstax-nursing", "plos", "craft", "oastm-bio", "pubmedqa",
)  # fmt: skip
ARMS = ("domain", "general")
SHARD = 65_536


def main() -> None:
    """Train what is missing, score, write results/domain_sae.json."""
    a = _parser().parse_args()
    torch.set_num_threads(a.threads)
    mini = load_mini(a.model)
    a.work.mkdir(parents=True, exist_ok=True)
    for arm in ARMS:
        _train_arm(arm, mini, a)
    rows = [_scored(arm, seed, mini, a) for arm in ARMS for seed in range(a.seeds)]
    shown = [{key: value for key, value in row.items() if key != "counts"} for row in rows]
    measures = _measures(rows, a.seeds)
    files = [a.data / "anem" / name for name in ("train.jsonl.gz", "devsplit.json", "test.jsonl.gz")]
    extra = {"rows": shown, "tokens": a.tokens, "latents": a.latents, "k": a.k, "passes": a.passes}
    write_result(
        "domain_sae",
        measures,
        data_files=files,
        extra=extra,
        markdown=_markdown(shown, measures),
        folder=a.out,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the NER sets")
    parser.add_argument("--text", type=Path, required=True, help="folder of open text, one file a source")
    parser.add_argument("--work", type=Path, required=True, help="states, checkpoints, autoencoders, cache")
    parser.add_argument("--model", type=Path, help="another folder of mini's layout")
    parser.add_argument("--tokens", type=int, default=3_500_000)
    parser.add_argument("--latents", type=int, default=16_384)
    parser.add_argument("--k", type=int, default=64)
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=int, help="documents of each split, for a trial")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser


def _train_arm(arm: str, mini: Any, a: argparse.Namespace) -> None:
    """The autoencoders of one arm."""
    missing = [seed for seed in range(a.seeds) if not (_folder(arm, seed, a) / "manifest.json").is_file()]
    if not missing:
        return
    states = a.work / f"states-{arm}"
    _write_states(arm, mini, states, a)
    for seed in missing:
        settings = Settings(a.latents, a.k, a.tokens, batch=a.batch, passes=a.passes, seed=seed)
        stored = StoredStates(stored_files(states, mini.depth), mini.depth, mini.identity(), seed)
        begin = time.perf_counter()
        report = train(
            stored, settings, _folder(arm, seed, a), name=f"{arm}-{seed}", model="mini",
            licences={"weights": "an experiment"},
        )  # fmt: skip
        print(arm, seed, f"{time.perf_counter() - begin:.0f} s", json.dumps(report), flush=True)
    shutil.rmtree(states)


def _folder(arm: str, seed: int, a: argparse.Namespace) -> Path:
    """Where an autoencoder goes."""
    folder: Path = a.work / f"{arm}-{a.latents}-k{a.k}-{a.tokens}x{a.passes}-s{seed}"
    return folder


def _write_states(arm: str, mini: Any, folder: Path, a: argparse.Namespace) -> None:
    """The arm's states as 16-bit arrays of SHARD pieces; goes on after the last whole one."""
    folder.mkdir(exist_ok=True)
    sources = BIOMEDICAL if arm == "domain" else ("*",)
    room = a.work / f"text-{arm}"
    room.mkdir(exist_ok=True)
    for source in sources:
        for file in a.text.glob(f"{source}.jsonl.xz"):
            (room / file.name).unlink(missing_ok=True)
            (room / file.name).symlink_to(file.resolve())
    shard = min(SHARD, max(1024, a.tokens // 8))
    wanted = a.tokens // shard + 2  # one shard is held out, one is a remainder
    passages = choose_text(room, wanted * shard, 0)
    source_of = TextStates(mini, mini.depth, passages, 0)
    mark = folder / "position.json"
    done, *place = json.loads(mark.read_text()) if mark.is_file() else (0, 0, 0)
    shards = track(_shards(source_of, shard, *place), f"states {arm}", total=wanted - done)
    for number, (rows, cursor, skip) in enumerate(shards, start=done):
        if number == wanted:
            break
        path = folder / f"b{mini.depth}-{number:05}.npy"
        np.save(folder / "aside.npy", rows)
        (folder / "aside.npy").replace(path)
        mark.write_text(json.dumps([number + 1, cursor, skip]))


def _shards(
    states: TextStates, size: int, cursor: int, skip: int
) -> Iterator[tuple[NDArray[np.float16], int, int]]:
    """(rows [size, width], the place after them) from a place on."""
    buffer, filled = np.empty((size, states.width), np.float16), 0
    for place, following, found in states.chunks(cursor):
        rows, low = found.half().numpy(), skip
        skip = 0
        while low < len(rows):
            count = min(len(rows) - low, size - filled)
            buffer[filled : filled + count] = rows[low : low + count]
            low, filled = low + count, filled + count
            if filled == size:
                yield (buffer, place, low) if low < len(rows) else (buffer, following, 0)
                filled = 0


def _scored(arm: str, seed: int, mini: Any, a: argparse.Namespace) -> dict[str, Any]:
    """Typing with one autoencoder: development split and test, with and without cues."""
    folder = _folder(arm, seed, a)
    sae = read_sae(folder)
    proposer = preset("anatomy", mini.heads)
    model = CachedModel(mini, a.work / "cache", [sae.tap, *proposer.taps])
    reader = Reader(model, sae, proposer)
    row: dict[str, Any] = {"arm": arm, "seed": seed, "counts": {}}
    row |= {
        key: Artefact.open(folder, verify=False).manifest["report"][key]
        for key in ("explained_variance", "l0")
    }
    for split, (mapping, tested) in _splits(a).items():
        labels = tuple(sorted({span.label for document in (*mapping, *tested) for span in document.spans}))
        fitted_on, scored = (read_corpus(part, labels, reader) for part in (mapping, tested))
        for name, options in (("", Options()), ("_latents_alone", Options(cues=False))):
            fitted = Mapping.fit(fitted_on, options, examples=0)
            answer = fitted.predict(scored.matrix, scored.gold).p[:, :-1].argmax(axis=1)
            pairs = zip(scored.documents, typed_documents(scored, answer), strict=True)
            counts = document_counts(pairs, exact_counts)
            row["counts"][f"{split}{name}"] = counts
            row[f"{split}{name}"] = bootstrap(counts)["weighted.f1"].value
        row[f"{split}_mapped"] = len(fitted.mapped_latents())
    print(json.dumps({key: value for key, value in row.items() if key != "counts"}), flush=True)
    return row


def _splits(a: argparse.Namespace) -> dict[str, tuple[tuple[Document, ...], tuple[Document, ...]]]:
    """Development split and test of AnEM: (mapping documents, scored documents)."""
    folder = a.data / "anem"
    train_set, test = (tuple(read(folder / f"{name}.jsonl.gz")) for name in ("train", "test"))
    held = set(json.loads((folder / "devsplit.json").read_text(encoding="utf-8"))["dev_test"])
    parts = [tuple(one for one in train_set if (one.id in held) == inside) for inside in (False, True)]
    return {
        "dev": (parts[0][: a.limit], parts[1][: a.limit]),
        "test": (train_set[: a.limit], test[: a.limit]),
    }


def _measures(rows: list[dict[str, Any]], seeds: int) -> dict[str, Any]:
    """Gains, domain minus general: mean over seeds, with the mean of the paired intervals over documents."""
    by = {(row["arm"], row["seed"]): row["counts"] for row in rows}
    found = {}
    for split, key in (("test", "domain_sae.anem.typing.gain"), ("dev", "domain_sae.anem.typing.gain_dev")):
        found[key] = _gain([(by["domain", s][split], by["general", s][split]) for s in range(seeds)])
    alone = [
        (by["domain", s]["test_latents_alone"], by["general", s]["test_latents_alone"]) for s in range(seeds)
    ]
    return {**found, "domain_sae.anem.typing.gain_latents_alone": _gain(alone)}


def _gain(pairs: list[tuple[DocumentCounts, DocumentCounts]]) -> dict[str, float | None]:
    gaps = [bootstrap_difference(*pair)["weighted.f1"] for pair in pairs]
    return measure(*(fmean(getattr(gap, name) for gap in gaps) for name in ("value", "low", "high")))


def _markdown(rows: list[dict[str, Any]], measures: dict[str, Any]) -> str:
    """One table."""
    lines = [
        "# A domain's own autoencoder: typing on AnEM, weighted F1",
        "",
        "| text | seed | explained variance | dev | test | test, latents alone |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['arm']} | {row['seed']} | {row['explained_variance']:.3f} | {row['dev']:.3f} | "
            f"{row['test']:.3f} | {row['test_latents_alone']:.3f} |"
        )
    gain = measures["domain_sae.anem.typing.gain"]
    lines += [
        "",
        f"Gain on test: {gain['value']:+.3f} (95 % interval {gain['low']:+.3f} to {gain['high']:+.3f}).",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
