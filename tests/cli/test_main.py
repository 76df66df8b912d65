"""The command line: finding commands, and what each exception becomes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
import typer

from silversmith.cli.guard import exit_code, guarded
from silversmith.cli.helptext import help_text
from silversmith.cli.main import COMMANDS, commands, make_app, run
from silversmith.core import DataError, __version__


def ended(words: list[str]) -> int:
    with pytest.raises(SystemExit) as end:
        run(words)
    return int(end.value.code or 0)


def raising(error: BaseException):
    def command() -> None:
        raise error

    return guarded(command)


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"], ["help"]])
def test_help_lists_the_commands(words, capsys):
    run(words)
    shown = capsys.readouterr().out
    for name in commands():
        assert f"  {name:<10}{COMMANDS[name]}\n" in shown


def test_version(capsys):
    run(["--version"])
    assert capsys.readouterr().out == f"silversmith {__version__}\n"


def test_a_misspelt_command_is_one_line_and_the_users(capsys):
    assert ended(["inspekt"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert 'did you mean "inspect"?' in captured.err


@pytest.mark.parametrize("words", [["inspect"], ["inspect", "x", "--jsn"]])
def test_a_wrong_option_is_the_users(words, capsys):
    assert ended(words) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_user_error_is_one_line(capsys):
    with pytest.raises(SystemExit, match="2"):
        raising(DataError("D003", "ends too late", path="a.jsonl", line=3))()
    assert capsys.readouterr().err == "silversmith: [D003] a.jsonl:3: ends too late\n"


def test_our_fault_keeps_its_traceback_and_says_how_to_report(capsys):
    with pytest.raises(SystemExit, match="1"):
        raising(ZeroDivisionError("oops"))()
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "ZeroDivisionError: oops" in shown
    assert "report" in shown.splitlines()[-1]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (OSError(errno.ENOSPC, "No space left", "big.jsonl"), 2),
        (PermissionError(errno.EACCES, "Permission denied", "secret"), 2),
        (OSError(errno.EIO, "Input/output error"), 1),
    ],
)
def test_what_the_machine_or_the_user_stops(error, code, capsys):
    assert exit_code(error) == code
    assert ("please report" in capsys.readouterr().err) == (code == 1)


def test_typers_own_exceptions_pass():
    with pytest.raises(typer.BadParameter):
        raising(typer.BadParameter("x"))()


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_a_reader_that_leaves_is_no_fault():
    code = (
        "import sys\nfrom silversmith.cli.guard import guarded\n"
        "def many():\n    for n in range(100000): print(n)\nguarded(many)()\n"
    )
    command = f"'{sys.executable}' -c \"$CODE\" | head -1; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "CODE": code}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env=environment
    )
    assert (done.stdout, done.stderr, done.returncode) == ("0\n", "", 141)


def test_docstrings_become_help_with_examples_kept():
    text, examples = help_text(
        """Do it.

        At length.

        Args:
            x: hidden.

        Examples:
            silversmith do x
            silversmith do y | head

        Raises:
            DataError: hidden.
        """
    )
    assert text == "Do it.\n\nAt length."
    assert examples == "\b\nExamples:\n  silversmith do x\n  silversmith do y | head"
    assert help_text("Do it.") == ("Do it.", "")
    assert help_text(None) == ("", "")


def test_the_application_of_all_commands_is_made_when_asked_for():
    from silversmith.cli import main

    assert {info.name for info in main.app.registered_commands} == set(commands())
    with pytest.raises(AttributeError):
        _ = main.nothing


def test_options_that_all_commands_share_are_spelt_alike():
    for info in make_app().registered_commands:
        assert info.name in COMMANDS
