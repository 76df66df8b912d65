"""Sub-types: which mentions of a type cover which others, and which second example would add most.

Greedy maximal coverage over the spans that each mention, taken as an example, finds (paper, section 6.1).
Only mentions are scored, not all windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Document
from silversmith.models.masked import MaskedModel
from silversmith.sources.example.filled import fill
from silversmith.sources.example.mining import Mining
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.ranking import Ranked
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.seeds import Seed, Seeds
from silversmith.sources.example.sentences import Sentence, sentences_of
from silversmith.sources.example.template import Template
from silversmith.sources.example.windows import Window

__all__ = ["Mention", "Pick", "cover", "distances", "mentions_of", "subtypes", "suggestion"]

Mention = tuple[Sentence, Window]
NEAREST = 10


@dataclass(frozen=True, slots=True)
class Pick:
    """An example of a sub-type. covered: mentions it finds; added: those that no earlier pick had found.

    share: of all mentions found by it and the picks before it. nearest: texts of the nearest mentions.
    """

    text: str
    covered: int
    added: int
    share: float
    nearest: tuple[str, ...]


def cover(reached: NDArray[np.bool_], had: NDArray[np.bool_], least: float) -> list[tuple[int, int]]:
    """(row, mentions it adds) greedily, the largest first; stops when a pick adds less than `least` of all.

    reached: bool [examples, mentions]; had: bool [mentions], covered beforehand.
    """
    had, picks = had.copy(), []
    while reached.size:
        gains = (reached & ~had).sum(axis=1)
        best = int(gains.argmax())
        if gains[best] == 0 or gains[best] < least * reached.shape[1]:
            break
        picks.append((best, int(gains[best])))
        had |= reached[best]
    return picks


def distances(
    mentions: Sequence[Mention],
    examples: Sequence[str],
    template: Template,
    model: MaskedModel,
    options: ExampleOptions,
) -> NDArray[np.float64]:
    """Mean divergence of each mention from each example, float64 [examples, mentions]; inf: not testable."""
    kinds = tuple(f"{n}" for n in range(len(examples)))
    seeds = Seeds(
        kinds, tuple(Seed(n, n, text) for n, text in enumerate(examples)), (template,) * len(examples)
    )
    scorer = Scorer(model, seeds, options.changed(several="plain", skip_digits=False))
    found = np.full((len(examples), len(mentions)), np.inf)
    infinite = [float("inf")] * len(examples)
    tested = scorer.test([one for one, _ in mentions], infinite, windows=[[one] for _, one in mentions])
    for number, one in enumerate(tested):
        for hit in one.hits:
            found[hit.type, number] = hit.mean
    return found


def subtypes(
    mentions: Sequence[Mention],
    template: Template,
    model: MaskedModel,
    options: ExampleOptions,
    threshold: float,
    *,
    given: str | None = None,
    draws: int = 50,
    least: float = 0.03,
) -> list[Pick]:
    """Examples that together cover the mentions of a type, drawn from the mentions themselves.

    given: an example whose mentions count as found; then the first pick is the best second example. draws:
    mentions tried as examples. least: share of the mentions that a pick must add.
    """
    texts = list(dict.fromkeys(window.text for _, window in mentions))
    order = np.random.default_rng(options.seed).permutation(len(texts))
    tried = [texts[n] for n in order if texts[n] != given and _usable(texts[n], template, model)][:draws]
    examples = [*([] if given is None else [given]), *tried]
    if not mentions or not tried:
        return []
    found = distances(mentions, examples, template, model, options)
    reached = found <= threshold
    start = reached[0] if given is not None else np.zeros(len(mentions), np.bool_)
    picks, total = [], int(start.sum())
    for row, added in cover(reached, start, least):
        total += added
        nearest = dict.fromkeys(mentions[n][1].text for n in np.argsort(found[row], kind="stable"))
        picks.append(
            Pick(
                examples[row],
                int(reached[row].sum()),
                added,
                total / len(mentions),
                tuple(list(nearest)[:NEAREST]),
            )
        )
    return picks


def mentions_of(
    spans: Iterable[Ranked], documents: Iterable[Document], options: ExampleOptions
) -> list[Mention]:
    """Ranked spans with their sentences, in the corpus' order. documents: the mined corpus."""
    wanted: dict[int, list[Ranked]] = {}
    for one in spans:
        wanted.setdefault(one.document, []).append(one)
    found: list[Mention] = []
    for position, document in enumerate(documents):
        if position not in wanted:
            continue
        sentences = {one.number: one for one in sentences_of(document, position, spaced=options.spaced)}
        for span in sorted(wanted[position], key=lambda one: (one.start, one.end)):
            sentence = sentences[span.sentence]
            first = [place[0] for place in sentence.places].index(span.start)
            last = [place[1] for place in sentence.places].index(span.end) + 1
            start, end = sentence.words[first][0], sentence.words[last - 1][1]
            found.append((sentence, Window(first, last, start, end, span.text, False)))
    return found


def suggestion(label: str, mining: Mining, picks: Sequence[Pick], mentions: int) -> str:
    """In words: which second example would add most to a type, or that none would."""
    example = mining.schema.types[mining.types.index(label)].examples[0]
    if not picks:
        return f"{label}: no second example would add much to {example!r}"
    pick = picks[0]
    others = ", ".join(one for one in pick.nearest if one != pick.text) or "no other"
    already = pick.share - pick.added / mentions
    return (
        f"{label}: {example!r} finds {already:.0%} of the {mentions} spans near this type; adding "
        f"{pick.text!r} as a second example would find {pick.share:.0%} (nearest to it: {others})"
    )


def _usable(text: str, template: Template, model: MaskedModel) -> bool:
    """Whether a mention can stand as an example."""
    return fill(model, *template.fill(text)) is not None
