"""Speed and memory of `silversmith tag` with a MiniLM student, beside GLiNER and spaCy.

Speed: the demo corpus, three documents joined, in batches of 1 and of 32 documents, taken in turn by every
program, three rounds, the median: the tagger in torch, its ONNX and 8-bit ONNX; GLiNER in its small-size
configuration with random weights (`--python` of an environment that has gliner; the work is the same with
any weights) and spaCy's en_core_web_sm (the same environment or another).
8-bit loss: F1 of the 8-bit tagger against that of the tagger, on labelled documents (`--gold`).
Memory: peak of a process that tags N documents and of one that tags 10 N.

    python benchmarks/tag.py --tagger FOLDER [--gold test.jsonl] [--python PATH] [--threads 2]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.label import corpus
from experiments.common import measure, write_result

from silversmith.core import Document
from silversmith.evaluation import evaluate
from silversmith.formats import read
from silversmith.tagger.export.onnx_export import export_onnx
from silversmith.tagger.opening import open_tagger
from silversmith.text import split_words

ROUNDS = 3
HERE = Path(__file__).resolve().parent
PEAK = (
    "import resource, sys; sys.argv = sys.argv[1:]\n"
    "from silversmith.cli.main import run\ntry: run()\n"
    "except SystemExit: pass\n"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
)
Tagging = Callable[[list[Document], int], float]
"""Documents and their number a batch -> seconds."""


def ours(tagger: Any) -> Tagging:
    """One of our taggers."""

    def seconds(documents: list[Document], size: int) -> float:
        begin = time.perf_counter()
        for first in range(0, len(documents), size):
            list(tagger.label(documents[first : first + size]))
        return time.perf_counter() - begin

    return seconds


class Other:
    """A program in another environment: one JSON line a request (benchmarks/other_taggers.py)."""

    def __init__(self, python: str, name: str, threads: int, tokenizer: Path) -> None:
        command = [python, str(HERE / "other_taggers.py"), name, str(threads), str(tokenizer)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, documents: list[Document], size: int) -> float:
        """Seconds, measured there."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"texts": [one.text for one in documents], "size": size}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the other program ended; run it by hand to see why")
        return float(json.loads(line)["seconds"])


def speeds(programs: dict[str, Tagging], documents: list[Document], size: int) -> dict[str, float]:
    """Words a second of each, median of rounds taken in turn, after a warm-up."""
    words = sum(len(split_words(one.text)) for one in documents)
    found: dict[str, list[float]] = {name: [] for name in programs}
    for program in programs.values():
        program(documents[:4], size)
    for _ in range(ROUNDS):
        for name, program in programs.items():
            found[name].append(words / program(documents, size))
    return {name: round(statistics.median(rates), 1) for name, rates in found.items()}


def peak(tagger: Path, count: int, folder: Path) -> float:
    """Peak resident memory (GB) of a process that tags `count` documents."""
    source = folder / f"in-{count}.jsonl"
    with source.open("w", encoding="utf-8") as file:
        for one in corpus(count):
            file.write(json.dumps({"id": one.id, "text": one.text}) + "\n")
    words = ["silversmith", "tag", str(source), "--tagger", str(tagger), "--out", str(folder / "out.jsonl")]
    run = subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True)
    return int(run.stdout.split()[-1]) / 1e6


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tagger", type=Path, required=True, help="a trained MiniLM student")
    parser.add_argument("--gold", type=Path, help="labelled documents for the loss of 8 bits")
    parser.add_argument("--python", help="interpreter of an environment with gliner")
    parser.add_argument("--spacy-python", help="interpreter of an environment with en_core_web_sm")
    parser.add_argument("--documents", type=int, default=64, help="of the speed run")
    parser.add_argument("--memory-documents", type=int, default=256, help="and ten times as many")
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    import torch

    torch.set_num_threads(a.threads)
    measures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room)
        export_onnx(a.tagger, folder / "onnx")
        export_onnx(a.tagger, folder / "int8", int8=True)
        taggers = {"torch": open_tagger(a.tagger)}
        taggers |= {name: open_tagger(folder / name, threads=a.threads) for name in ("onnx", "int8")}
        programs: dict[str, Tagging] = {name: ours(one) for name, one in taggers.items()}
        tokenizer = a.tagger / "tokenizer.json"
        if a.python:
            programs["gliner_small"] = Other(a.python, "gliner", a.threads, tokenizer)
        if a.spacy_python:
            programs["en_core_web_sm"] = Other(a.spacy_python, "spacy", a.threads, tokenizer)
        documents = corpus(a.documents)
        extra: dict[str, Any] = {
            f"words_per_second.batch_{size}": speeds(programs, documents, size) for size in (1, 32)
        }
        if a.python:
            rates = extra["words_per_second.batch_32"]
            measures["speed.tag.times_gliner_small"] = measure(rates["int8"] / rates["gliner_small"])
        if a.gold:
            gold = list(read(a.gold))
            f1 = {name: evaluate(gold, one.tag(gold)).weighted.f1 for name, one in taggers.items()}
            measures["speed.tag.int8_f1_loss"] = measure(f1["torch"] - f1["int8"])
            extra["weighted_f1"] = f1
        small, large = (
            peak(folder / "int8", count, folder) for count in (a.memory_documents, 10 * a.memory_documents)
        )
        measures["memory.tag.ratio_10x"] = measure(large / small)
        extra["peak_gb"] = [small, large]
    print(json.dumps({**measures, **extra}, indent=1))
    write_result("benchmarks/tag", measures, extra=extra)


if __name__ == "__main__":
    main()
