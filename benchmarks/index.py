"""The phrase index: building beside the encoder's bare forward pass; a question to a million phrases.

Building is measured in processor seconds over the first documents of --text (the share that the bare forward
pass takes, same batches, same taps), best of three, in turn. The index of a million phrases is made of real
ones: the parts of indexes that exist (--index, e.g. those of experiments.gener) stand in it as often as
needed. A question is: encode its name, scan, score the best again, read the sentences of the first ten.

    python benchmarks/index.py --text FILE --index FOLDER FOLDER ...
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import chain, cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from experiments.common import measure, write_result

from silversmith.core import Document, blocks
from silversmith.formats import read
from silversmith.models.encode import stream
from silversmith.sources.concept.opening import load_encoder
from silversmith.sources.question import PhraseIndex, build_index
from silversmith.sources.question.names import CACHE, name_vectors
from silversmith.sources.question.near import FILE, write_near
from silversmith.sources.question.phrases import taps_of

MILLION, TOP, SHOWN, TRIES = 1_000_000, 1000, 10, 6
NAMES = (
    "disease", "drug", "politician", "sports player", "city", "country", "company", "sports team", "song",
    "chemical compound", "state in the USA", "musician", "road", "mobile app", "university", "river",
)  # fmt: skip


def main() -> None:
    """Measure and write results/benchmarks/index.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--index", type=Path, nargs="+", required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    documents = [one.with_spans(()) for one in islice(read(arguments.text), arguments.documents)]
    forward, whole = building(documents)
    recall = agreement(arguments.index)
    with tempfile.TemporaryDirectory() as room:
        index = million(arguments.index, Path(room) / "million")
        numbers, again = asking(index), asking(index, known=True)
        inverted = approximate(index)
    measures = {
        "gener.index.fraction_of_forward": measure(forward / whole),
        "gener.query.ms": measure(numbers["median"], numbers["least"], numbers["most"]),
    }
    extra = {
        "forward_seconds": forward, "build_seconds": whole, "query": numbers, "query_asked_before": again,
        "inverted_file": inverted, "recall_at_1000": recall,
        "words_per_second": sum(len(one.text.split()) for one in documents) / whole,
    }  # fmt: skip
    print(json.dumps({**measures, **extra}, indent=1))
    write_result("benchmarks/index", measures, data_files=[arguments.text], extra=extra)


def building(documents: Sequence[Document]) -> tuple[float, float]:
    """Processor seconds of (the bare forward pass, the build)."""
    encoder, proposer = load_encoder()
    taps = taps_of(encoder, proposer)
    forward, whole = [], []
    for _ in range(3):
        begin = time.process_time()
        for block in blocks(documents):
            for _ in stream(encoder.model, [one.text for one in block], taps):
                pass
        forward.append(time.process_time() - begin)
        with tempfile.TemporaryDirectory() as room:
            begin = time.process_time()
            build_index(documents, Path(room) / "index", encoder, proposer)
            whole.append(time.process_time() - begin)
    return min(forward), min(whole)


def million(folders: Sequence[Path], room: Path) -> PhraseIndex:
    """An index of a million phrases, made of parts of others."""
    first = PhraseIndex.open(folders[0])
    room.mkdir()
    np.save(room / "rotation.npy", first.rotation)
    names, count = [], 0
    for part in cycle(one for folder in folders for one in PhraseIndex.open(folder).parts):
        target = room / f"part-{len(names):05}"
        target.mkdir()
        for path in part.folder.iterdir():
            try:
                os.link(path, target / path.name)
            except OSError:
                (target / path.name).write_bytes(path.read_bytes())
        names.append(target.name)
        count += len(part.phrases)
        if count >= MILLION:
            break
    return PhraseIndex(room, {**first.manifest, "parts": names})


def asking(index: PhraseIndex, known: bool = False) -> dict[str, float]:
    """Milliseconds of a question, best of some tries, over the names. known: the name was asked before."""
    encoder, _ = load_encoder()
    for name in NAMES if known else NAMES[:3]:  # the files come into the system's cache
        list(index.places(index.search(name_vectors(index.folder, encoder, [name])[0], SHOWN)[0].tolist()))
    tries: list[list[float]] = [[] for _ in NAMES]
    for name, taken in [pair for _ in range(TRIES) for pair in zip(NAMES, tries, strict=True)]:
        if not known:
            (index.folder / CACHE).unlink(missing_ok=True)
        begin = time.perf_counter()
        numbers, _ = index.search(name_vectors(index.folder, encoder, [name])[0], TOP)
        places = list(index.places(numbers[:SHOWN].tolist()))
        taken.append(1000 * (time.perf_counter() - begin))
        assert len(places) == SHOWN
    best = [min(taken) for taken in tries]
    return {
        "phrases": len(index), "median": statistics.median(best), "least": min(best), "most": max(best),
        "median_of_all_tries": statistics.median(chain.from_iterable(tries)),
    }  # fmt: skip


def approximate(index: PhraseIndex) -> dict[str, float]:
    """The inverted file: seconds to make it, bytes a phrase, milliseconds, recall of the first thousand.

    Phrases stand in the million several times, so that equal scores are many: a phrase counts as found if its
    score is at least that of the thousandth by whole vectors.
    """
    encoder, _ = load_encoder()
    vectors = encoder.names(list(NAMES))
    exact = [index.search(vector, TOP, exact=True)[1] for vector in vectors]
    begin = time.perf_counter()
    write_near(index.folder / FILE, [one.codes for one in index.parts], [one.scales for one in index.parts])
    made = time.perf_counter() - begin
    index = PhraseIndex(index.folder, index.manifest)
    index.search(vectors[0], TOP)
    found, taken = [], []
    for vector, scores in zip(vectors, exact, strict=True):
        begin = time.perf_counter()
        near = index.search(vector, TOP)[1]
        taken.append(1000 * (time.perf_counter() - begin))
        found.append(float((near >= scores[-1] - 1e-6).sum()) / TOP)
    return {
        "seconds_to_make": made, "bytes_a_phrase": (index.folder / FILE).stat().st_size / len(index),
        "search_ms": statistics.median(taken), "recall_at_1000": float(np.mean(found)),
    }  # fmt: skip


def agreement(folders: Sequence[Path]) -> float:
    """Recall at 1,000 of search against exact search, mean over names and indexes."""
    encoder, _ = load_encoder()
    found = []
    for folder in folders:
        index = PhraseIndex.open(folder)
        for vector in encoder.names(list(NAMES)):
            near, _ = index.search(vector, TOP)
            exact, _ = index.search(vector, TOP, exact=True)
            found.append(len(np.intersect1d(near, exact)) / len(exact))
    return float(np.mean(found))


if __name__ == "__main__":
    main()
