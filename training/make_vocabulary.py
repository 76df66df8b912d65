"""What `mini` knows by heart: the most frequent concepts of the annotations, and a mention of each.

    python training/make_vocabulary.py --concepts FILE --out FOLDER/names.safetensors

Of the sentences s0001 to s11400 alone; names that stand for at least `--least` mentions, with their vectors,
and for each the annotated mention that is most alike (each string once).
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from silversmith.core import Document
from silversmith.models.concepts import ConceptEncoder
from silversmith.models.concepts.encoder import count_words
from silversmith.models.concepts.vocabulary import Vocabulary, save_vocabulary
from silversmith.models.encode import stream
from silversmith.models.mini import load_mini

LAST_TRAINED = 11400


def main() -> None:
    """Count, encode, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--concepts", type=Path, required=True)
    parser.add_argument("--least", type=int, default=5)
    parser.add_argument("--mentions", type=int, default=1800, help="at most so many, of the first names")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    sentences = []
    with gzip.open(a.concepts, "rt", encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            if int(one["id"][1:]) <= LAST_TRAINED:
                spans = [(start, end, " ".join(name.lower().split())) for start, end, name in one["spans"]]
                sentences.append((one["text"], spans))
    counts = Counter(name for _, spans in sentences for *_, name in spans)
    names = sorted(
        (name for name, n in counts.items() if n >= a.least), key=lambda name: (-counts[name], name)
    )
    encoder = load_mini().concept
    numbers = np.array([counts[name] for name in names])
    known = Vocabulary.of(names, encoder.names(names), numbers, encoder.background)
    known = known.with_mentions(*mentions_of(sentences, known, encoder, a.mentions))
    save_vocabulary(a.out, known)
    size = a.out.stat().st_size / 1e6
    print(f"{len(names):,} names, {len(known.mentions):,} mentions, {size:.2f} MB: {known.mentions[:5]}")


def mentions_of(
    sentences: Sequence[tuple[str, list[tuple[int, int, str]]]],
    known: Vocabulary,
    encoder: ConceptEncoder,
    most: int,
) -> tuple[list[tuple[str, str]], NDArray[np.float32]]:
    """For each name the most alike of its mentions whose string is not taken yet, and their vectors.

    most: no more than so many.
    """
    place = {name: n for n, name in enumerate(known.names)}
    rated: list[list[tuple[float, str, NDArray[np.float32]]]] = [[] for _ in place]
    texts = [text for text, _ in sentences]
    for number, encoded in stream(encoder.model, texts, encoder.taps):
        text, spans = sentences[number]
        marked = [span for span in spans if span[2] in place]
        if not marked:
            continue
        places = np.array([span[:2] for span in marked], np.int32)
        vectors = encoder.spans(encoded, places, count_words(Document("x", text), places))
        for (start, end, name), vector in zip(marked, vectors, strict=True):
            likeness = float(vector @ known.vectors[place[name]])
            rated[place[name]].append((-likeness, text[start:end], vector))
    chosen, taken = [], set()
    for name, some in zip(known.names, rated, strict=True):
        for _, text, vector in sorted(some, key=lambda one: one[:2]):
            if text.lower() not in taken:
                taken.add(text.lower())
                chosen.append((text, name, vector))
                break
    del chosen[most:]
    return [one[:2] for one in chosen], np.array([one[2] for one in chosen], np.float32)


if __name__ == "__main__":
    main()
