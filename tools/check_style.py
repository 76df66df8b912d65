"""Check the house rules that no linter knows: size of files and functions, `__all__`, docstrings.

A file of the package has at most 300 lines, a function at most 40 without its docstring, half of them at
most 12; beside the package (tests list cases, scripts list steps) 500 and 80.
`__all__` names every public function and class of its module and nothing that isn't there; constants and
type variables may stay out of it.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "silversmith"
BESIDE = ("tests", "tools", "experiments", "benchmarks", "examples", "training")
FILE, FUNCTION, MEDIAN = 300, 40, 12
FILE_BESIDE, FUNCTION_BESIDE = 500, 80
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[tuple[Function, int]]:
    """Every function with its number of lines, docstring not counted."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node, clean=False) is not None:
                lines -= (first.end_lineno or first.lineno) - first.lineno + 1
            yield node, lines


def defined(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names of a module's public functions and classes, and all names it binds at its top level."""
    public, every = set[str](), set[str]()
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef):
            every.add(node.name)
            if not node.name.startswith("_"):
                public.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            every |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        else:
            every |= {
                one.id
                for one in ast.walk(node)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
    return public, every


def exported(tree: ast.Module) -> list[str] | None:
    """The module's `__all__`, or None."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
        ):
            return [str(name) for name in ast.literal_eval(node.value)]
    return None


def names(path: Path, tree: ast.Module) -> Iterator[str]:
    """Complaints about `__all__`."""
    listed = exported(tree)
    public, every = defined(tree)
    if path.name == "__init__.py":
        public |= {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module != "__future__"
            for alias in node.names
            if (node.module or "").startswith("silversmith") and len(tree.body) > 1
        }
    if listed is None:
        if public:
            yield f"no __all__ (public: {', '.join(sorted(public))})"
        return
    if missing := public - set(listed):
        yield f"__all__ misses {', '.join(sorted(missing))}"
    if unknown := set(listed) - every - _lazy(tree, listed):
        yield f"__all__ names what isn't there: {', '.join(sorted(unknown))}"


def _lazy(tree: ast.Module, listed: list[str]) -> set[str]:
    """Names that a module's `__getattr__` may give."""
    lazy = any(isinstance(node, Function) and node.name == "__getattr__" for node in tree.body)
    return set(listed) if lazy else set()


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Complaints about public functions, classes and methods without a docstring or a return annotation."""
    if ast.get_docstring(tree) is None:
        yield "no module docstring"
    for owner in [
        tree,
        *(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"),
    ]:
        for node in owner.body:
            if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
                continue
            if ast.get_docstring(node) is None:
                yield f"line {node.lineno}: {node.name} has no docstring"
            if isinstance(node, Function) and node.returns is None:
                yield f"line {node.lineno}: {node.name} has no return annotation"


def complaints(path: Path) -> Iterator[str]:
    """What is wrong with one file."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    ours = path.is_relative_to(PACKAGE)
    lines, most = source.count("\n"), FUNCTION if ours else FUNCTION_BESIDE
    if lines > (limit := FILE if ours else FILE_BESIDE):
        yield f"{lines} lines, more than {limit}: split it by concept"
    for node, size in functions(tree):
        if size > most:
            yield f"line {node.lineno}: {node.name} has {size} lines, more than {most}"
    if ours:
        yield from names(path, tree)
        yield from undocumented(tree)


def check() -> list[str]:
    """Every complaint about the repository, one line each."""
    files = sorted(PACKAGE.rglob("*.py")) + sorted(p for name in BESIDE for p in (ROOT / name).rglob("*.py"))
    found = [f"{path.relative_to(ROOT)}: {text}" for path in files for text in complaints(path)]
    sizes = [
        size for p in PACKAGE.rglob("*.py") for _, size in functions(ast.parse(p.read_text(encoding="utf-8")))
    ]
    if sizes and statistics.median(sizes) > MEDIAN:
        found.append(f"src: the median function has {statistics.median(sizes)} lines, more than {MEDIAN}")
    return found


def main() -> None:
    """Print the complaints; exit code 1 if there are any."""
    found = check()
    print("\n".join(found) or "style: fine")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
