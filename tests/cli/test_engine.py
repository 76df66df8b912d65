"""The engine ray: the local engine's bytes, whatever order shards come in, whoever dies on the way."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from silversmith.cli.engine import LabelJob, LabelWorker, run_job
from silversmith.cli.opening import open_wanted
from silversmith.cli.shards import pool_of
from silversmith.core import ConfigError, DataError, Document
from silversmith.formats import read, write
from silversmith.integrations.ray_data import Pool

WORDS = ["Ada", "wrote", "ABC", "and", "XYZ", "in", "1843", "."]


def corpus(folder: Path, count: int = 700) -> Path:
    """A folder of two Parquet files whose border is not a block's."""
    (folder / "corpus").mkdir()
    documents = [Document(f"d{n}", " ".join(WORDS[n % 5 :]) + f" {n}") for n in range(count)]
    write(documents[:300], folder / "corpus" / "a.parquet")
    write(documents[300:], folder / "corpus" / "b.parquet")
    (folder / "rules.tsv").write_text("ORG\t\\b[A-Z]{3}\\b\nTIME\t\\b\\d{4}\\b\n", encoding="utf-8")
    return folder / "corpus"


def naming() -> dict:
    return {"mapping": "general", "types": None, "schema": None, "lists": None, "patterns": Path("rules.tsv")}


def job(folder: Path, opener=open_wanted, form: str = "jsonl", **more) -> LabelJob:
    arguments = {"naming": naming(), "model": None, "candidates": None}
    suffix = {"jsonl": ".jsonl", "parquet": ".parquet"}[form]
    out = folder / f"ray{suffix}"
    return LabelJob(
        opener=opener, arguments=arguments, input=folder / "corpus", out=out, settings={"test": 1, **more},
        home=folder, form=form, top=3,
    )  # fmt: skip


def in_this_process(worker, arguments, rows, pool):
    """A pool of none: the last shard first."""
    one = worker(*arguments)
    for row in reversed(rows):
        yield {key: value[0] for key, value in one({key: [value] for key, value in row.items()}).items()}


@pytest.fixture
def local(cli, tmp_path):
    corpus(tmp_path)
    done = cli("label", "corpus", "--patterns", "rules.tsv", "--out", "local.jsonl")
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_any_order_of_shards_gives_the_local_bytes(local, monkeypatch):
    monkeypatch.setattr("silversmith.integrations.ray_data.map_rows", in_this_process)
    totals = run_job(job(local), Pool())
    assert (local / "ray.jsonl").read_bytes() == (local / "local.jsonl").read_bytes()
    assert totals.documents == 700
    assert totals.types.total() == sum(len(one.spans) for one in read(local / "local.jsonl"))
    assert not (local / "ray.jsonl.parts").exists()


def test_parquet_comes_as_a_folder_of_shards(local, monkeypatch):
    monkeypatch.setattr("silversmith.integrations.ray_data.map_rows", in_this_process)
    run_job(job(local, form="parquet"), Pool())
    assert len(list((local / "ray.parquet").iterdir())) == 3  # 256, 256, 188 documents
    assert list(read(local / "ray.parquet")) == list(read(local / "local.jsonl"))
    run_job(job(local, form="parquet"), Pool())  # in place of its own shards
    (local / "ray.parquet" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="W003"):
        run_job(job(local, form="parquet"), Pool())
    assert (local / "ray.parquet" / "mine.txt").is_file()


def test_a_run_goes_on_with_the_shards_that_are_done(local, monkeypatch):
    def breaks_off(worker, arguments, rows, pool):
        stream = in_this_process(worker, arguments, rows, pool)
        yield next(stream)
        raise KeyboardInterrupt

    monkeypatch.setattr("silversmith.integrations.ray_data.map_rows", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        run_job(job(local), Pool())
    seen = []

    def counted(worker, arguments, rows, pool):
        seen.append([row["shard"] for row in rows])
        return in_this_process(worker, arguments, rows, pool)

    monkeypatch.setattr("silversmith.integrations.ray_data.map_rows", counted)
    run_job(job(local), Pool())
    assert seen == [[0, 1]]
    assert (local / "ray.jsonl").read_bytes() == (local / "local.jsonl").read_bytes()


def test_parts_of_other_settings_are_done_again(local, monkeypatch):
    monkeypatch.setattr("silversmith.integrations.ray_data.map_rows", in_this_process)
    other = job(local, more=2)
    one = LabelWorker(other)
    other.parts.mkdir()
    one.work({"shard": 0, "first": 0, "last": 256})
    other.part(0).write_text("not this\n", encoding="utf-8")
    run_job(job(local), Pool())
    assert (local / "ray.jsonl").read_bytes() == (local / "local.jsonl").read_bytes()


def test_what_the_engine_cannot_do_is_said(cli, local, tmp_path):
    (tmp_path / "in.txt").write_text("Ada.", encoding="utf-8")
    for words, what in [
        (("corpus", "--engine", "spark"), "no such engine"),
        (("corpus", "--workers", "2"), "ask for --engine ray"),
        (("in.txt", "--engine", "ray"), "silversmith convert in.txt corpus.parquet"),
        (("corpus", "--engine", "ray", "--out", "x.conll"), "JSON lines or Parquet"),
        (("corpus", "--engine", "ray", "--cluster", "127.0.0.1:9"), "no Ray cluster at '127.0.0.1:9'"),
    ]:
        done = cli("label", *words, "--patterns", "rules.tsv")
        assert done.returncode == 2, words
        assert what in done.stderr.replace("\n", " "), done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    with pytest.raises(DataError, match="F001"):
        run_job(replace(job(local), input=local / "nothing.parquet"), Pool())
    assert pool_of("local", 0, 1, None) is None


def dies_once(**arguments):
    """A source whose worker is killed at its second shard, the first time."""
    source, calls = open_wanted(**arguments), []
    label = source.label

    def labelled(documents):
        calls.append(1)
        if len(calls) == 2 and not Path("died").exists():
            Path("died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return label(documents)

    source.label = labelled
    return source


def refuses(**arguments):
    raise ConfigError("C010", "no such thing", remedy="another")


@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # within Ray
def test_ray_loses_nothing_when_a_worker_is_killed(local):
    """On real actors; and an error that a worker raises comes through as it is."""
    ray = pytest.importorskip("ray")
    ray.cloudpickle.register_pickle_by_value(__import__("sys").modules[__name__])
    run_job(job(local, dies_once), Pool(workers=1))
    assert (local / "died").exists()
    assert (local / "ray.jsonl").read_bytes() == (local / "local.jsonl").read_bytes()
    with pytest.raises(ConfigError, match="C010"):
        run_job(job(local, refuses), Pool(workers=1))
    with pytest.raises(ConfigError, match="W002"):
        run_job(job(local, refuses), Pool(workers=4096))
    assert json.loads((local / "ray.jsonl").read_text("utf-8").splitlines()[0])["id"] == "d0"
