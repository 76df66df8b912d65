"""Typing by name alone (beyond NuNER's paper; the table of GLiNER's, section 4.5 of the methods).

    python -m experiments.zeroshot --data DIR --part dev          looks, reports nothing
    python -m experiments.zeroshot --data DIR --part test         once

Names of types as below, threshold one half of the calibrated probability: nothing is fitted to any of these
sets. Scores are strict (same characters, same type), micro F1; "strings" is UniversalNER's scorer, which
compares sets of (string, type) of each sentence, as the published numbers do. CrossNER without `misc`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from experiments.common import RESULTS, measure, write_result

from silversmith.core import Document, EntityType, Schema
from silversmith.evaluation import bootstrap, document_counts, exact_counts
from silversmith.formats import read
from silversmith.sources.concept.opening import open_names

__all__ = ["NAMES", "main", "schema_of", "string_f1"]

PERSONS = {"person": "person", "organisation": "organisation", "location": "location", "country": "country"}
NAMES: dict[str, dict[str, str]] = {
    "crossner_ai": {
        **PERSONS, "algorithm": "algorithm", "conference": "conference", "product": "product", "task": "task",
        "field": "field", "metrics": "metric", "researcher": "researcher",
        "programlang": "programming language", "university": "university",
    },
    "crossner_literature": {
        **PERSONS, "writer": "writer", "book": "book", "literarygenre": "literary genre", "poem": "poem",
        "award": "award", "event": "event", "magazine": "magazine",
    },
    "crossner_music": {
        **PERSONS, "song": "song", "band": "band", "album": "album", "musicgenre": "music genre",
        "musicalartist": "musical artist", "award": "award", "musicalinstrument": "musical instrument",
        "event": "event",
    },
    "crossner_politics": {
        **PERSONS, "politician": "politician", "election": "election", "politicalparty": "political party",
        "event": "event",
    },
    "crossner_science": {
        **PERSONS, "astronomicalobject": "astronomical object", "chemicalcompound": "chemical compound",
        "protein": "protein", "university": "university", "scientist": "scientist", "enzyme": "enzyme",
        "award": "award", "event": "event", "academicjournal": "academic journal",
        "chemicalelement": "chemical element", "discipline": "discipline", "theory": "theory",
    },
    "mit_movie": {
        "GENRE": "genre", "YEAR": "year", "PLOT": "plot", "RATINGS_AVERAGE": "average ratings",
        "ACTOR": "actor", "TITLE": "title", "SONG": "song", "CHARACTER": "character", "RATING": "rating",
        "REVIEW": "review", "DIRECTOR": "director", "TRAILER": "trailer",
    },
    "mit_restaurant": {
        "Rating": "rating", "Location": "location", "Amenity": "amenity", "Cuisine": "cuisine",
        "Hours": "hours", "Price": "price", "Dish": "dish", "Restaurant_Name": "restaurant name",
    },
    "wnut17": {
        "location": "location", "group": "group", "person": "person", "creative-work": "creative work",
        "corporation": "corporation", "product": "product",
    },
    "bc5cdr": {"Chemical": "chemical", "Disease": "disease"},
    "ncbi": {"Disease": "disease"},
}  # fmt: skip
CROSSNER = tuple(name for name in NAMES if name.startswith("crossner"))
LEFT_OUT = {"misc"}
PAPERS = {"GLiNER-S": 0.577, "GLiNER-M": 0.615, "GLiNER-L": 0.653, "NuNER-Zero-span": 0.668}
"""Mean of CrossNER's five domains, strings."""


def schema_of(name: str) -> Schema:
    """The types of a set, by the names above."""
    return Schema(
        types=tuple(EntityType(name=label, concepts=(word,)) for label, word in NAMES[name].items())
    )


def string_f1(pairs: Sequence[tuple[Document, Document]]) -> float:
    """Micro F1 of sets of (lower-cased string, type) of each document."""
    right = found = gold = 0
    for wanted, got in pairs:
        sides = [{(one.text[s.start : s.end].lower(), s.label) for s in one.spans} for one in (wanted, got)]
        right, gold, found = right + len(sides[0] & sides[1]), gold + len(sides[0]), found + len(sides[1])
    return 2 * right / max(1, gold + found)


def run(
    folder: Path, name: str, part: str, model: str | None, candidates: str | None, first: int | None
) -> dict[str, Any]:
    """Scores of one set."""
    source = open_names(schema_of(name), model, candidates)
    path = folder / name / f"{part}.jsonl.gz"
    documents = [
        one.with_spans([span for span in one.spans if span.label not in LEFT_OUT]) for one in read(path)
    ][:first]
    pairs = [
        (document, document.with_spans([vote.span() for vote in votes]))
        for document, votes in zip(documents, source.label(documents), strict=True)
    ]
    interval = bootstrap(document_counts(pairs, exact_counts))
    strict = interval["micro.f1"]
    return {
        "f1": strict.value, "low": strict.low, "high": strict.high, "strings": string_f1(pairs),
        "documents": len(documents), "gold": sum(len(one.spans) for one in documents),
        "found": sum(len(one.spans) for _, one in pairs),
    }  # fmt: skip


def main() -> None:
    """Run the sets with each model; write results/zeroshot.json for test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--sets", nargs="+", choices=tuple(NAMES), default=list(NAMES))
    parser.add_argument("--model", nargs="+", default=["mini"], help="mini, or folders of pretrain")
    parser.add_argument("--candidates", help="a preset (default: open)")
    parser.add_argument("--first", type=int, help="documents a set, for a quick look")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    extra: dict[str, Any] = {}
    measures: dict[str, Any] = {}
    sets = [one for one in arguments.sets if (arguments.data / one / f"{arguments.part}.jsonl.gz").is_file()]
    for model in arguments.model:
        rows = {
            name: run(arguments.data, name, arguments.part, model, arguments.candidates, arguments.first)
            for name in sets
        }
        extra[Path(model).name] = rows
        print(f"{model}: " + ", ".join(f"{name} {row['f1']:.3f}" for name, row in rows.items()))
        if set(CROSSNER) <= set(rows):
            mean = float(np.mean([rows[name]["f1"] for name in CROSSNER]))
            print(f"{model}: CrossNER, mean of five {mean:.3f}")
            key = "mean_f1" if model == "mini" else "best_frozen_backbone.mean_f1"
            measures.setdefault(f"zeroshot.crossner5.{key}", measure(mean))
    if arguments.part == "test":
        files = [arguments.data / name / "test.jsonl.gz" for name in sets]
        write_result(
            "zeroshot", measures, data_files=files, extra={"models": extra, "names": NAMES, "papers": PAPERS},
            markdown=_markdown(extra), folder=arguments.out,
        )  # fmt: skip


def _markdown(models: dict[str, Any]) -> str:
    """The table."""
    lines = [
        "# Typing by name alone, micro F1",
        "",
        "Published, mean of CrossNER's five domains by strings: "
        + ", ".join(f"{name} {value:.3f}" for name, value in PAPERS.items())
        + ". They are several times larger and saw a hundred times the text.",
        "",
        "| set | " + " | ".join(f"{name}, strict | strings" for name in models) + " |",
        "|---|" + "---:|---:|" * len(models),
    ]
    sets = list(dict.fromkeys(name for rows in models.values() for name in rows))
    for name in sets:
        cells = [
            f"{rows[name]['f1']:.3f} | {rows[name]['strings']:.3f}" if name in rows else " | "
            for rows in models.values()
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    means = [
        [np.mean([rows[name][key] for name in CROSSNER if name in rows]) for key in ("f1", "strings")]
        for rows in models.values()
    ]
    lines.append("| mean of CrossNER | " + " | ".join(f"{a:.3f} | {b:.3f}" for a, b in means) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
