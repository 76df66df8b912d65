"""Dictionary matching: 1.2 million tokens, 20,000 terms, beside the original algorithm; 1 million terms.

Text: the first documents of --text, cut into sentences. Terms: strings that the concept annotations mark, the
most frequent first. The original (GeNER's `annotate.py`, from its description): phrases and beginnings are
lists, beginnings with repeats, and every test scans them; it runs over the first sentences and its time is
scaled by tokens, in which its cost is linear. Both get the same tokens. The least CPU seconds of three runs
count; tables are made before the clock starts.

    python benchmarks/matching.py --text DIR --annotated FILE
"""

from __future__ import annotations

import argparse
import json
import lzma
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import measure, write_result

from silversmith.formats import read
from silversmith.text.matching import Matcher, split_tokens
from silversmith.text.sentences import split_sentences

TOKENS, TERMS, SAMPLE, MILLION = 1_200_000, 20_000, 12_000, 1_000_000


class Original:
    """Lists, scanned at every test."""

    def __init__(self, terms: Sequence[str]) -> None:
        split = [split_tokens(term.lower(), hyphens=True) for term in terms]
        self.phrases = [" ".join(one) for one in split]
        self.beginnings = [" ".join(one[:n]) for one in split for n in range(1, len(one))]
        self.longest = max(map(len, split))

    def find(self, text: str) -> list[tuple[int, int]]:
        """Matches as places of tokens, last exclusive."""
        tokens = split_tokens(text.lower(), hyphens=True)
        found, place = [], 0
        while place < len(tokens):
            end = 0
            for n in range(1, self.longest + 1):
                if place + n > len(tokens):
                    break
                candidate = " ".join(tokens[place : place + n])
                if candidate in self.phrases:
                    end = place + n
                if candidate not in self.beginnings:
                    break
            if end:
                found.append((place, end))
            place = end or place + 1
        return found


def ours(matcher: Matcher, text: str) -> list[tuple[int, int]]:
    """The same of ours, for comparison."""
    tokens = split_tokens(text.lower(), hyphens=True)
    starts, at = {}, 0
    for number, token in enumerate(tokens):
        at = text.lower().index(token, at)
        starts[at] = number
        at += len(token)
    return [
        (starts[one.start], starts[one.start] + len(split_tokens(text[one.start : one.end], hyphens=True)))
        for one in matcher.find(text)
    ]


def sentences(folder: Path) -> Iterator[str]:
    """Sentences of the texts."""
    for path in sorted(folder.glob("*.jsonl.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                text = json.loads(line)["text"]
                for start, end in split_sentences(text):
                    yield text[start:end]


def terms_of(path: Path, count: int) -> list[str]:
    """Strings that annotations mark, the most frequent first."""
    seen: dict[str, int] = {}
    for document in read(path):
        for span in document.spans:
            string = document.text[span.start : span.end].lower()
            seen[string] = seen.get(string, 0) + 1
    return sorted(seen, key=lambda one: (-seen[one], one))[:count]


def enough(texts: Iterator[str], tokens: int) -> list[str]:
    """The first sentences with so many tokens."""
    kept, total = [], 0
    for text in texts:
        kept.append(text)
        total += len(split_tokens(text, hyphens=True))
        if total >= tokens:
            return kept
    raise SystemExit(f"the texts have {total:,} tokens, {tokens:,} are needed")


def peak(folder: Path) -> None:
    """Match a million terms (distinct runs of two to five words of the texts); print the peak memory."""

    def runs() -> Iterator[str]:
        seen: set[int] = set()
        for text in sentences(folder):
            words = text.split()
            for n in range(len(words)):
                for size in range(2, 6):
                    run = " ".join(words[n : n + size])
                    if len(words) >= n + size and hash(run.lower()) not in seen:
                        seen.add(hash(run.lower()))
                        yield run

    matcher = Matcher(islice(runs(), MILLION))
    found = sum(1 for text in islice(sentences(folder), 20_000) for _ in matcher.find(text))
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    print(len(matcher.numbers), found, int(kilobytes) * 1024)


def least(run: object, rounds: int = 3) -> float:
    """The least CPU seconds of a call."""
    best = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        run()  # type: ignore[operator]
        best = min(best, time.process_time() - begin)
    return best


def main() -> None:
    """Measure and write results/benchmarks/matching.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--annotated", type=Path, required=True)
    parser.add_argument("--million", action="store_true", help="only the memory of a million terms")
    arguments = parser.parse_args()
    if arguments.million:
        peak(arguments.text)
        return
    terms = terms_of(arguments.annotated, TERMS)
    texts = enough(sentences(arguments.text), TOKENS)
    few = enough(iter(texts), SAMPLE)
    tokens, sample = (sum(len(split_tokens(one, hyphens=True)) for one in part) for part in (texts, few))
    matcher, original = Matcher(terms, hyphens=True), Original(terms)
    same = [original.find(text) for text in few] == [ours(matcher, text) for text in few]
    matches = sum(1 for text in texts for _ in matcher.find(text))
    seconds = least(lambda: [list(matcher.find(text)) for text in texts])
    slow = least(lambda: [original.find(text) for text in few], 1) * tokens / sample
    command = [
        sys.executable,
        __file__,
        "--text",
        str(arguments.text),
        "--annotated",
        str(arguments.annotated),
    ]
    told = subprocess.run([*command, "--million"], check=True, capture_output=True, text=True).stdout.split()
    print(
        f"{tokens:,} tokens, {len(terms):,} terms, {matches:,} matches: {seconds:.2f} s; same output: {same}"
    )
    print(f"the original: {slow:.0f} s scaled from {sample:,} tokens, {slow / seconds:.0f} times")
    print(f"{int(told[0]):,} terms: {int(told[2]) / 1e9:.2f} GB at most")
    if not same:
        raise SystemExit("the outputs differ")
    write_result(
        "benchmarks/matching",
        {
            "gener.match.seconds": measure(seconds),
            "gener.match.times_original": measure(slow / seconds),
            "gener.match.1m_gb": measure(int(told[2]) / 1e9),
        },
        extra={
            "tokens": tokens, "terms": len(terms), "matches": matches, "sample_tokens": sample,
            "original_seconds_scaled": slow, "million_terms": int(told[0]), "same_output": same,
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
