"""Guard: what a command's exceptions become on a terminal, and the exit code of each.

SilversmithError      one line on stderr          2  (the user's: nothing to report)
disk full, no access  one line on stderr          2
Ctrl-C                nothing                   130
reader of a pipe left nothing                   141
anything else         traceback, how to report    1  (ours)
"""

from __future__ import annotations

import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from silversmith.core.errors import SilversmithError
from silversmith.core.version import __version__

__all__ = ["exit_code", "guarded"]

OURS = 1
USERS = 2
INTERRUPTED = 130
PIPE = 141
MACHINE = {errno.ENOSPC: "the disk is full", errno.EACCES: "no permission", errno.EPERM: "no permission"}
"""Errors of the operating system that the user can mend and no reader foresees."""


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same command, ending the process by this page's table instead of raising."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
            sys.stdout.flush()  # a reader that left is noticed here, not at exit
        except (SilversmithError, OSError, KeyboardInterrupt) as error:
            sys.exit(exit_code(error))
        except Exception as error:
            if type(error).__module__.partition(".")[0] in {"typer", "click"}:
                raise  # usage errors and typer.Exit: typer prints them
            sys.exit(exit_code(error))

    return run


def exit_code(error: BaseException) -> int:
    """Print what the user should see of an exception, on stderr; the process's exit code."""
    match error:
        case SilversmithError():
            _say(str(error))
            return USERS
        case KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains once more at exit
            return PIPE
        case OSError(errno=number, filename=name) if number in MACHINE:
            _say(str(SilversmithError("H002", MACHINE[number], path=name)))
            return USERS
    traceback.print_exception(error)
    _say(f"this is a fault of silversmith {__version__}, not yours")
    _say("please report it with the lines above and your command, without private text (see CONTRIBUTING.md)")
    return OURS


def _say(line: str) -> None:
    """One line on stderr."""
    print(f"silversmith: {line}", file=sys.stderr)  # noqa: T201
