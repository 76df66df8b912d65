"""Statistics of noise: the counts of the SAE-NER paper's Tables 2 and 7 to 11, for any gold and silver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from silversmith.core import Document, Span
from silversmith.evaluation import Counts, exact_counts, score, token_counts
from silversmith.silver.draws import draw_ids
from silversmith.silver.noise import Kind, Noise, NoiseTally, perturb

__all__ = ["RATES", "NoiseStatistics", "Row", "noise_statistics"]

RATES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
SHARES = (0.1, 0.3)
CUTS = (0.45, 0.65)
MIDDLE = 0.5
NOISES: tuple[Kind, ...] = ("jitter", "low_precision", "low_recall")
"""In the order of Tables 9, 10 and 11."""


@dataclass(slots=True)
class Row:
    """One data set against gold, a row of Table 2: documents, entities, and exact and word counts."""

    documents: int = 0
    entities: int = 0
    exact: Counts = field(default_factory=lambda: Counts({}, {}, {}))
    words: Counts = field(default_factory=lambda: Counts({}, {}, {}))

    def add(self, gold: Document, other: Document) -> None:
        """Count one document."""
        self.documents += 1
        self.entities += len(other.spans)
        self.exact = self.exact + exact_counts([(gold, other)])
        self.words = self.words + token_counts([(gold, other)], outside=True)

    def to_json(self) -> dict[str, Any]:
        """The columns of Table 2; F1, of words (O among the types) and of spans, is weighted by support."""
        exact = score(self.exact, "exact")
        return {
            "documents": self.documents,
            "entities": self.entities,
            "token_f1": score(self.words, "words").weighted.f1,
            "entity_f1": exact.weighted.f1,
            "micro": exact.micro.to_json(),
            "fp": int(sum(self.exact.fp.values())),
            "fn": int(sum(self.exact.fn.values())),
            "density": self.entities / max(1, self.documents),
        }


@dataclass(slots=True)
class NoiseStatistics:
    """tables: title -> column -> type -> spans. rows: data set -> row of Table 2. tallies: (kind, rate)."""

    labels: tuple[str, ...]
    tables: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    tallies: dict[tuple[Kind, float], NoiseTally] = field(default_factory=dict)

    def hit_shares(self) -> dict[str, dict[str, float]]:
        """Kind -> rate -> K/G: the share of gold spans that was hit, which is above the rate."""
        found: dict[str, dict[str, float]] = {}
        for (kind, rate), tally in self.tallies.items():
            gold = sum(tally.spans.values())
            found.setdefault(kind, {})[f"{rate:.0%}"] = sum(tally.hit.values()) / max(1, gold)
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "table2": {name: row.to_json() for name, row in self.rows.items()},
            "counts": {
                title: {
                    column: {label: int(count[label]) for label in self.labels}
                    for column, count in columns.items()
                }
                for title, columns in self.tables.items()
            },
            "hit_share": self.hit_shares(),
            "noise": {f"{kind} {rate:.0%}": one.to_json() for (kind, rate), one in self.tallies.items()},
        }

    def to_markdown(self) -> str:
        """All tables, types as rows."""
        lines = ["## Data sets against gold (Table 2)", ""]
        lines.append(
            "| data set | documents | entities | F1 token | F1 entity | FP | FN | entities a document |"
        )
        lines.append("|---|---:|---:|---:|---:|---:|---:|---:|")
        for name, row in self.rows.items():
            one = row.to_json()
            scores = ["", ""] if name == "gold" else [f"{one[key]:.3f}" for key in ("token_f1", "entity_f1")]
            cells = [
                f"{one['documents']:,}",
                f"{one['entities']:,}",
                *scores,
                f"{one['fp']:,}",
                f"{one['fn']:,}",
            ]
            lines.append(f"| {name} | {' | '.join(cells)} | {one['density']:.2f} |")
        for title, columns in self.tables.items():
            lines += ["", f"## {title}", "", f"| type | {' | '.join(columns)} |"]
            lines.append("|---|" + "---:|" * len(columns))
            for label in self.labels:
                cells = [f"{count[label]:,}" for count in columns.values()]
                lines.append(f"| {label} | {' | '.join(cells)} |")
            totals = [f"{count.total():,}" for count in columns.values()]
            lines.append(f"| all | {' | '.join(totals)} |")
        lines += ["", "## Share of gold spans hit (K/G)", "", f"| noise | {' | '.join(_percents())} |"]
        lines.append("|---|" + "---:|" * len(RATES))
        for kind, shares in self.hit_shares().items():
            lines.append(f"| {kind} | {' | '.join(f'{value:.4f}' for value in shares.values())} |")
        return "\n".join(lines) + "\n"


def noise_statistics(
    gold: Iterable[Document],
    labels: Sequence[str],
    silver: Mapping[str, Sequence[Span]] | None = None,
    *,
    seed: int = 0,
) -> NoiseStatistics:
    """Count gold, its shares and its noisy versions at 10 to 70 %, and a silver set if given.

    labels: all types. silver: document id -> spans with scores; a document it lacks has none. One pass,
    but the ids of gold are drawn from at the end, so the counts by document stay in memory.
    """
    found = NoiseStatistics(tuple(labels))
    found.rows = {"gold": Row()} | ({} if silver is None else {"silver": Row()})
    found.rows |= {f"gold {kind} {MIDDLE:.0%}": Row() for kind in reversed(NOISES)}
    by_document: dict[str, Counter[str]] = {}
    noisy = {kind: {name: Counter[str]() for name in _percents()} for kind in NOISES}
    for document in gold:
        by_document[document.id] = _types(document.spans)
        found.rows["gold"].add(document, document)
        if silver is not None:
            found.rows["silver"].add(document, document.with_spans(silver.get(document.id, ())))
        for kind in NOISES:
            for rate, name in zip(RATES, _percents(), strict=True):
                other, tally = perturb(document, Noise(kind, rate, seed=seed), labels)
                noisy[kind][name].update(_types(other.spans))
                found.tallies[kind, rate] = found.tallies.get((kind, rate), NoiseTally()) + tally
                if rate == MIDDLE:
                    found.rows[f"gold {kind} {MIDDLE:.0%}"].add(document, other)
    found.tables["Gold and its shares (Table 7)"] = _gold_table(by_document, seed)
    if silver is not None:
        found.tables["Silver and its mixtures with gold (Table 8)"] = _silver_table(by_document, silver, seed)
    titles = ("jitter (Table 9)", "low precision (Table 10)", "low recall (Table 11)")
    for kind, title in zip(NOISES, titles, strict=True):
        found.tables[f"Gold with {title}"] = dict(noisy[kind])
    return found


def _gold_table(by_document: Mapping[str, Counter[str]], seed: int) -> dict[str, Counter[str]]:
    """Table 7: all documents, and the shares that are drawn."""
    columns = {"gold": _sum(by_document.values())}
    for share in SHARES:
        ids = draw_ids(by_document, share, seed)
        columns[f"gold {share:.0%}"] = _sum(by_document[name] for name in ids)
    return columns


def _silver_table(
    by_document: Mapping[str, Counter[str]], silver: Mapping[str, Sequence[Span]], seed: int
) -> dict[str, Counter[str]]:
    """Table 8: silver, silver above two confidences, and the surer one with documents replaced by gold."""
    spans = {name: list(silver.get(name, ())) for name in by_document}
    columns = {"silver": _sum(_types(found) for found in spans.values())}
    sure: dict[str, Counter[str]] = {}
    for cut in CUTS:
        sure = {
            name: _types(one for one in found if one.score is None or one.score >= cut)
            for name, found in spans.items()
        }
        columns[f"silver {cut}"] = _sum(sure.values())
    for share in SHARES:
        ids = draw_ids(by_document, share, seed)
        mixed = (by_document[name] if name in ids else sure[name] for name in by_document)
        columns[f"silver {CUTS[-1]} + gold {share:.0%}"] = _sum(mixed)
    return columns


def _types(spans: Iterable[Span]) -> Counter[str]:
    """Spans by type."""
    return Counter(span.label for span in spans)


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """The sum of counts."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def _percents() -> list[str]:
    """The rates as column names."""
    return [f"{rate:.0%}" for rate in RATES]
