"""X-NER: one example entity per type (tables 2, 3, 4 and 6, figures 3, 4, 5 and 6 of the paper).

    python -m experiments.xner --data DIR --work FOLDER mine --sets conll2003
    python -m experiments.xner --data DIR --work FOLDER choose --sets conll2003
    python -m experiments.xner --data DIR --work FOLDER ends --sets conll2003
    python -m experiments.xner --data DIR --work FOLDER shots
    python -m experiments.xner --data DIR --work FOLDER subtypes
    python -m experiments.xner --data DIR --work FOLDER languages --model FOLDER_OF_A_MULTILINGUAL_MODEL

DIR holds the data sets as `silversmith data` makes them. `mine` ranks the training text (its labels are only
looked at to score the ranking): precision at 100 and 1000 (table 4), hours (table 6), precision and recall
down the ranking (figure 3); --model takes several models (figure 6), --examples 3 two further ones a type.
`choose` scores the silver of a mining of dev (`mine --part dev`; `pick` where a set has none) at many
thresholds: where those of xner_sets.py come from.
`ends` trains a tagger on the silver by each loss and scores it on dev and test (table 2); the silver is what
the set's thresholds keep (chosen on dev for `mini`; the paper's in proportion for another model), or --best
so many spans a type, or what --asked so many answers of a person (gold answers for one) make of it.
`shots`: a tagger on one sentence per type, PredictMine and CertMine (table 3).
`subtypes`: figure 4. `languages`: figure 5, persons in the languages of uner/.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from experiments.common import measure, write_result
from experiments.xner_ends import gold_of, mining_folder, run_choose, run_ends, settled
from experiments.xner_sets import SETS, Task, file_of, gold_sentences, read_part, schema_of
from experiments.xner_shots import shots

from silversmith.core import Document, EntityType, Schema
from silversmith.models.masked import MaskedModel
from silversmith.reports.svg import Series, line_plot
from silversmith.sources.example import ExampleOptions, mine
from silversmith.sources.example.prompting import prompt_ranking
from silversmith.sources.example.ranking import Ranked
from silversmith.sources.example.sentences import sentences_of
from silversmith.sources.example.subtypes import subtypes
from silversmith.sources.example.template import MASKED, make_template
from silversmith.sources.example.windows import Window

__all__ = ["main", "precision_at", "precision_recall"]

METHODS = {
    "two-way": {},
    "one-way": {"ways": "sentence"},
    "cosine": {"measure": "cosine"},
}
PAPER = {
    "prompt": {"PER": 0.067, "LOC": 0.401, "ORG": 0.351, "MISC": 0.001},
    "cosine": {"PER": 0.271, "LOC": 0.410, "ORG": 0.090, "MISC": 0.151},
    "one-way": {"PER": 0.886, "LOC": 0.641, "ORG": 0.242, "MISC": 0.129},
    "two-way": {"PER": 0.984, "LOC": 0.979, "ORG": 0.623, "MISC": 0.822},
}
"""Precision at 1000 on CoNLL-2003 (table 4), roberta-large, 355M parameters."""
KEPT = 5000
"""Spans ranked a type, where no threshold says how many."""


def precision_at(spans: Sequence[Ranked], gold: set[tuple[Any, ...]], label: str, count: int) -> float | None:
    """Share of the first `count` spans that are gold of that label; None if there are not so many."""
    if len(spans) < count:
        return None
    return sum((one.document, one.start, one.end, label) in gold for one in spans[:count]) / count


def precision_recall(
    spans: Sequence[Ranked], gold: set[tuple[Any, ...]], label: str
) -> list[tuple[float, float]]:
    """(recall, precision) at a hundred places down a ranking."""
    hits = np.array([(one.document, one.start, one.end, label) in gold for one in spans], np.float64)
    total = max(1, sum(one[-1] == label for one in gold))
    places = np.unique(np.linspace(1, len(hits), min(100, len(hits))).astype(int)) if len(hits) else []
    running = hits.cumsum()
    return [(float(running[n - 1] / total), float(running[n - 1] / n)) for n in places]


def run_mine(arguments: argparse.Namespace) -> None:
    """Rank with each model and method; write a mining for `ends`, and the result file."""
    measures: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    rows = [
        "| set | model | method | type | P@100 | P@1000 | paper P@1000 |",
        "|---|---|---|---|---:|---:|---:|",
    ]
    files, curves = [], []
    for name in arguments.sets:
        documents = read_part(arguments.data, name, arguments.part, arguments.first)
        files.append(file_of(arguments.data, name, arguments.part))
        gold, schema = gold_of(documents), schema_of(name, arguments.examples)
        for model_name in arguments.model:
            model = _model(model_name, arguments.threads)
            for method in arguments.methods:
                key = f"{name}.{model.name}.{method}"
                ranking, facts = _ranked(name, schema, documents, model, method, arguments)
                by_type = {
                    label: [one for one in ranking if one.type == kind]
                    for kind, label in enumerate(schema.names)
                }
                found = {
                    label: {count: precision_at(spans, gold, label, count) for count in (100, 1000)}
                    for label, spans in by_type.items()
                }
                extra[key] = {"precision": found, **facts}
                rows += [_row(name, model.name, method, label, one) for label, one in found.items()]
                if method == "two-way":
                    left = settled(ranking, schema.names, ExampleOptions().nested_margin)
                    found_alone = {
                        label: {n: precision_at(left[label], gold, label, n) for n in (100, 1000)}
                        for label in schema.names
                    }
                    extra[key]["settled"] = found_alone
                    rows += [
                        _row(name, model.name, "two-way, overlaps settled", label, one)
                        for label, one in found_alone.items()
                    ]
                if method == "two-way":
                    curves += [
                        Series(f"{name} {label}", precision_recall(spans, gold, label))
                        for label, spans in by_type.items()
                    ]
                first = (method, model_name, arguments.examples) == ("two-way", arguments.model[0], 1)
                whole = arguments.part == "train" and not arguments.first
                if name == "conll2003" and first and whole:
                    measures |= _conll_measures(found, facts)
    print("\n".join(rows))
    plot = (
        line_plot(curves, title="Down the ranking", x_label="recall", y_label="precision") if curves else None
    )
    write_result(
        arguments.result or "xner_mining",
        measures,
        data_files=files,
        extra=extra,
        markdown="\n".join(rows),
        svg=plot,
        folder=arguments.results,
    )


def _ranked(
    name: str,
    schema: Schema,
    documents: Sequence[Document],
    model: MaskedModel,
    method: str,
    arguments: argparse.Namespace,
) -> tuple[list[Ranked], dict[str, Any]]:
    """A ranking and what it cost; killed, it goes on. Two-way rankings are kept as minings for `ends`."""
    options = options_of(name, model, method, arguments)
    begin = time.monotonic()
    if method == "prompt":
        ranking = prompt_ranking(schema, documents, model, options.changed(keep=arguments.top or KEPT))
        return ranking, {"seconds": time.monotonic() - begin}
    folder = mining_folder(arguments, name, model.name, method, arguments.part)
    journal = folder.with_suffix(".part.jsonl")
    mining = mine(schema, documents, model=model, options=options, journal=journal)
    mining.save(folder, command="experiments.xner")
    journal.unlink(missing_ok=True)
    facts = dict(mining.counts) | {"warnings": list(mining.warnings)}
    facts["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return list(mining.ranking), facts


def options_of(name: str, model: MaskedModel, method: str, arguments: argparse.Namespace) -> ExampleOptions:
    """How a set is mined."""
    task = SETS[name]
    return ExampleOptions().changed(
        longest=task.longest,
        threshold=round(task.loose * threshold_of(task, model.threshold), 6),
        thresholds=task.chosen if arguments.chosen else {},
        lower_case=task.lower_case,
        top=arguments.top or None,
        **METHODS.get(method, {}),
    )


def threshold_of(task: Task, own: float) -> float:
    """The paper's threshold of a set, for another model in proportion to its own one on news."""
    return round(task.threshold * own / SETS["conll2003"].threshold, 6)


def _conll_measures(found: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """The measures of results/targets.tsv."""
    made = {
        f"xner.conll.p1000.{label}": measure(one[1000])
        for label, one in found.items()
        if one[1000] is not None
    }
    made["xner.conll.mining_minutes"] = measure(facts["seconds"] / 60)
    made["xner.conll.mining_gb"] = measure(facts["peak_gb"])
    return made


def _row(name: str, model: str, method: str, label: str, found: dict[int, float | None]) -> str:
    """A line of the table."""
    cells = ["not enough spans" if found[count] is None else f"{found[count]:.3f}" for count in (100, 1000)]
    paper = PAPER.get(method, {}).get(label) if name == "conll2003" else None
    return f"| {name} | {model} | {method} | {label} | {' | '.join(cells)} | {paper or ''} |"


def run_shots(arguments: argparse.Namespace) -> None:
    """Table 3 on CoNLL-2003: Tagger, PredictMine and CertMine at one sentence per type."""
    train = list(gold_sentences(read_part(arguments.data, "conll2003", "train", arguments.first)))
    test = read_part(arguments.data, "conll2003", "test", arguments.first)
    found = shots(train, test, arguments.work, arguments.steps, arguments.seed, arguments.encoder)
    paper = {"tagger": 0.146, "predict_mine": 0.151, "cert_mine": 0.170}
    rows = ["| method | P | R | F1 | paper F1 |", "|---|---:|---:|---:|---:|"]
    rows += [
        f"| {name} | {one.precision:.3f} | {one.recall:.3f} | {one.f1:.3f} | {paper[name]} |"
        for name, one in found.items()
    ]
    print("\n".join(rows))
    extra = {name: {"f1": one.f1} for name, one in found.items()}
    files = [arguments.data / "conll2003" / f"{part}.jsonl.gz" for part in ("train", "test")]
    write_result(
        "xner_shots", {}, data_files=files, extra=extra, markdown="\n".join(rows), folder=arguments.results
    )


def run_subtypes(arguments: argparse.Namespace) -> None:
    """Figure 4: 1000 gold sentences, 50 mentions as examples, greedy coverage; LOC and MISC of CoNLL-2003."""
    documents = read_part(arguments.data, "conll2003", "train", arguments.first)
    sentences = list(gold_sentences(documents))
    chosen = np.random.default_rng(arguments.seed).permutation(len(sentences))[:1000]
    model = _model(arguments.model[0], arguments.threads)
    options = ExampleOptions().changed(longest=None, threshold=0.15, seed=arguments.seed)
    lines, extra = [], {}
    for label in ("LOC", "MISC"):
        mentions = []
        for document in (sentences[n] for n in chosen):
            for sentence in sentences_of(document.with_spans(()), 0)[:1]:
                starts = {place[0]: n for n, place in enumerate(sentence.places)}
                ends = {place[1]: n + 1 for n, place in enumerate(sentence.places)}
                for span in document.spans:
                    if span.label == label and span.start in starts and span.end in ends:
                        first, last = starts[span.start], ends[span.end]
                        low, high = sentence.words[first][0], sentence.words[last - 1][1]
                        window = Window(first, last, low, high, sentence.text[low:high], False)
                        mentions.append((sentence, window))
        picks = subtypes(mentions, make_template(MASKED, label), model, options, options.threshold)
        extra[label] = [{"text": one.text, "added": one.added, "nearest": one.nearest} for one in picks]
        lines += [
            f"- {label} {one.text}: adds {one.added}, nearest {', '.join(one.nearest)}" for one in picks
        ]
    print("\n".join(lines))
    files = [arguments.data / "conll2003" / "train.jsonl.gz"]
    write_result(
        "xner_subtypes",
        {},
        data_files=files,
        extra=extra,
        markdown="\n".join(lines),
        folder=arguments.results,
    )


def run_languages(arguments: argparse.Namespace) -> None:
    """Figure 5: persons by an English example in the languages of uner/, precision at 100."""
    model = _model(arguments.model[0], arguments.threads)
    schema = Schema(types=(EntityType(name="PER", examples=("Masaki Yoshida",)),))
    options = ExampleOptions().changed(top=arguments.top or KEPT, stop_words=())
    rows, extra = ["| language | P@100 |", "|---|---:|"], {}
    files = sorted((arguments.data / "uner").glob("*.jsonl.gz"))
    for path in files:
        from silversmith.formats import read

        documents = list(read(path))[: arguments.first]
        mining = mine(schema, documents, model=model, options=options)
        at = precision_at(mining.ranking, gold_of(documents), "PER", 100)
        extra[path.name.partition(".")[0]] = {"p100": at, "counts": mining.counts}
        rows.append(
            f"| {path.name.partition('.')[0]} | {'not enough spans' if at is None else f'{at:.3f}'} |"
        )
    print("\n".join(rows))
    write_result(
        "xner_languages",
        {},
        data_files=files,
        extra=extra,
        markdown="\n".join(rows),
        folder=arguments.results,
    )


COMMANDS = {
    "mine": run_mine,
    "choose": run_choose,
    "ends": run_ends,
    "shots": run_shots,
    "subtypes": run_subtypes,
    "languages": run_languages,
}


def _model(name: str, threads: int) -> MaskedModel:
    """A masked model by name."""
    import torch

    from silversmith.models.masked_open import open_masked

    torch.set_num_threads(threads)
    return open_masked(name)


def main(words: Sequence[str] | None = None) -> None:
    """Run one of the experiments."""
    from experiments.common import RESULTS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="minings, journals and taggers")
    parser.add_argument("what", choices=tuple(COMMANDS))
    parser.add_argument("--part", default="train", help="that `mine` ranks (dev: to choose options on)")
    parser.add_argument("--sets", nargs="+", choices=tuple(SETS), default=["conll2003"])
    parser.add_argument("--model", nargs="+", default=["mini"])
    parser.add_argument("--mined", default="mini", help="model whose minings `ends` takes")
    parser.add_argument("--methods", nargs="+", choices=(*METHODS, "prompt"), default=["two-way"])
    parser.add_argument("--loss", nargs="+", default=["auto", "cross-entropy"])
    parser.add_argument("--top", type=int, default=0, help="spans ranked a type (0: all under the threshold)")
    parser.add_argument(
        "--chosen", action="store_true", help="`mine` ranks up to the thresholds of xner_sets.py"
    )
    parser.add_argument(
        "--best", type=int, help="`ends` takes so many spans a type, not the paper's threshold"
    )
    parser.add_argument("--asked", type=int, help="`ends` asks so many questions a type and lets gold answer")
    parser.add_argument("--precision", type=float, default=0.5, help="least precision by the answers")
    parser.add_argument("--examples", type=int, choices=(1, 2, 3), default=1, help="examples a type")
    parser.add_argument("--encoder", default="all-minilm-l6-v2", help="of the taggers")
    parser.add_argument("--steps", type=int, default=600, help="of the taggers")
    parser.add_argument("--first", type=int, help="documents of each part (for a quick look)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--result", help="name of the result file")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args(words)
    arguments.work.mkdir(parents=True, exist_ok=True)
    COMMANDS[arguments.what](arguments)


if __name__ == "__main__":
    main()
