"""Teach it your own types from labelled documents, and measure on documents it has not seen."""

from __future__ import annotations

from silversmith import Schema
from silversmith.cli.labelling import silver_document
from silversmith.demo import demo_path
from silversmith.evaluation import evaluate
from silversmith.formats import read
from silversmith.sources.features import Features
from silversmith.sources.features.opening import load_parts


def main() -> None:
    """Fit on three quarters of the demo corpus, score on the rest."""
    documents = list(read(demo_path()))
    known, unseen = [one for n, one in enumerate(documents) if n % 4], documents[::4]
    model, candidates = load_parts("mini", "general")
    schema = Schema.read(demo_path("schema.toml"))
    source = Features.prepare(schema, known, model=model, candidates=candidates)
    votes = source.label(unseen)
    silver = [silver_document(document, found, 0) for document, found in zip(unseen, votes, strict=True)]
    scores = evaluate(unseen, silver)
    print(f"{len(known)} labelled documents, {len(unseen)} unseen: micro F1 {scores.micro.f1:.2f}")


if __name__ == "__main__":
    main()
