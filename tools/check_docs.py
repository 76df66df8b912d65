"""Check the documentation: run its examples, compare its generated pages, follow its links.

Every ```python block of README.md and docs/ is run, the blocks of one page in one namespace; every
```console block's lines `$ silversmith ...` are run and must end with exit code 0. A block after the
comment `<!-- not run: reason -->` isn't. A ```output block right after a python block must be what it
prints. The blocks run in a new folder that holds what docs/examples holds, and the demo corpus as
`gold.jsonl` with `schema.toml`.
`--write` writes the generated pages and outputs; `--only TEXT` takes the pages whose path contains TEXT.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generated_docs import ROOT, pages

BLOCK = re.compile(
    r"(?P<skip><!-- not run: .+? -->\n+)?^```(?P<kind>python|console)\n(?P<code>.*?)^```\n"
    r"(?P<output>\n```output\n.*?^```\n)?",
    re.DOTALL | re.MULTILINE,
)
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
EXAMPLES = ROOT / "docs" / "examples"
DEMO = ROOT / "src" / "silversmith" / "demo"


def sources() -> list[Path]:
    """The pages that people write."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def run_page(path: Path, write: bool) -> Iterator[str]:
    """Run a page's blocks in order; yield what is wrong."""
    text = path.read_text(encoding="utf-8")
    fresh, namespace = text, dict[str, Any]()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
        shutil.copy(DEMO / "documents.jsonl", "gold.jsonl")
        shutil.copy(DEMO / "schema.toml", "schema.toml")
        for block in BLOCK.finditer(text):
            if block["skip"]:
                continue
            line = text.count("\n", 0, block.start("code")) + 1
            place = f"{path.relative_to(ROOT)}:{line}"
            if block["kind"] == "console":
                yield from run_console(block["code"], place)
                continue
            printed, wrong = run_python(block["code"], namespace)
            if wrong:
                yield f"{place}: {wrong}"
            elif block["output"]:
                expected = f"\n```output\n{printed}```\n"
                if write:
                    fresh = fresh.replace(block["output"], expected)
                elif expected != block["output"]:
                    yield f"{place}: prints something else:\n{printed}"
    if fresh != text:
        path.write_text(fresh, encoding="utf-8")


def run_python(code: str, namespace: dict[str, Any]) -> tuple[str, str]:
    """What a block prints, and its traceback if it fails."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "<example>", "exec"), namespace)
    except Exception:
        return printed.getvalue(), traceback.format_exc(limit=-2)
    return printed.getvalue(), ""


def run_console(code: str, place: str) -> Iterator[str]:
    """Run the silversmith commands of a block; other commands are for the reader."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NO_COLOR": "1",
    }
    environment["SILVERSMITH_QUIET"] = "1"
    for line in code.replace("\\\n", " ").splitlines():
        if not line.startswith("$ silversmith "):
            continue
        words = ["bash", "-c", f"set -o pipefail; {line.removeprefix('$ ')}"]
        done = subprocess.run(
            words, capture_output=True, text=True, env=environment, check=False, timeout=300
        )
        if done.returncode:
            yield f"{place}: {shlex.quote(line)} ends with {done.returncode}:\n{done.stderr[-2000:]}"


def check_links(path: Path) -> Iterator[str]:
    """Links to files that aren't there."""
    for target, _ in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists():
            yield f"{path.relative_to(ROOT)}: links to {target}, which isn't there"


def check_generated(write: bool) -> Iterator[str]:
    """Generated pages that differ from what the source says now."""
    for path, content in pages().items():
        if write:
            path.write_text(content, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != content:
            yield f"{path.relative_to(ROOT)} is stale: run make docs"


def main() -> None:
    """Print what is wrong; exit code 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    found = [] if arguments.only else list(check_generated(arguments.write))
    for path in sources():
        if arguments.only in str(path.relative_to(ROOT)):
            found += [*check_links(path), *run_page(path, arguments.write)]
    print("\n".join(found) or "docs: fine")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
