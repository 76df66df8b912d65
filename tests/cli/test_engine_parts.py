"""`index` and `mine` by shards: the local engine's bytes in any order of shards, and going on."""

import pickle
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from silversmith.cli.engine_index import IndexJob, PhraseReader
from silversmith.cli.engine_mine import MineJob, mine_elsewhere
from silversmith.core import Document, Schema
from silversmith.formats import read, write
from silversmith.integrations.ray_data import Pool
from silversmith.sources.question.index import PhraseIndex

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

TEXTS = [
    "Ada Lovelace met Bob in Oslo .",
    "The red bank of Lima won .",
    "Greta visited New York and the river .",
    "Bob of the Red Bank met Greta .",
    "Old Lima has a river and a bank .",
]
SCHEMA = Schema.model_validate(
    {"types": [{"name": "PER", "examples": ["Ada Lovelace"]}, {"name": "LOC", "examples": ["Paris"]}]}
)


def last_first(worker, arguments, rows, pool):
    """A pool of none: the last shard first."""
    one = worker(*arguments)
    for row in reversed(rows):
        yield {key: value[0] for key, value in one({key: [value] for key, value in row.items()}).items()}


@pytest.fixture
def pool(monkeypatch):
    """Shards that workers were given, run by run."""
    given = []

    def counted(worker, arguments, rows, pool):
        given.append([row["shard"] for row in rows])
        return last_first(worker, arguments, rows, pool)

    monkeypatch.setattr("silversmith.integrations.ray_data.map_rows", counted)
    return given


def corpus(folder, texts):
    write([Document(f"d{n}", text) for n, text in enumerate(texts)], folder / "corpus.parquet")
    return folder / "corpus.parquet"


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr("silversmith.sources.example.journal.SENTENCES", 2)
    monkeypatch.setattr("silversmith.sources.example.journal.SHARD", 4)


@pytest.mark.parametrize("top", [None, 4])
def test_mining_by_shards_is_the_local_one(tmp_path, monkeypatch, small_shards, pool, top):
    from tiny_masked import tiny_masked

    from silversmith.sources.example import ExampleOptions, mine
    from silversmith.sources.example.run import make_plan, settings_of

    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    model, path = tiny_masked(), corpus(tmp_path, TEXTS * 3)
    options = ExampleOptions().changed(top=top, threshold=0.004)
    local = mine(SCHEMA, read(path), model=model, options=options)
    plan = make_plan(SCHEMA, read(path), model, options)
    job = MineJob(
        opener=lambda: model, arguments={}, input=path, out=tmp_path / "m.part.jsonl",
        settings=settings_of(plan, model), plan=plan,
    )  # fmt: skip
    mine_elsewhere(job, model, read(path), Pool())
    assert pool == [[0, 1, 2, 3]]
    assert pickle.loads(pickle.dumps(plan)).to_json() == plan.to_json()  # it travels to the workers
    assert not job.parts.exists()

    def nothing(*arguments):
        raise AssertionError("a block that no worker has tested")

    monkeypatch.setattr("silversmith.sources.example.shard.Shard.test", nothing)
    made = mine(SCHEMA, read(path), model=model, options=options, journal=job.out, plan=plan)
    assert replace(made, counts={**made.counts, "seconds": 0}) == replace(
        local, counts={**local.counts, "seconds": 0}
    )


def test_mining_by_shards_goes_on(tmp_path, monkeypatch, small_shards, pool):
    """From a local run's journal that ends within a shard, and from shards that lie there."""
    from tiny_masked import tiny_masked

    from silversmith.sources.example import ExampleOptions, mine
    from silversmith.sources.example.run import make_plan, settings_of

    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    model, path = tiny_masked(), corpus(tmp_path, TEXTS * 3)
    options = ExampleOptions().changed(threshold=0.004)
    plan = make_plan(SCHEMA, read(path), model, options)
    settings = settings_of(plan, model)
    job = MineJob(
        opener=lambda: model, arguments={}, input=path, out=tmp_path / "m.part.jsonl",
        settings=settings, plan=plan,
    )  # fmt: skip
    local = mine(SCHEMA, read(path), model=model, options=options, journal=job.out)
    whole = job.out.read_bytes()
    lines = whole.splitlines(keepends=True)
    job.out.write_bytes(b"".join(lines[:4]))  # settings and three blocks; a shard has two
    mine_elsewhere(job, model, read(path), Pool())
    assert pool == [[1, 2, 3]]
    assert job.out.read_bytes() == whole
    assert mine(SCHEMA, read(path), model=model, options=options, journal=job.out).ranking == local.ranking


def test_an_index_by_shards_is_the_local_one(tmp_path, monkeypatch, pool):
    from silversmith.sources.concept.opening import load_encoder
    from silversmith.sources.question.building import build_index

    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    encoder = load_encoder("mini")
    path = corpus(tmp_path, [f"Ada met case {n % 290} ." for n in range(520)])
    build_index(read(path), tmp_path / "local", *encoder)
    job = IndexJob(opener=lambda: encoder, arguments={}, input=path, out=tmp_path / "ix", settings={})
    reader = PhraseReader(job, Pool())
    made, growth = build_index(read(path), job.out, *encoder, reader=reader)
    reader.close()
    assert pool == [[0, 1, 2]]
    assert growth.duplicates == 230
    assert not job.parts.exists()
    for file in (one for one in made.folder.rglob("*") if one.is_file() and one.name != "manifest.json"):
        assert (tmp_path / "local" / file.relative_to(made.folder)).read_bytes() == file.read_bytes(), file


def test_an_index_by_shards_goes_on_and_adds(tmp_path, monkeypatch, pool):
    """Blocks that lie there are not read again; texts of the index that is added to are none of its."""
    from silversmith.sources.concept.opening import load_encoder
    from silversmith.sources.question.building import build_index

    monkeypatch.setenv("SILVERSMITH_QUIET", "1")
    encoder = load_encoder("mini")
    path = corpus(tmp_path, [f"Ada met case {n} ." for n in range(300)])
    old = [Document(f"o{n}", f"Ada met case {n} .") for n in range(0, 300, 2)]
    for name in ("local", "ix"):
        build_index(old, tmp_path / name, *encoder)
    build_index(read(path), tmp_path / "local", *encoder, add=True)
    job = IndexJob(opener=lambda: encoder, arguments={}, input=path, out=tmp_path / "ix", settings={})
    base = PhraseIndex.open(job.out)
    first = PhraseReader(job, Pool(), base)
    for _ in first._start(0):
        break  # the second shard is done, and then all stops
    made, growth = build_index(
        read(path), job.out, *encoder, add=True, reader=PhraseReader(job, Pool(), base)
    )
    assert pool[-1] == [0]
    assert (growth.documents, growth.duplicates) == (150, 150)
    for file in (one for one in made.folder.rglob("*") if one.is_file() and one.name != "manifest.json"):
        assert (tmp_path / "local" / file.relative_to(made.folder)).read_bytes() == file.read_bytes(), file
