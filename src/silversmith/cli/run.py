"""`silversmith run`: the whole flow of a project file; what has not changed is not done again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from silversmith.core.errors import ConfigError

if TYPE_CHECKING:
    from silversmith.workbench.project import Project
    from silversmith.workbench.stages import Stage
    from silversmith.workbench.state import State

__all__ = ["run"]

File = Annotated[Path, typer.Argument(help="The project file (TOML).")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Cap = Annotated[
    float | None, typer.Option(help="Minutes that all stages may take; one that would not fit isn't begun.")
]
Force = Annotated[bool, typer.Option("--force", help="Do every stage again.")]
Json = Annotated[bool, typer.Option("--json", help="Print the closing numbers as one JSON line.")]


def run(
    project: File, dry_run: Dry = False, cap_minutes: Cap = None, force: Force = False, as_json: Json = False
) -> None:
    """Run a project: schema, corpus and sources -> votes -> fused silver -> student -> report.

    Each stage is a command that you could type, and is shown as one. It is skipped when its inputs, options
    and outputs are as they were; killed, the same command goes on. Decisions of `silversmith review` on the
    fused silver are picked up by the next run.

    Examples:
        silversmith run project.toml --dry-run
        silversmith run project.toml
        silversmith run project.toml --cap-minutes 30

    Raises:
        ConfigError: P001 to P004 the file, P010 a stage that does not fit into --cap-minutes, P011 one
        failed.
    """
    from silversmith.workbench.project import read_project
    from silversmith.workbench.stages import plan
    from silversmith.workbench.state import State

    opened = read_project(project)
    stages = plan(opened)
    state = State(opened.out / "state.json")
    words = _words(opened)
    waiting = [one.name for one in stages if force or not state.fresh(one)]
    _show(stages, waiting, state, words)
    if dry_run:
        return
    begin = time.monotonic()
    done = _go(stages, opened, state, words, cap_minutes, force=force)
    record = {"out": str(opened.out), "done": done, "skipped": len(stages) - len(done)}
    record |= {"seconds": round(time.monotonic() - begin, 1), "last": str(stages[-1].outputs[0])}
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
        return
    sys.stdout.write(f"{len(done)} stages done, {record['skipped']} unchanged; see {opened.out}\n")
    sys.stdout.write(f"next: silversmith review {opened.out / 'fused.jsonl'}\n")


def _go(
    stages: Sequence[Stage], project: Project, state: State, words: int, cap: float | None, *, force: bool
) -> list[str]:
    """Do what is not fresh, in order. A stage whose input changes on the way is found out then."""
    end = None if cap is None else time.monotonic() + 60 * cap
    done = []
    for stage in stages:
        if not force and state.fresh(stage):
            continue
        left = None if end is None else end - time.monotonic()
        if left is not None and _seconds(stage, state, words) > left:
            raise ConfigError(
                "P010",
                f"{stage.name} would take about {_seconds(stage, state, words) / 60:.1f} minutes, "
                f"{max(0, left) / 60:.1f} are left",
                remedy="raise --cap-minutes; what is done stays done",
            )
        begin = time.monotonic()
        _do(stage, project)
        state.note(stage, time.monotonic() - begin)
        done.append(stage.name)
    return done


def _do(stage: Stage, project: Project) -> None:
    """One stage, as a process of its own (its memory is free afterwards). Raises ConfigError P011."""
    from silversmith.cli.labelling import say

    say(f"{stage.name}: silversmith {' '.join(stage.command)}")
    for path in stage.outputs:
        path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "silversmith", *stage.command]
    aside = stage.outputs[0].with_name(stage.outputs[0].name + ".new")
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    if stage.capture:
        with aside.open("w", encoding="utf-8") as file:
            code = subprocess.run(command, stdout=file, env=environment, check=False).returncode
    else:
        code = subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=False).returncode
    if code:
        aside.unlink(missing_ok=True)
        raise ConfigError(
            "P011", f"{stage.name} failed (exit {code}); its own line above says why", path=project.path
        )
    if stage.capture:
        aside.replace(stage.outputs[0])


def _seconds(stage: Stage, state: State, words: int) -> float:
    """What a stage should take: as long as last time, else by the corpus's size."""
    known = state.done.get(stage.name)
    return float(known["seconds"]) if known else 3 + stage.rate * words / 1e6


def _words(project: Project) -> int:
    """Words of the corpus, about (a sixth of its bytes), without reading it."""
    corpus = project.place(project.tables.project.corpus)
    paths = [corpus] if corpus.is_file() else [one for one in corpus.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in paths) // 6


def _show(stages: Sequence[Stage], waiting: Sequence[str], state: State, words: int) -> None:
    """The plan with what it will take, on stderr."""
    from silversmith.cli.labelling import say

    say(f"about {words:,} words; a stage takes as long as last time, or as its kind usually does:")
    total = 0.0
    for one in stages:
        new = one.name in waiting
        total += _seconds(one, state, words) if new else 0
        say(f"  {'do  ' if new else 'skip'} {one.name:<24} {_seconds(one, state, words):>8.0f} s")
    say(f"  about {total / 60:.1f} minutes in all")
