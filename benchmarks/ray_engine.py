"""`tag --engine ray` beside one local process on the same processors: 100,000 documents, the same bytes.

Seconds are those of the whole commands, so Ray's start and its workers' loading count. In turn, as often as
--rounds says; the least of each counts.

The table beside the result is what a corpus of 10^9 documents would take at the measured rate: nothing but
rate, storage and an assumed price, multiplied.

    python benchmarks/ray_engine.py --tagger FOLDER --text FILE [--documents 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import measure, write_result

from silversmith.core import Document
from silversmith.formats import read, write


def main() -> None:
    """Measure and write results/benchmarks/ray_engine.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tagger", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--large", type=int, default=10**9, help="documents of the plan")
    parser.add_argument("--words", type=int, default=200, help="a document of the plan")
    parser.add_argument("--price", type=float, default=0.04, help="USD a processor hour, an assumption")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        corpus = Path(room) / "corpus.parquet"
        words = sentences(arguments.text, corpus, arguments.documents)
        taken: dict[str, list[float]] = {"local": [], "ray": []}
        for _ in range(arguments.rounds):
            for engine, all_taken in taken.items():
                all_taken.append(timed(corpus, arguments.tagger, engine))
        same = (Path(room) / "local.jsonl").read_bytes() == (Path(room) / "ray.jsonl").read_bytes()
        made = (Path(room) / "local.jsonl").stat().st_size
    local, ray = min(taken["local"]), min(taken["ray"])
    extra = {
        "documents": arguments.documents, "words": words, "processors": os.cpu_count(), "same_bytes": same,
        "seconds": taken, "words_per_second": {"local": words / local, "ray": words / ray},
        "output_bytes_a_document": made / arguments.documents,
    }  # fmt: skip
    print(json.dumps(extra, indent=1))
    measures = {"ray.overhead": measure(ray / local - 1)}
    table = plan(words / ray / (os.cpu_count() or 1), made / words, arguments)
    write_result("benchmarks/ray_engine", measures, data_files=[arguments.text], extra=extra, markdown=table)
    print(table)


def plan(rate: float, bytes_a_word: float, a: argparse.Namespace) -> str:
    """The table for a large corpus. rate: words a second and processor, start included."""
    words = a.large * a.words
    hours = words / rate / 3600
    lines = [
        f"# {a.large:,} documents of {a.words} words", "",
        f"At {rate:,.0f} words a second and processor (the run measured here, Ray's start included): "
        f"{hours:,.0f} processor hours, {hours * a.price:,.0f} USD at an assumed {a.price} USD an hour.", "",
        "| machines of 64 processors | hours |", "|---:|---:|",
        *(f"| {n} | {hours / 64 / n:,.0f} |" for n in (1, 8, 32, 128)), "",
        f"Storage: text about {words * 6 / 1e12:.1f} TB, output about {words * bytes_a_word / 1e12:.1f} TB "
        "as JSON lines with the text; shards of Parquet are compressed.",
    ]  # fmt: skip
    return "\n".join(lines)


def sentences(source: Path, target: Path, count: int) -> int:
    """Sentences of the documents, as often as needed, as documents; words in all."""
    texts = [
        one.text[low:high] for one in read(source) for low, high in one.sentences or [(0, len(one.text))]
    ]
    chosen = [Document(f"d{n}", text) for n, text in enumerate(islice(cycle(texts), count))]
    write(chosen, target)
    return sum(len(one.text.split()) for one in chosen)


def timed(corpus: Path, tagger: Path, engine: str) -> float:
    """Seconds of the command."""
    out = corpus.with_name(f"{engine}.jsonl")
    command = [sys.executable, "-m", "silversmith", "tag", corpus, "--tagger", tagger, "--out", out]
    begin = time.perf_counter()
    subprocess.run([*map(str, command), "--engine", engine], check=True)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
