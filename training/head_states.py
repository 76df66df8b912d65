"""Trunk states of the head corpora, computed once: windows of a few sentences, words, and all taps.

    python training/head_states.py --trunk FOLDER --pos FOLDER --concepts FILE --out FOLDER

For each corpus (pos-train, pos-dev, pos-test, mentions) it writes `NAME.jsonl` (text, words, gold) and
shards `NAME-00000.npy`, float16 [pieces, taps, width], with `NAME-00000.offsets.npy`, int32 [pieces, 3]
(window, start, end). Run it again and it goes on after the last whole shard.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from silversmith.models.trunk import Trunk, load_trunk
from silversmith.text.words import split_words

SHARD, BATCH, TAPS = 1024, 32, (0, 1, 2, 3, 4)
LAST_TRAINED = 11400
NO_BLANK_BEFORE = re.compile(r"[.,;:!?%)\]}…]+|['’](?:s|re|ve|ll|d|m)|n['’]t|''|”", re.IGNORECASE)


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a gzipped JSON lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def render(tokens: list[str], natural: bool) -> tuple[str, list[tuple[int, int]]]:
    """The text of a tokenised sentence, natural or with a blank between all tokens, and its words."""
    text, words, glue = "", [], True
    for token in tokens:
        if not (glue or (natural and NO_BLANK_BEFORE.fullmatch(token))):
            text += " "
        words.append((len(text), len(text) + len(token)))
        text += token
        glue = natural and token in {"(", "[", "{", "``", "“", "$", "-"}
    return text, words


def pos_windows(path: Path, seed: int) -> Iterator[dict[str, Any]]:
    """Windows of one to five consecutive sentences of a source; one in three keeps blanks everywhere."""
    rng = random.Random(seed)
    group: list[dict[str, Any]] = []
    wanted = 1
    for one in [*lines(path), {"source": None, "tokens": []}]:
        size = sum(len(other["tokens"]) for other in group) + len(one["tokens"])
        if group and (len(group) >= wanted or one["source"] != group[0]["source"] or size > 150):
            text, words, tags = "", [], []
            natural = rng.random() < 2 / 3
            for other in group:
                more, places = render(other["tokens"], natural)
                text += " " if text else ""
                words += [(a + len(text), b + len(text)) for a, b in places]
                text, tags = text + more, tags + other["upos"]
            yield {"text": text, "words": words, "gold": tags}
            group, wanted = [], rng.choice([1, 1, 2, 3, 5])
        group.append(one)


def mention_windows(path: Path, seed: int) -> Iterator[dict[str, Any]]:
    """Half the sentences alone, the others two to four together; the last 600 sentences validate.

    Any fixed order will do; this one, by the text of the ids, made the shipped weights.
    """
    rng = random.Random(seed)
    everything = lines(path)
    held = [one for one in everything if int(one["id"][1:]) > LAST_TRAINED]
    trained = everything[: len(everything) - len(held)]
    early = [one for one in trained if one["id"] <= f"s{LAST_TRAINED}"]
    late = [one for one in trained if one["id"] > f"s{LAST_TRAINED}"]
    for name, part in (("train", early), ("train", late), ("validation", held)):
        place = 0
        while place < len(part):
            group = part[place : place + rng.choice([1, 1, 1, 2, 3, 4])]
            place += len(group)
            text, spans = "", set()
            for one in group:
                text += " " if text else ""
                spans |= {(a + len(text), b + len(text)) for a, b, _ in one["spans"]}
                text += one["text"]
            if rng.random() < 1 / 3:
                text, spans = spaced(text, spans)
            yield {"text": text, "words": split_words(text), "gold": sorted(spans), "part": name}


def spaced(text: str, spans: set[tuple[int, int]]) -> tuple[str, set[tuple[int, int]]]:
    """The same text with one blank between all words, as in pre-tokenised corpora."""
    words = split_words(text)
    starts = {start: n for n, (start, _) in enumerate(words)}
    ends = {end: n for n, (_, end) in enumerate(words)}
    new, places = "", []
    for start, end in words:
        new += " " if new else ""
        places.append((len(new), len(new) + end - start))
        new += text[start:end]
    kept = {(places[starts[a]][0], places[ends[b]][1]) for a, b in spans if a in starts and b in ends}
    return new, kept


def encode(trunk: Trunk, windows: list[list[int]]) -> list[np.ndarray]:
    """float16 [pieces, taps, width] of each window of piece ids, in order."""
    order = sorted(range(len(windows)), key=lambda n: len(windows[n]))
    states: list[np.ndarray] = [np.empty(0)] * len(windows)
    for begin in range(0, len(order), BATCH):
        chosen = order[begin : begin + BATCH]
        mask = torch.zeros(len(chosen), max(len(windows[n]) for n in chosen) + 2, dtype=torch.bool)
        ids = torch.ones_like(mask, dtype=torch.long)
        for row, n in enumerate(chosen):
            ids[row, : len(windows[n]) + 2] = torch.tensor([0, *windows[n], 2])
            mask[row, : len(windows[n]) + 2] = True
        with torch.inference_mode():
            taps = torch.stack(trunk(ids, mask, TAPS), dim=2)
        for row, n in enumerate(chosen):
            states[n] = taps[row, 1 : len(windows[n]) + 1].half().numpy()
    return states


def write(name: str, windows: list[dict[str, Any]], trunk: Trunk, tokenizer: Tokenizer, out: Path) -> None:
    """All shards of one corpus that aren't there yet."""
    with (out / f"{name}.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(window, ensure_ascii=False) + "\n" for window in windows)
    for shard, begin in enumerate(range(0, len(windows), SHARD)):
        path = out / f"{name}-{shard:05}.npy"
        if path.exists():
            continue
        start = time.time()
        part = windows[begin : begin + SHARD]
        encoded = [tokenizer.encode(window["text"], add_special_tokens=False) for window in part]
        encoded_ids = [one.ids[:510] for one in encoded]
        offsets = [(begin + n, a, b) for n, one in enumerate(encoded) for a, b in one.offsets[:510]]
        np.save(out / f"{name}-{shard:05}.offsets.npy", np.array(offsets, np.int32))
        states = np.concatenate(encode(trunk, encoded_ids))
        np.save(path.with_suffix(".part.npy"), states)
        path.with_suffix(".part.npy").rename(path)
        print(f"{name} shard {shard}: {len(states) / (time.time() - start):.0f} pieces/s", flush=True)


def main() -> None:
    """Every corpus in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trunk", type=Path, required=True)
    parser.add_argument("--pos", type=Path, required=True)
    parser.add_argument("--concepts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    trunk = load_trunk(arguments.trunk / "trunk.safetensors")
    tokenizer = Tokenizer.from_file(str(arguments.trunk / "tokenizer.json"))
    corpora = {
        f"pos-{part}": list(pos_windows(arguments.pos / f"{part}.jsonl.gz", 0))
        for part in ("dev", "train", "test")
    }
    corpora["mentions"] = list(mention_windows(arguments.concepts, 0))
    for name in ("pos-dev", "mentions", "pos-train", "pos-test"):
        write(name, corpora[name], trunk, tokenizer, arguments.out)


if __name__ == "__main__":
    main()
