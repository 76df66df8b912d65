"""House rules that no linter knows: sizes, `__all__`, docstrings (tools/check_style.py)."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).parent.parent / "tools"


@pytest.fixture(scope="module")
def style() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_style", TOOLS / "check_style.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_repository_keeps_the_house_rules(style):
    assert style.check() == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (
            '"""M."""\n__all__ = ["f"]\ndef f() -> int:\n    "D."\ndef g() -> int:\n    "D."\n',
            "__all__ misses g",
        ),
        ('"""M."""\n__all__ = ["f", "h"]\ndef f() -> int:\n    "D."\n', "__all__ names what isn't there: h"),
        ('"""M."""\ndef f() -> int:\n    "D."\n', "no __all__ (public: f)"),
        ('__all__ = ["f"]\ndef f() -> int:\n    "D."\n', "no module docstring"),
        ('"""M."""\n__all__ = ["f"]\ndef f() -> int:\n    return 1\n', "f has no docstring"),
        ('"""M."""\n__all__ = ["f"]\ndef f():\n    "D."\n', "f has no return annotation"),
        (
            '"""M."""\n__all__ = ["C"]\nclass C:\n    "D."\n    def m(self) -> None: ...\n',
            "m has no docstring",
        ),
        ('"""M."""\n' + "x = 1\n" * 300, "301 lines"),
        ('"""M."""\ndef _f():\n' + "    x = 1\n" * 41, "_f has 42 lines"),
    ],
)
def test_each_rule_is_seen_when_broken(style, monkeypatch, tmp_path, source, complaint):
    monkeypatch.setattr(style, "PACKAGE", tmp_path)
    path = tmp_path / "module.py"
    path.write_text(source)
    assert any(complaint in one for one in style.complaints(path))


def test_constants_and_docstrings_do_not_count(style, monkeypatch, tmp_path):
    monkeypatch.setattr(style, "PACKAGE", tmp_path)
    path = tmp_path / "module.py"
    doc = '"""D.\n' + "    words\n" * 60 + '    """'
    path.write_text(f'"""M."""\n__all__ = ["f"]\nLIMIT = 3\ndef f() -> int:\n    {doc}\n    return 1\n')
    assert list(style.complaints(path)) == []


def test_lines_of_nested_functions_count_twice(style):
    tree = ast.parse("def f():\n    def g():\n        return 1\n    return g\n")
    assert {node.name: lines for node, lines in style.functions(tree)} == {"f": 4, "g": 2}
