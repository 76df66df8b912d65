"""The command `silversmith`: finds the file of the command asked for, imports no other (help is quick)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from silversmith.cli.guard import exit_code, guarded
from silversmith.cli.helptext import help_text
from silversmith.core.errors import ConfigError, SilversmithError, nearest
from silversmith.core.version import __version__

if TYPE_CHECKING:
    import typer

__all__ = ["COMMANDS", "commands", "make_app", "run"]

COMMANDS = {
    "demo": "label the bundled demo corpus: the whole flow in one command, offline",
    "run": "the whole flow of a project file; what has not changed is not done again",
    "fit": "make a mapping from a few labelled documents",
    "mine": "find entities in raw text from one example a type",
    "index": "index the phrases of a corpus, to ask it questions",
    "ask": 'ask an index "Which disease?": answers, terms and silver',
    "discover": "propose the types that a corpus is about, as a schema to edit",
    "label": "label documents: typed spans with probabilities",
    "annotate": "let a language model's server mark text: free concepts, or the types of a schema",
    "pretrain": "train an encoder that knows spans by the names of concepts",
    "train": "train a small tagger on silver documents",
    "tag": "tag documents with a trained tagger",
    "export": "turn a tagger into ONNX, 8-bit ONNX, a Hugging Face folder or a spaCy pipeline",
    "fuse": "fuse the labels of several sources, each trusted as far as agreement shows",
    "silver": "make a silver set from votes: thresholds, sources, manifest, mixtures with gold",
    "noise": "put noise into gold on purpose, or count what such noise does",
    "quality": "estimate precision and recall without gold, as ranges",
    "review": "decide the least certain spans on a local page, with undo",
    "serve": "label or tag over HTTP, on this machine",
    "evaluate": "compare labels with gold: precision, recall, F1, calibration",
    "diff": "what changed between two labelled sets, and which source caused it",
    "explain": "show why a span got its label, here and as an HTML page",
    "convert": "convert annotations between formats, with a report of what is lost",
    "data": "public data sets: where the original is, its licence, and conversion to our format",
    "pack": "make a mapping that brings along the encoder rows that it uses",
    "train-sae": "train a sparse autoencoder of your own on any model and text",
    "models": "models and autoencoders: what is here, what is known by name; add one",
    "inspect": "print what an artefact is, what made it and from what",
}
"""Every command and what it does, in the order of use; each lives in cli/<name>.py, "-" written "_"."""

HEAD = """Usage: silversmith COMMAND [OPTIONS] [ARGUMENTS]

Typed, explained entity spans from raw text, without hand-labelled data; runs offline.

Commands:
"""
TAIL = """
silversmith COMMAND --help  shows its options and an example
silversmith --version       shows the version

Exit codes: 0 done, 1 a fault of silversmith (please report it), 2 wrong input or options.
"""


def commands() -> list[str]:
    """The commands that this installation has, in the order of use."""
    return [name for name in COMMANDS if find_spec(f"silversmith.cli.{_python(name)}")]


def _python(name: str) -> str:
    """The file and function of a command."""
    return name.replace("-", "_")


def make_app(names: Iterable[str] | None = None) -> typer.Typer:
    """A typer application of the commands named (default: all of them); imports their files."""
    import typer

    app = typer.Typer(
        name="silversmith",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_nothing)  # keeps "silversmith NAME ..." also for a single command
    for name in commands() if names is None else names:
        function = getattr(import_module(f"silversmith.cli.{_python(name)}"), _python(name))
        text, examples = help_text(function.__doc__)
        app.command(name, help=text, epilog=examples, short_help=COMMANDS[name])(guarded(function))
    return app


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line (default: the process's own) and exit."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write(HEAD + "".join(f"  {name:<10}{COMMANDS[name]}\n" for name in commands()) + TAIL)
    elif words[0] == "--version":
        sys.stdout.write(f"silversmith {__version__}\n")
    else:
        _dispatch(words)


def _dispatch(words: list[str]) -> None:
    """Import the command's file and run it."""
    try:
        if words[0] not in commands():
            raise ConfigError(
                "H001", f"there is no command {words[0]!r}", remedy=nearest(words[0], commands())
            )
        app = make_app([words[0]])
    except (SilversmithError, KeyboardInterrupt) as error:
        sys.exit(exit_code(error))
    app(args=words, prog_name="silversmith")


def _nothing() -> None:
    """Typed, explained entity spans from raw text, without hand-labelled data; runs offline."""


def __getattr__(name: str) -> Any:
    """`app`: the application of all commands, made when asked for (it imports them all)."""
    if name == "app":
        return make_app()
    raise AttributeError(name)
