"""Speed and memory from documents to the activations of an autoencoder, beside the usual tools.

Model: Gemma 3 270M at block 9 (--model; else a random model of its shape). Autoencoders: random directions,
a threshold at which about 60 latents of a piece are active. Documents with gold spans are packed by length
into batches of 4,096 tokens, the same for all. Paths (see features_paths.py), each in a process of its own:
(a) sae-lens by its tutorial (run_with_cache of the whole model, then encode), (b) sae-lens with
stop_at_layer, (c) transformers' hidden states, dense encoder, top k, (d) nnsight with an early stop,
(e) silversmith: all pieces; pieces of gold spans only; top k. Each of (a) to (d) races (e): they take the
batches in turn, so that whatever else the machine does meets both, --rounds times, and of each batch the
least time counts. The results of one size stand beside those of earlier runs.

    python benchmarks/features.py --data DIR/dev.jsonl.gz --python PATH [--nnsight-python PATH]
        [--latents 16384 65536 131072] [--tokens 50000] [--clock wall|cpu] [--threads 2] [--model DIR]
    python benchmarks/features.py --data DIR/dev.jsonl.gz --latents 1048576 --tokens 2048   # ours alone

--python: an interpreter with sae-lens; --nnsight-python: one with nnsight (default: that of --python).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from experiments.common import RESULTS, measure, write_result
from features_paths import BLOCK, TOP
from features_setup import make_sae, prepare

ROOT = Path(__file__).resolve().parent.parent
WAYS = ("", "spans", "neighbours", "topk")
OTHERS = ("saelens_stop", "transformers_topk", "nnsight_stop")
WIDE = 1_000_000
"""Above so many latents only ours is run."""


class Worker:
    """A path in its process. loaded: MB after loading and a first small batch."""

    def __init__(self, name: str, python: str, work: Path, sae: Path, threads: int) -> None:
        words = [python, "-W", "ignore", str(ROOT / "benchmarks/features_paths.py"), name]
        self.name = name
        self.process = subprocess.Popen(
            [*words, str(work), str(sae), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(work / f"{name}.log").open("w", encoding="utf-8"),
            text=True,
        )
        self.facts = self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line of the process. Ends the program, naming the log, if it died."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} died: {Path(self.log()).read_text(encoding='utf-8')[-2000:]}")
        found: dict[str, Any] = json.loads(line)
        return found

    def log(self) -> str:
        """Where its messages are."""
        return str(Path(self.process.args[5]) / f"{self.name}.log")  # type: ignore[index]

    def run(self, batch: int, way: str) -> dict[str, Any]:
        """One batch."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{batch} {way}\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self) -> None:
        """Let it go."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def gemm_peak(threads: int) -> float:
    """GFLOP/s of the best of many square products: what the machine gives now."""
    import torch

    torch.set_num_threads(threads)
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    out = torch.empty(1024, 1024)
    best = np.inf
    for _ in range(30):
        begin = time.perf_counter()
        torch.mm(a, b, out=out)
        best = min(best, time.perf_counter() - begin)
    return 2 * 1024**3 / best / 1e9


def race(rivals: Sequence[str], ways: Sequence[str], a: Any, work: Path, sae: Path) -> dict[str, Any]:
    """A rival and ours, batch by batch in turn: name -> seconds (least of the rounds, summed), MB."""
    workers = {
        name: Worker(name, _python(name, a), work, sae, a.threads) for name in (*rivals, "silversmith")
    }
    runs = [*((name, "") for name in rivals), *(("silversmith", way) for way in ways)]
    batches = len(json.loads((work / "batches.json").read_text(encoding="utf-8"))) - 1
    times = np.full((len(runs), a.rounds, batches), np.inf)
    peaks = np.zeros((2, len(runs)))
    for turn in range(a.rounds):
        for batch in range(batches):
            for place, (name, way) in enumerate(runs):
                found = workers[name].run(batch + 1, way)
                times[place, turn, batch] = found[a.clock]
                peaks[:, place] = np.maximum(peaks[:, place], [found["peak_mb"], found["peak_ever_mb"]])
                print(f"{name} {way} {batch + 1}/{batches} {found}", file=sys.stderr, flush=True)
    for worker in workers.values():
        worker.end()
    return {
        "_".join(filter(None, run)): {
            "seconds": float(times[place].min(axis=0).sum()),
            "loaded_mb": workers[run[0]].facts["loaded_mb"],
            "above_mb": max(0.0, peaks[0, place] - workers[run[0]].facts["loaded_mb"]),
            "peak_mb": peaks[0, place],
            "peak_with_loading_mb": peaks[1, place],
            "peak_is_exact": workers[run[0]].facts["peak_is_exact"],
        }
        for place, run in enumerate(runs)
    }


def _python(name: str, a: argparse.Namespace) -> str:
    if name.startswith("saelens"):
        return str(a.python)
    return str(a.nnsight_python or a.python) if name.startswith("nnsight") else sys.executable


def rates(found: dict[str, Any], facts: dict[str, Any], latents: int, peak: float) -> None:
    """Add words a second and, for ours, FLOPs against the least possible and the machine's best product."""
    forward, encoder = facts["forward_flop"], 2 * facts["width"] * latents
    rows = {"silversmith_spans": facts["span_pieces"], "silversmith_neighbours": facts["neighbour_pieces"]}
    for name, one in found.items():
        encoded = rows.get(name, facts["pieces"]) * encoder
        one["words_per_second"] = facts["words"] / one["seconds"]
        if name.startswith("silversmith"):
            done = facts["padded_512"] * forward + encoded
            one["flop_done_over_least"] = done / (facts["pieces"] * forward + encoded)
            one["gflop_per_second"] = done / one["seconds"] / 1e9
            one["fraction_of_gemm_peak"] = one["gflop_per_second"] / peak


def ratio(pair: dict[str, Any], rival: str, ours: str, key: str) -> float:
    """The rival's value over ours, both of one race."""
    return float(pair[rival][key] / pair[ours][key])


def measures_of(races: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """The targets' keys, from the races with 131,072 latents; "best other": where ours gains least."""
    others = [(races[name], name) for name in OTHERS if name in races]
    found = {
        "speed.features.times_best_other": min(ratio(*one, "silversmith", "seconds") for one in others),
        "speed.features.times_best_other_spans_only": min(
            ratio(*one, "silversmith_spans", "seconds") for one in others
        ),
        "memory.features.fraction_of_best_other": 1
        / min(ratio(*one, "silversmith", "above_mb") for one in others),
        "memory.features.total_fraction_of_best_other": 1
        / min(ratio(*one, "silversmith", "peak_mb") for one in others),
    }
    if (name := "saelens_tutorial") in races:
        key = "speed.features.times_saelens_tutorial"
        found[key] = ratio(races[name], name, "silversmith", "seconds")
    return {key: measure(value) for key, value in found.items()}


def one_width(a: argparse.Namespace, work: Path, facts: dict[str, Any], latents: int) -> dict[str, Any]:
    """All races at one width: rival -> path -> facts."""
    wide = latents >= WIDE
    sae = make_sae(work, latents, ours=wide)
    peak, races = gemm_peak(a.threads), {}
    for rival in [""] if wide else a.rivals:
        ways = WAYS if rival == "transformers_topk" else WAYS[: 1 if wide or rival not in OTHERS else 2]
        races[rival or "alone"] = race([rival] if rival else [], ways, a, work, sae)
        peak = max(peak, gemm_peak(a.threads))
    for one in races.values():
        rates(one, facts, latents, peak)
    return {"gemm_gflops": peak, "races": races}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="documents with spans")
    parser.add_argument("--model", type=Path, help="folder of Gemma 3 270M (default: the installed one)")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--nnsight-python")
    parser.add_argument("--latents", type=int, nargs="+", default=[16384, 65536, 131072])
    parser.add_argument("--tokens", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--batch", type=int, default=4096, help="tokens a batch")
    parser.add_argument("--rivals", nargs="+", default=[*OTHERS, "saelens_tutorial"])
    parser.add_argument("--work", type=Path, help="where models are made (default: a temporary folder)")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = a.work or Path(temporary)
        facts = prepare(work, a.data, a.model, a.tokens, a.batch)
        name = RESULTS / "benchmarks/features.json"
        old = json.loads(name.read_text(encoding="utf-8")) if name.is_file() else {}
        widths, measures = old.get("widths", {}), old.get("measures", {})
        for latents in a.latents:
            found = one_width(a, work, facts, latents)
            how = {
                "tokens": a.tokens,
                "batch": a.batch,
                "rounds": a.rounds,
                "clock": a.clock,
                "threads": a.threads,
            }
            widths[str(latents)] = {**how, "facts": facts, **found}
            if latents == 131_072 and not set(OTHERS) - set(a.rivals):
                measures |= measures_of(found["races"])
            if latents >= WIDE:
                gigabytes = found["races"]["alone"]["silversmith"]["peak_with_loading_mb"] * 1.048576 / 1000
                measures["memory.features.1m_gb"] = measure(gigabytes)
            extra = {"widths": widths, "block": BLOCK, "top_k": TOP}
            command = "python benchmarks/features.py --data DIR --python PATH"
            write_result("benchmarks/features", measures, command, [a.data], extra)
            print(json.dumps({**measures, str(latents): found}, indent=1))


if __name__ == "__main__":
    main()
