"""Speed and memory of `silversmith label`.

Speed: blocks of documents go in turn through (a) `label` of the bundled mapping and (b) tokenising and the
bare trunk on the same windows and batches, float32, three rounds; words a second of (a) over (b).
Memory: peak of a process that labels N documents and of one that labels 10 N.

    python benchmarks/label.py [--documents 128] [--threads 2]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import measure, write_result

from silversmith.core import Document, blocks
from silversmith.formats import read
from silversmith.sources.features.opening import open_features
from silversmith.text import split_words

ROUNDS = 3
PEAK = (
    "import sys; sys.argv = sys.argv[1:]\n"
    "from silversmith.cli.main import run\ntry: run()\n"
    "except SystemExit: pass\n"
    "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
)
"""The kernel's high-water mark of this program alone; ru_maxrss would begin with that of its parent."""


def corpus(count: int, joined: Sequence[int] = (1, 5, 7)) -> list[Document]:
    """Documents of about 100 words a text joined: the demo corpus's under new ids."""
    import silversmith.demo

    folder = Path(silversmith.demo.__file__).parent
    texts = [one.text for path in sorted(folder.glob("*.jsonl")) for one in read(path)]
    found = []
    for number in range(count):
        parts = [texts[(number * step + step) % len(texts)] for step in joined]
        found.append(Document(f"d{number}", "\n".join(parts)))
    return found


def speed(documents: list[Document]) -> tuple[float, float]:
    """(words/s of label, words/s of the bare trunk), medians of the rounds, taken in turn."""
    source = open_features("general", "mini", None)
    words = sum(len(split_words(one.text)) for one in documents)
    ours, bare = [], []
    for _ in range(ROUNDS):
        seconds = [0.0, 0.0]
        for block in blocks(documents, 64):
            begin = time.perf_counter()
            for _votes in source.label(block):
                pass
            middle = time.perf_counter()
            source.model.encode([one.text for one in block], [source.model.depth])
            seconds[0] += middle - begin
            seconds[1] += time.perf_counter() - middle
        ours.append(words / seconds[0])
        bare.append(words / seconds[1])
    return statistics.median(ours), statistics.median(bare)


def peak(documents: list[Document], folder: Path) -> float:
    """Peak resident memory (GB) of a process that labels the documents."""
    source = folder / f"in-{len(documents)}.jsonl"
    with source.open("w", encoding="utf-8") as file:
        for one in documents:
            file.write(json.dumps({"id": one.id, "text": one.text}) + "\n")
    words = ["silversmith", "label", str(source), "--out", str(folder / "out.jsonl")]
    run = subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True)
    return int(run.stdout.split()[-1]) / 1e6


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=128, help="of the speed run, of about 300 words")
    parser.add_argument(
        "--few", type=int, default=256, help="documents of the memory run, and 10 times these"
    )
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    import torch

    torch.set_num_threads(a.threads)
    documents = corpus(a.documents)
    ours, bare = speed(documents)
    with tempfile.TemporaryDirectory() as folder:
        small = peak(corpus(a.few, (1,)), Path(folder))
        large = peak(corpus(10 * a.few, (1,)), Path(folder))
    measures = {
        "speed.label.fraction_of_forward": measure(ours / bare),
        "memory.label.ratio_10x": measure(large / small),
    }
    extra = {"words_per_second": ours, "bare_words_per_second": bare, "peak_gb": [small, large]}
    print(json.dumps({**measures, **extra}, indent=1))
    write_result("benchmarks/label", measures, extra=extra)


if __name__ == "__main__":
    main()
