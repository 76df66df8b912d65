"""Tags: IOB1, IOB2, BIOES and BILOU to chunks and back, with repairs counted.

One decoder serves all schemes: a tag begins a chunk if it says so (B, S, U) or if no chunk of its type
is open; E, L, S and U end one. Only what counts as a fault differs, so the scheme is told at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from silversmith.core.document import OUTSIDE
from silversmith.formats.losses import Losses

__all__ = ["SCHEMES", "TagDecoder", "encode_tags"]

SCHEMES = ("IOB1", "IOB2", "BIOES", "BILOU")
"""Schemes that can be written."""

_LAST_AND_ONLY = {"BIOES": ("E", "S"), "BILOU": ("L", "U")}

_NAMELESS = "ENTITY"
"""The type of tags that are a bare B, I, E, S, L or U."""

_BEGIN, _END = set("BSUW"), set("ESLUW")
_PREFIXES = set("BIESLUMW")


@dataclass(slots=True)
class TagDecoder:
    """Decodes sentence by sentence and remembers what it saw, to tell the scheme and its faults."""

    prefixes: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[int]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def decode(self, tags: Sequence[str], lines: Sequence[int]) -> list[tuple[int, int, str]]:
        """Chunks (first, last + 1, type) of one sentence's tags; lines: their numbers, for examples."""
        chunks: list[tuple[int, int, str]] = []
        kind, begin, closed = "", 0, True
        for place, tag in enumerate([*tags, OUTSIDE]):
            prefix, name = _split(tag)
            line = lines[min(place, len(lines) - 1)] if lines else 0
            going_on = bool(kind) and name == kind and not closed and prefix not in _BEGIN
            if kind and not going_on:
                chunks.append((begin, place, kind))
                if not closed:
                    self._fault("unclosed", line)
            if name:
                self.prefixes[prefix] += 1
                if not going_on:
                    self._begin(prefix, name == kind, line)
                    begin = place
            kind, closed = name, prefix in _END
        return chunks

    def _begin(self, prefix: str, same_before: bool, line: int) -> None:
        """Remember how a chunk began."""
        if prefix not in _BEGIN:
            self._fault("stray", line)
        elif prefix == "B" and not same_before:
            self.counts["free"] += 1

    def _fault(self, name: str, line: int) -> None:
        self.counts[name] += 1
        examples = self.faults.setdefault(name, [])
        if len(examples) < 3:
            examples.append(line)

    @property
    def scheme(self) -> str:
        """The scheme of all tags seen so far: IOB1, IOB2, BIOES, BILOU, BMEWO, or 'none'."""
        seen = {prefix for prefix, count in self.prefixes.items() if count}
        if seen & set("MW"):
            return "BMEWO"
        if seen & set("LU"):
            return "BILOU"
        if seen & set("ES"):
            return "BIOES"
        if "B" in seen and (self.counts["free"] or not self.counts["stray"]):
            return "IOB2"
        return "IOB1" if seen & set("BI") else "none"

    def report(self, losses: Losses) -> None:
        """Note the scheme; count as repaired what breaks it."""
        scheme = self.scheme
        losses.note(f"tags read as {scheme if scheme != 'none' else 'bare types (no B or I)'}")
        faulty = {"IOB2": ["stray"], "IOB1": [], "none": []}.get(scheme, ["stray", "unclosed"])
        what = {
            "stray": f"{scheme} chunks without a beginning (made to begin)",
            "unclosed": f"{scheme} chunks without an end (made to end)",
        }
        for name in faulty:
            if self.counts[name]:
                lines = ", ".join(f"line {line}" for line in self.faults[name])
                losses.repair(what[name], lines, self.counts[name])
        if self.prefixes[""] and scheme != "none":
            losses.repair("tags without a prefix (read as I)", count=self.prefixes[""])


def encode_tags(size: int, chunks: Sequence[tuple[int, int, str]], scheme: str) -> list[str]:
    """Tags of `size` words with disjoint sorted chunks (first, last + 1, type), in a scheme of SCHEMES."""
    tags, before = [OUTSIDE] * size, (-1, "")
    for first, last, name in chunks:
        for place in range(first, last):
            tags[place] = f"I-{name}"
        if scheme != "IOB1" or before == (first, name):
            tags[first] = f"B-{name}"
        if scheme in _LAST_AND_ONLY:
            end, only = _LAST_AND_ONLY[scheme]
            tags[last - 1] = f"{only if last - first == 1 else end}-{name}"
        before = (last, name)
    return tags


def _split(tag: str) -> tuple[str, str]:
    """('B', 'PER') of 'B-PER' or 'B_PER'; ('', 'PER') of 'PER'; ('', '') of 'O'."""
    if tag == OUTSIDE:
        return "", ""
    if tag[0] in _PREFIXES and tag[1:2] in {"-", "_"} and len(tag) > 2:
        return tag[0], tag[2:]
    return (tag, _NAMELESS) if tag in _PREFIXES else ("", tag)
