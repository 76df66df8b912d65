"""Label a text with the embedded model and the mapping `general`, and say what spoke for each label."""

from __future__ import annotations

from silversmith import Document
from silversmith.sources.features import open_features

TEXT = "In 1843 Ada Lovelace wrote to Charles Babbage in London about the Analytical Engine."


def main() -> None:
    """Print each span with its three best labels and its strongest latents."""
    document = Document("letter", TEXT)
    source = open_features("general")
    for vote in next(iter(source.label([document]))):
        print(TEXT[vote.start : vote.end], [(label, round(p, 2)) for label, p in vote.top(3)])
        leaves = source.explain(document, vote).leaves
        for leaf in sorted(leaves, key=lambda leaf: -leaf.values.get(vote.label, 0.0))[:3]:
            print(f"    {leaf.name}: {leaf.values.get(vote.label, 0.0):+.2f}")


if __name__ == "__main__":
    main()
