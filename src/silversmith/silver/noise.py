"""Noise put into gold on purpose: missing, spurious, wrongly bounded and wrongly typed spans.

The counts are those of the SAE-NER paper, decoded from its tables: at rate p, ceil(p n) of a document's
n spans are hit, drawn without replacement; low precision adds as many spans as low recall takes away,
of uniform types, where no gold is. Each document has its own draws, which hang on the seed and its id:
neither the order of documents nor the number of workers changes anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from silversmith.core import OUTSIDE, ConfigError, Document, Span
from silversmith.core.errors import nearest
from silversmith.silver.draws import document_rng
from silversmith.silver.jitter import OPERATIONS, Operation, jittered
from silversmith.silver.numbers import Count, hit_count
from silversmith.silver.places import Places

__all__ = ["KINDS", "Kind", "Noise", "NoiseTally", "perturb", "perturb_all"]

Kind = Literal["low_recall", "low_precision", "jitter", "confusion"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Noise:
    """One kind of noise.

    rate: share of spans, 0 to 1 (the paper: 0.1 to 0.7). types: type -> its own rate; then counts are
    drawn type by type. count: "ceil" is the paper's, "unbiased" rounds up or down by chance so that the
    mean is p n. cluster: the rate varies between documents as Beta(rate c, (1 - rate) c); the smaller c,
    the more the noise sits in few documents (counts are unbiased then). steps: jitter moves a border by
    1 to so many words. operations: of jitter. confusion: gold type -> type -> weight (default: uniform).
    Raises ConfigError N010 for an unknown kind, N011 for a number without sense.
    """

    kind: Kind
    rate: float = 0.5
    types: Mapping[str, float] = field(default_factory=dict)
    count: Count = "ceil"
    cluster: float | None = None
    steps: int = 1
    operations: tuple[Operation, ...] = OPERATIONS[:4]
    confusion: Mapping[str, Mapping[str, float]] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError("N010", f"noise of the kind {self.kind!r}", remedy=nearest(self.kind, KINDS))
        for name in self.operations:
            if name not in OPERATIONS:
                raise ConfigError("N010", f"the jitter operation {name!r}", remedy=nearest(name, OPERATIONS))
        bad = [value for value in (self.rate, *self.types.values()) if not 0 <= value <= 1]
        if bad or self.steps < 1 or not self.operations or (self.cluster is not None and self.cluster <= 0):
            raise ConfigError(
                "N011",
                f"noise at rate {self.rate}, types {dict(self.types)}, steps {self.steps}, "
                f"cluster {self.cluster}",
                remedy="rates go from 0 to 1, steps are at least 1, cluster is above 0",
            )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class NoiseTally:
    """What noise did; `+` adds. spans: type -> spans before. hit: type -> spans drawn. changed: type ->
    spans removed, added, moved or retyped. void: type -> spans drawn but left as they were (no valid move,
    no free place). For low precision, hit and void are of the added types."""

    documents: int = 0
    spans: Mapping[str, int] = field(default_factory=dict)
    hit: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    void: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: NoiseTally) -> NoiseTally:
        names = ("spans", "hit", "changed", "void")
        sums = (dict(Counter(getattr(self, name)) + Counter(getattr(other, name))) for name in names)
        return NoiseTally(self.documents + other.documents, *sums)

    def to_json(self) -> dict[str, Any]:
        """Plain values, each with its total."""
        names = ("spans", "hit", "changed", "void")
        return {
            "documents": self.documents,
            **{
                name: {
                    "total": sum(getattr(self, name).values()),
                    **dict(sorted(getattr(self, name).items())),
                }
                for name in names
            },
        }


def perturb_all(
    documents: Iterable[Document], noise: Noise | Sequence[Noise], labels: Sequence[str]
) -> Iterator[tuple[Document, NoiseTally]]:
    """`perturb` for each document, streaming; several noises are applied one after the other."""
    noises = [noise] if isinstance(noise, Noise) else list(noise)
    for document in documents:
        total = NoiseTally(spans=Counter(span.label for span in document.spans))
        for one in noises:
            document, tally = perturb(document, one, labels)
            total = replace(total + tally, spans=total.spans)
        yield document, replace(total, documents=1)


def perturb(document: Document, noise: Noise, labels: Sequence[str]) -> tuple[Document, NoiseTally]:
    """One document with noise, and what was done.

    labels: all types, of which low precision and confusion draw (in this order, so give it sorted).
    Changed spans carry source "noise". Raises ConfigError N012 if there is no type to draw.
    """
    if noise.kind in ("low_precision", "confusion") and not set(labels) - {OUTSIDE}:
        raise ConfigError("N012", "no type to draw from", remedy="name the types")
    rng = document_rng(document.id, noise.seed, noise.kind)
    hit = _hits(document, noise, rng)
    before = Counter(span.label for span in document.spans)
    match noise.kind:
        case "low_recall":
            gone = set(hit)
            spans = [span for at, span in enumerate(document.spans) if at not in gone]
            drawn = Counter(document.spans[at].label for at in hit)
            return document.with_spans(spans), NoiseTally(1, before, drawn, drawn, {})
        case "low_precision":
            spans, drawn, done = _added(
                document, [document.spans[at].label for at in hit], noise, labels, rng
            )
        case "jitter":
            spans, moved = jittered(document, hit, noise.steps, noise.operations, rng)
            drawn = Counter(document.spans[at].label for at in hit)
            done = Counter(document.spans[at].label for at in moved)
        case _:
            spans, drawn, done = _confused(document, hit, noise, labels, rng)
    return document.with_spans(spans), NoiseTally(1, before, drawn, done, dict(drawn - done))


def _hits(document: Document, noise: Noise, rng: np.random.Generator) -> list[int]:
    """Positions of the spans that are drawn, ascending."""
    count: Count = "unbiased" if noise.cluster is not None else noise.count
    groups: dict[str | None, list[int]] = {}
    for at, span in enumerate(document.spans):
        groups.setdefault(span.label if noise.types else None, []).append(at)
    found: list[int] = []
    for label in sorted(groups, key=str):
        members = groups[label]
        rate = noise.rate if label is None else noise.types.get(label, noise.rate)
        if noise.cluster is not None and 0 < rate < 1:
            rate = float(rng.beta(rate * noise.cluster, (1 - rate) * noise.cluster))
        number = hit_count(rate, len(members), count, rng)
        found += (members[int(at)] for at in rng.permutation(len(members))[:number])
    return sorted(found)


def _added(
    document: Document, drawn_from: list[str], noise: Noise, labels: Sequence[str], rng: np.random.Generator
) -> tuple[list[Span], Counter[str], Counter[str]]:
    """The spans with one more for each span drawn; types uniform, or the drawn spans' own with `types`."""
    places = Places(document)
    spans, drawn, done = list(document.spans), Counter[str](), Counter[str]()
    for label in drawn_from:
        label = label if noise.types else labels[int(rng.integers(len(labels)))]
        drawn[label] += 1
        place = places.take(rng)
        if place is not None:
            spans.append(Span(*place, label, source="noise"))
            done[label] += 1
    return spans, drawn, done


def _confused(
    document: Document, hit: list[int], noise: Noise, labels: Sequence[str], rng: np.random.Generator
) -> tuple[list[Span], Counter[str], Counter[str]]:
    """The spans, the drawn ones with another type."""
    spans, drawn, done = list(document.spans), Counter[str](), Counter[str]()
    for at in hit:
        span = spans[at]
        drawn[span.label] += 1
        weights = (noise.confusion or {}).get(span.label) if noise.confusion is not None else None
        weights = dict.fromkeys(labels, 1.0) if weights is None else weights
        others = {name: weight for name, weight in weights.items() if name != span.label and weight > 0}
        if others:
            shares = np.array(list(others.values())) / sum(others.values())
            label = list(others)[int(rng.choice(len(others), p=shares))]
            spans[at] = replace(span, label=label, source="noise")
            done[span.label] += 1
    return spans, drawn, done
