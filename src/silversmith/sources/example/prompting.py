"""PromptMine: spans ranked by how likely a prompt makes the type's name (paper, section 5.2; a baseline).

"X, SPAN is a/an <mask> entity." for masked models, "X, SPAN is a/an" for causal ones. A name of several
pieces gets as many masks, and its score is the mean over them. Needs the type's name, no example.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from silversmith.core import Document, Schema, blocks
from silversmith.models.masked import MaskedModel, Row
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.pairs import Hit
from silversmith.sources.example.ranking import Ranked, Ranking
from silversmith.sources.example.sentences import Sentence, sentences_of
from silversmith.sources.example.template import display_name
from silversmith.sources.example.windows import Window, windows_of

__all__ = ["prompt_ranking"]


def prompt_ranking(
    schema: Schema, documents: Iterable[Document], model: MaskedModel, options: ExampleOptions
) -> list[Ranked]:
    """All spans of all types, the best first; score: minus the mean log-probability of the type's name.

    At most `options.keep` spans a type. temperature is 1 here.
    """
    names = [display_name(name) for name in schema.names]
    ranking = Ranking([float("inf")] * len(names), options.keep)
    position = 0
    for block in blocks(documents):
        sentences = [
            one
            for n, document in enumerate(block)
            for one in sentences_of(document, position + n, spaced=options.spaced)
            if options.longest is None or len(one.words) <= options.longest
        ]
        for sentence, hit in _hits(sentences, names, model, options):
            ranking.add(Ranked.of(sentence, hit))
        position += len(block)
    return list(ranking)


def _hits(
    sentences: Sequence[Sentence], names: Sequence[str], model: MaskedModel, options: ExampleOptions
) -> Iterator[tuple[Sentence, Hit]]:
    """Every span of some sentences with every type."""
    rows: list[Row] = []
    owners: list[tuple[Sentence, Window, int, list[int]]] = []
    for sentence in sentences:
        for window in windows_of(sentence, options):
            for kind, name in enumerate(names):
                row, targets = _row(sentence, window, name, model)
                if row is not None:
                    rows.append(row)
                    owners.append((sentence, window, kind, targets))
    for numbers, values in model.log_probabilities(rows):
        for number in dict.fromkeys(numbers.tolist()):
            sentence, window, kind, targets = owners[number]
            logs = values[numbers == number]
            score = max(0.0, -float(np.mean([logs[n, target] for n, target in enumerate(targets)])))
            yield sentence, Hit(window.first, window.last, kind, kind, score, score)


def _row(sentence: Sentence, window: Window, name: str, model: MaskedModel) -> tuple[Row | None, list[int]]:
    """The prompt with the type's name in it, read at the name's pieces, and those pieces."""
    article = "an" if name[:1] in "aeiou" else "a"
    begin = f"{sentence.text}, {window.text} is {article} "
    text = begin + name + ("" if model.causal else " entity.")
    ids, offsets = model.framed(text)
    start, end = len(begin), len(begin) + len(name)
    (places,) = np.nonzero((offsets[:, 1] > start) & (offsets[:, 0] < end))
    if len(ids) > model.context or not len(places):
        return None, []
    targets = ids[places].tolist()
    return model.row(ids, places.tolist()), targets
