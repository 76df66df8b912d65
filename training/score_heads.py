"""The shipped heads on held-out text: part-of-speech accuracy on dev and test, mention ranking on validation.

    python training/score_heads.py --pos FOLDER --concepts FILE --out results/heads.json

Windows as in training (head_states.py): one to five sentences, one in three with blanks between all words.
The mention head is scored on the sentences s11401 to s12000, which no weight saw: recall of the annotated
mentions among the spans that it gives at least 0.2, and those spans a word.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from head_states import mention_windows, pos_windows
from silversmith.core import blocks
from silversmith.models.encode import Encoded
from silversmith.models.heads import UPOS
from silversmith.models.mini import Mini, load_mini

LEAST = 0.2


def encoded(model: Mini, windows: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Encoded]]:
    """Each window with its states."""
    for block in blocks(windows):
        yield from zip(block, model.encode([one["text"] for one in block], model.heads.taps), strict=True)


def tagging(model: Mini, windows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Share of right tags, in all and by tag."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for window, states in encoded(model, windows):
        vectors, _ = model.heads.read(window["text"], window["words"], states)
        found = model.heads.tags(vectors)
        for tag, number in zip(window["gold"], found.tolist(), strict=True):
            total[tag] += 1
            right[tag] += UPOS[number] == tag
    by_tag = {tag: round(right[tag] / total[tag], 4) for tag in sorted(total)}
    return {"accuracy": round(right.total() / total.total(), 4), "words": total.total(), "by_tag": by_tag}


def mentions(model: Mini, windows: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Recall of the annotated mentions, and spans a word, at LEAST."""
    gold = found = hit = words = 0
    for window, states in encoded(model, windows):
        _, vectors = model.heads.read(window["text"], window["words"], states)
        spans = model.heads.mentions(vectors, LEAST)
        places = np.array(window["words"]).reshape(-1, 2)
        given = {
            (int(places[a, 0]), int(places[b - 1, 1])) for a, b in zip(spans.start, spans.end, strict=True)
        }
        wanted = {tuple(one) for one in window["gold"]}
        gold, found, hit = gold + len(wanted), found + len(given), hit + len(wanted & given)
        words += len(places)
    return {"recall": round(hit / gold, 4), "spans_a_word": round(found / words, 4), "mentions": gold}


def main() -> None:
    """Score and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pos", type=Path, required=True)
    parser.add_argument("--concepts", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    model = load_mini()
    parts = {part: pos_windows(a.pos / f"{part}.jsonl.gz", 0) for part in ("dev", "test")}
    held = (one for one in mention_windows(a.concepts, 0) if one["part"] == "validation")
    record = {
        "command": "python training/score_heads.py",
        "part_of_speech": {part: tagging(model, windows) for part, windows in parts.items()},
        "mentions": mentions(model, held),
    }
    a.out.write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(record))


if __name__ == "__main__":
    main()
