"""`silversmith mine`: from raw text and one example a type to ranked spans and silver."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silversmith.cli.mining_options import (
    Answers,
    CounterExample,
    Decoys,
    Example,
    Format,
    Json,
    Longest,
    MaskedLm,
    MiningOut,
    Option,
    Precision,
    Questions,
    SchemaFile,
    SilverOut,
    Suggest,
    Template,
    Text,
    Threshold,
    Top,
)
from silversmith.cli.shards import Cluster, Cpus, Engine, Workers, pool_of
from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.core import Schema
    from silversmith.formats import Reading
    from silversmith.integrations.ray_data import Pool
    from silversmith.models.masked import MaskedModel
    from silversmith.sources.example import ExampleOptions, Mining

__all__ = ["mine"]

SHOWN = 5
"""Spans of each type that the closing table shows."""


def mine(
    text: Text,
    out: MiningOut,
    example: Example = None,
    counter_example: CounterExample = None,
    schema: SchemaFile = None,
    model: MaskedLm = "mini",
    threshold: Threshold = None,
    top: Top = None,
    template: Template = None,
    longest: Longest = 30,
    decoys: Decoys = False,
    questions: Questions = None,
    answers: Answers = None,
    precision: Precision = 0.9,
    silver: SilverOut = None,
    suggest: Suggest = False,
    option: Option = None,
    format: Format = None,
    engine: Engine = "local",
    workers: Workers = 0,
    cpus: Cpus = 1,
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Find entities from one example a type: no labelled text, no context for the example.

    Each span of up to three words is swapped with the example; the less the model's expectations beside it
    change, the more alike they are. Takes hours on large corpora; killed, the same command goes on. OUT then
    labels any text (silversmith label TEXT --mapping OUT) and explains its labels.

    Examples:
        silversmith mine news/ --out my-mining --example PER="Ada Lovelace" --example LOC=London
        silversmith mine news/ --out my-mining --schema schema.toml --silver silver.jsonl --suggest
        silversmith mine news/ --out my-mining --schema schema.toml --answers answered.tsv --precision 0.95
        silversmith mine corpus.parquet --out my-mining --schema schema.toml --engine ray --workers 8

    Raises:
        ConfigError: X001, X002 an option, X010 to X016 an example or template, C001 to C004 the schema,
            W001 to W003 no such cluster, or what ray can't do.
        DataError: X030 no sentence to test, X040, X041 the answers, F001 to F020 the text.
        ModelError: S060 to S064 a model without a language-model head, S046, S047 no such model.
    """
    from silversmith.formats import read

    types = _schema(schema, example or [], counter_example or [])
    options = _options(types, threshold or [], template or [], option or [], top, longest, decoys)
    pool, reading = pool_of(engine, workers, cpus, cluster, text), read(text, format)
    _check(text, out)
    mining, masked = _mining(types, reading, out, model, options, pool, reuse=answers is not None)
    told = list(mining.warnings)
    if answers is not None:
        mining, lines = _answered(mining, answers, precision)
        told += lines
    _save(mining, out, reading.path, model)
    told += _write(mining, reading, questions, silver)
    told += _suggestions(mining, reading, masked) if suggest else []
    _close(mining, out, told, as_json=as_json)


def _check(text: Path, out: Path) -> None:
    """Raises ConfigError R003."""
    if str(text) == "-":
        raise ConfigError("R003", "mine reads its text more than once, so it can't be stdin")
    if out.exists() and not (out / "manifest.json").is_file():
        raise ConfigError("R003", "OUT is something else than an artefact", path=out, remedy="name another")


def _schema(path: Path | None, examples: Sequence[str], against: Sequence[str]) -> Schema:
    """The types with their examples. Raises ConfigError X012 if there is none at all."""
    from silversmith.core import Schema
    from silversmith.sources.example import merge_examples

    known = Schema.read(path) if path else Schema(types=())
    types = merge_examples(known, examples, against)
    if not types.types:
        raise ConfigError("X012", "no example", remedy='give one a type: --example PER="Ada Lovelace"')
    return types


def _options(
    types: Schema,
    thresholds: Sequence[str],
    templates: Sequence[str],
    pairs: Sequence[str],
    top: int | None,
    longest: int,
    decoys: bool,
) -> ExampleOptions:
    """The options of the command line. Raises ConfigError X001, X002."""
    from silversmith.sources.example import make_example_options

    values: dict[str, Any] = {"top": top, "longest": longest, "calibrate": "decoys" if decoys else "none"}
    whole, single = _by_type(types, thresholds)
    values |= {"thresholds": single} | ({"threshold": whole} if whole is not None else {})
    whole, single = _by_type(types, templates)
    values |= {"templates": single} | ({"template": whole} if whole is not None else {})
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ConfigError("X002", f"--option takes NAME=VALUE, found {pair!r}")
        try:
            values[name.strip()] = json.loads(value)
        except ValueError:
            values[name.strip()] = value
    return make_example_options(**values)


def _by_type(types: Schema, words: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """(the word for all types, type -> its own word) of words some of which begin with TYPE=."""
    whole, single = None, {}
    for word in words:
        name, sign, value = word.partition("=")
        if sign and name.strip() in types.names:
            single[name.strip()] = value
        else:
            whole = word
    return whole, single


def _mining(
    types: Schema,
    reading: Reading,
    out: Path,
    name: str,
    options: ExampleOptions,
    pool: Pool | None,
    *,
    reuse: bool,
) -> tuple[Mining, MaskedModel]:
    """Mine, or take the finished mining at OUT; warnings of language go to stderr."""
    from silversmith.cli.labelling import say, warn_of_language
    from silversmith.sources.example import Mining, is_mining, load_masked, mine
    from silversmith.sources.example.run import make_plan, settings_of

    model = load_masked(name)
    if reuse and is_mining(str(out)):
        say(f"the ranking of {out} is used")
        return Mining.open(out, model.identity()), model
    for _ in zip(range(20), warn_of_language(reading) if name == "mini" else (), strict=False):
        pass
    plan = make_plan(types, reading, model, options)
    if pool:
        from silversmith.cli.engine_mine import MineJob, mine_elsewhere

        job = MineJob(
            opener=load_masked, arguments={"name": name}, input=reading.path, out=_journal(out),
            settings=settings_of(plan, model), plan=plan,
        )  # fmt: skip
        mine_elsewhere(job, model, reading, pool)
    made = mine(types, reading, model=model, options=options, journal=_journal(out), plan=plan)
    return made, model


def _journal(out: Path) -> Path:
    """Where a run keeps its finished parts."""
    return out.with_name(out.name + ".part.jsonl")


def _answered(mining: Mining, path: Path, precision: float) -> tuple[Mining, list[str]]:
    """The mining with thresholds from answers, and what to say of them."""
    from silversmith.sources.example.questions import read_answers, thresholds_from_answers

    made, told = thresholds_from_answers(read_answers(path, mining.types), precision)
    return mining.calibrated(made), told


def _save(mining: Mining, out: Path, path: Path, model: str) -> None:
    """The artefact; its journal has done its work."""
    mining.save(out, **_fields(path, model))
    _journal(out).unlink(missing_ok=True)


def _fields(path: Path, model: str) -> dict[str, Any]:
    """What the manifest keeps of the run."""
    from silversmith.core import checksum

    inputs = {path.name: checksum(path) if path.is_file() else "folder"}
    return {"command": "silversmith mine", "inputs": inputs, "reading": {"model": model}}


def _write(mining: Mining, reading: Reading, questions: Path | None, silver: Path | None) -> list[str]:
    """Questions and silver, and where they are."""
    from silversmith.silver import write_silver
    from silversmith.sources.example import silver_sentences
    from silversmith.sources.example.questions import ask

    told = []
    if questions is not None:
        count = ask(mining, reading, questions)
        told.append(f"{questions}: {count} questions; write y or n in the last column, then --answers")
    if silver is not None:
        made = write_silver(
            silver_sentences(reading, mining),
            silver,
            inputs=[reading.path] if reading.path.is_file() else [],
            command="silversmith mine",
            thresholds={name: one.threshold for name, one in mining.calibrations.items()},
        )
        count = made["corpus"]["documents"]
        told.append(f"{silver}: {count:,} sentences; next: silversmith train {silver} --out my-tagger")
    return told


def _suggestions(mining: Mining, reading: Reading, model: MaskedModel) -> list[str]:
    """For each type, the second example that would add most."""
    from silversmith.sources.example.suggesting import suggest

    return suggest(mining, reading, model)


def _close(mining: Mining, out: Path, told: Sequence[str], *, as_json: bool) -> None:
    """The result as a table, or as one JSON line; notes on stderr."""
    from silversmith.cli.labelling import say

    for line in told:
        say(line)
    best = {
        name: list(dict.fromkeys(one.text for one in mining.accepted() if one.type == kind))[:SHOWN]
        for kind, name in enumerate(mining.types)
    }
    if as_json:
        record = {"mining": str(out), "types": mining.summary(), "counts": mining.counts, "best": best}
        sys.stdout.write(json.dumps({**record, "notes": list(told)}, ensure_ascii=False) + "\n")
        return
    _print(mining, out, best)


def _print(mining: Mining, out: Path, best: dict[str, list[str]]) -> None:
    """The table and two lines."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"mined {mining.counts['documents']:,} documents", title_justify="left")
    for head, side in (("type", "left"), ("kept", "right"), ("up to", "right"), ("best", "left")):
        table.add_column(head, justify=side)  # type: ignore[arg-type]
    for name, one in mining.summary().items():
        table.add_row(Text(name), f"{one['kept']:,}", f"{one['threshold']:.3f}", Text(", ".join(best[name])))
    console = Console(highlight=False)
    console.print(table)
    counts = mining.counts
    console.print(
        f"{counts['pairs']:,} spans with an example, {counts['survivors']:,} tested in their sentence; "
        f"{counts['pieces']:,} pieces read in {counts['seconds']:,.0f} s",
        markup=False,
    )
    console.print(f"wrote {out}; next: silversmith label TEXTS --mapping {out}", markup=False)
