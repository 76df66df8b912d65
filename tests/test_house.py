"""The house as a whole: what imports what, what the package holds, what the repository never holds."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
from collections import Counter
from importlib import import_module, resources
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from silversmith.cli.main import COMMANDS, commands, make_app
from silversmith.core import Schema
from silversmith.demo import demo_path
from silversmith.formats import read

ROOT = Path(__file__).parent.parent
BLOCKED = "import sys; sys.modules['torch'] = sys.modules['transformers'] = None; "
LARGEST_FILE = 60e6


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )


def repository_files() -> list[Path]:
    """What git holds or would hold; without git, every file outside hidden folders and caches."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = [ROOT / line for line in done.stdout.splitlines()]
    except (FileNotFoundError, subprocess.CalledProcessError):
        found = [path for path in ROOT.rglob("*") if not any(part.startswith(".") for part in path.parts)]
    return [path for path in found if path.is_file() and not path.is_symlink()]


def texts() -> list[tuple[Path, str]]:
    pairs = []
    for path in repository_files():
        try:
            pairs.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return pairs


@pytest.mark.parametrize("floor", ["core", "formats", "text", "evaluation", "demo", "testing", "cli.main"])
def test_the_ground_floor_imports_without_torch(floor):
    done = python(f"{BLOCKED}import silversmith.{floor}")
    assert done.returncode == 0, done.stderr


def test_the_top_of_the_package_imports_without_torch_and_typer():
    done = python(f"{BLOCKED}sys.modules['typer'] = None; import silversmith; print(silversmith.Document)")
    assert done.returncode == 0, done.stderr


def test_help_imports_no_command_and_is_quick():
    code = "from silversmith.cli.main import run; run(['--help']); import sys; print(sorted(sys.modules))"
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        done = python(code)
        times.append(time.perf_counter() - begin)
    assert done.returncode == 0
    for heavy in ("'torch'", "'typer'", "'rich'", "'silversmith.cli.label'"):
        assert heavy not in done.stdout
    assert min(times) < 3  # half a second on an idle machine; the machines of tests are busy


def test_the_built_in_sources_come_in_by_the_plugin_door():
    points = {point.name: point for point in entry_points(group="silversmith.sources")}
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][
        "silversmith.sources"
    ]
    assert set(points) >= set(listed)
    for name in listed:
        source = points[name].load()
        assert source.name == name
        assert all(callable(getattr(source, method)) for method in ("prepare", "open", "label", "explain"))


def test_the_command_is_installed():
    (point,) = entry_points(group="console_scripts", name="silversmith")
    assert point.value == "silversmith.cli.main:run"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_file_help_and_an_example(name):
    python = name.replace("-", "_")
    function = getattr(import_module(f"silversmith.cli.{python}"), python)
    (info,) = make_app([name]).registered_commands
    assert info.help
    assert info.epilog, f"{name}: its docstring has no Examples section"
    assert f"silversmith {name}" in info.epilog
    assert function.__doc__.splitlines()[0].endswith(".")


def test_every_command_is_listed():
    files = {path.stem for path in (ROOT / "src/silversmith/cli").glob("*.py")}
    functions = {n for n in files if hasattr(import_module(f"silversmith.cli.{n}"), n)}
    assert functions - {"__init__"} <= {name.replace("-", "_") for name in COMMANDS}
    assert commands() == list(COMMANDS)


def test_the_package_holds_its_data():
    package = resources.files("silversmith")
    for name in ("py.typed", "demo/documents.jsonl", "demo/schema.toml", "models/mini_weights/manifest.json"):
        assert (package / name).is_file(), name


def test_the_demo_corpus_is_what_the_readme_promises():
    documents = list(read(demo_path()))
    domains = Counter(document.meta["domain"] for document in documents)
    assert len(documents) >= 36
    assert len(domains) == 5
    assert min(domains.values()) >= 7
    assert Schema.read(demo_path("schema.toml")).names == ("PER", "LOC", "ORG", "TIME", "NUM", "MISC")
    labels = Counter(span.label for document in documents for span in document.spans)
    assert set(labels) == {"PER", "LOC", "ORG", "TIME", "NUM", "MISC"}
    assert min(labels.values()) >= 40
    for document in documents:
        assert 60 <= len(document.text.split()) <= 150
        for span in document.spans:
            covered = document.covered(span)
            assert covered == covered.strip()
            assert re.match(r"\w|[$€£]", covered)


def test_one_string_has_one_label_in_the_demo_corpus():
    seen: dict[str, set[str]] = {}
    for document in read(demo_path()):
        for span in document.spans:
            seen.setdefault(document.covered(span), set()).add(span.label)
    assert {name for name, labels in seen.items() if len(labels) > 1} <= {"Russian"}  # people and language


def test_no_path_of_one_machine_is_in_the_repository():
    private = re.compile(r"(?<![\w.<])/(?:work|root|home/\w+|Users/\w+)/\w")
    here = Path(__file__)
    found = [
        f"{path.relative_to(ROOT)}: {m.group()}"
        for path, text in texts()
        if path != here
        for m in private.finditer(text)
    ]
    assert found == []


def test_no_package_registry_is_named():
    registry = re.compile("py" + r"pi\.org|files\.python" + "hosted|download\\.py" + "torch")
    assert [path for path, text in texts() if registry.search(text)] == []


def test_no_file_is_too_large():
    assert [path for path in repository_files() if path.stat().st_size > LARGEST_FILE] == []


def test_constraints_pin_every_dependency_exactly():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert pins["torch"] == "2.13.0"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[^\w.-]", one)[0].lower() for one in wanted}
    assert names <= {name.lower() for name in pins}


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
