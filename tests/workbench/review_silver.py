"""A silver set to review."""

from silversmith.core import Document, Span

BAD = "<script>alert(1)</script>"


def silver(count=12):
    """Documents with three spans each, of rising certainty, one of them with markup in it."""
    documents = []
    for n in range(count):
        text = f"😀 Anna met {BAD} in Oslo on day {n}."
        places = [
            (text.index(one), text.index(one) + len(one), kind)
            for one, kind in (("Anna", "PER"), (BAD, "ORG"), ("Oslo", "LOC"))
        ]
        scores = [0.5 + 0.03 * n, 0.6, 0.95]
        spans = tuple(
            Span(a, b, kind, score, "s") for (a, b, kind), score in zip(places, scores, strict=True)
        )
        votes = [
            {"start": a, "end": b, "top": [[kind, score], ["MISC", 0.04], ["O", 0.9 - score]]}
            for (a, b, kind), score in zip(places, scores, strict=True)
        ]
        documents.append(Document(f"d{n}", text, spans, meta={"votes": votes}))
    return documents
