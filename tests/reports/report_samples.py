"""A document with votes and evidence that adds up, as any source would give them."""

import math
from dataclasses import replace

from silversmith.core import Document, Evidence, Leaf, Span, Vote

TEXT = "Ada Lovelace wrote to the Royal Society of London in 1843."
TYPES = ("LOC", "ORG", "PER")


def sample_evidence(likely: str, temperature: float = 0.8) -> Evidence:
    """Five leaves and a bias; softmax of their sums over the types and O."""
    labels = (*TYPES, "O")
    leaves = [
        Leaf(
            f"latent {n}, span",
            {label: (1.5 if label == likely else -0.3) / n for label in labels},
            {"latent": n, "role": "span", "value": 0.5 * n, "link": f"https://example.org/{n}"},
        )
        for n in range(1, 6)
    ]
    leaves.append(Leaf("bias", {label: 0.1 * n for n, label in enumerate(labels)}))
    raw = Evidence(tuple(leaves))
    scores = {label: raw.score(label) for label in labels}
    size = math.log(sum(math.exp(value / temperature) for value in scores.values()))
    added = {label: value / temperature - size - value for label, value in scores.items()}
    support = (
        {"kind": "ablation", "label": likely, "latents": [1, 2], "probability": 0.95, "without": 0.2,
         "without_random_active": 0.9, "without_random": 0.94},
        {"kind": "examples", "latent": 1, "role": "span", "spans": [
            {"left": "said ", "text": "Grace Hopper", "right": " again", "label": likely, "value": 2.0}]},
        {"kind": "rule", "text": "a title stands before it"},
    )  # fmt: skip
    return Evidence(tuple(leaves), added, support)


def sample_vote(start: int, end: int, label: str, document: str = "letter") -> Vote:
    """A vote whose probabilities are those of its evidence."""
    evidence = sample_evidence(label)
    chances = {name: math.exp(evidence.log_probability(name)) for name in TYPES}
    return Vote(document, start, end, chances, "features", evidence)


def sample(name: str = "letter") -> tuple[Document, list[Vote]]:
    """A document with nested spans and a vote for each."""
    votes = [
        sample_vote(0, 12, "PER", name),
        sample_vote(26, 49, "ORG", name),
        sample_vote(43, 49, "LOC", name),
    ]
    spans = [replace(vote.span(), source="features") for vote in votes]
    return Document(name, TEXT, tuple(spans)), votes


def gold() -> list[Span]:
    """Gold of the document: one right, one of another type, one missed."""
    return [Span(0, 12, "PER"), Span(26, 49, "LOC"), Span(53, 57, "TIME")]
