"""Make the demo corpus, src/silversmith/demo/documents.jsonl, from marked-up text: `[Ada Lovelace|PER]`.

`--check` writes nothing and exits 1 if the committed file differs.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MARKED = ROOT / "tools" / "demo"
TARGET = ROOT / "src" / "silversmith" / "demo" / "documents.jsonl"
DOMAINS = ("news", "biomedical", "legal", "technology", "history")
TYPES = ("PER", "LOC", "ORG", "TIME", "NUM", "MISC")
MARK = re.compile(r"\[([^\[\]|]+)\|([A-Z]+)\]")


def parse(marked: str) -> tuple[str, list[list[Any]]]:
    """The plain text and its spans [start, end, label], characters, end exclusive."""
    text, spans, last = "", [], 0
    for mark in MARK.finditer(marked):
        text += marked[last : mark.start()]
        name, label = mark.groups()
        if label not in TYPES or name != name.strip():
            raise SystemExit(f"bad mark {mark.group()!r}")
        spans.append([len(text), len(text) + len(name), label])
        text += name
        last = mark.end()
    text += marked[last:]
    if "[" in text or "|" in text:
        raise SystemExit(f"a mark is not closed: {text!r}")
    return text, spans


def records(domain: str) -> Iterator[dict[str, Any]]:
    """One record a document of a domain's file."""
    lines = (MARKED / f"{domain}.txt").read_text(encoding="utf-8").splitlines()
    for head, body in zip(lines[::2], lines[1::2], strict=True):
        text, spans = parse(body)
        words = len(text.split())
        if not 60 <= words <= 150:
            raise SystemExit(f"{head}: {words} words, not 60 to 150")
        yield {"id": head.removeprefix("# "), "text": text, "spans": spans, "meta": {"domain": domain}}


def main() -> None:
    """Write the corpus, or compare it with what is committed."""
    documents = [record for domain in DOMAINS for record in records(domain)]
    content = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in documents)
    if "--check" in sys.argv:
        if TARGET.read_text(encoding="utf-8") != content:
            raise SystemExit(f"{TARGET.relative_to(ROOT)} is stale: run python tools/make_demo.py")
        return
    TARGET.write_text(content, encoding="utf-8")
    counts = Counter(span[2] for record in documents for span in record["spans"])
    words = sum(len(record["text"].split()) for record in documents)
    print(f"{len(documents)} documents, {words} words, {sum(counts.values())} spans: {dict(counts)}")


if __name__ == "__main__":
    main()
