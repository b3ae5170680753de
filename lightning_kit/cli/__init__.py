"""The command line: one file a verb in ``verbs/``; this one picks it, before torch is imported."""

import ast
import os
import sys
from importlib import import_module
from pathlib import Path

from lightning_kit.cli.errors import InputError, did_you_mean
from lightning_kit.runs.errors import RunError

# The number is the same on every Unix; Windows has no such signal.
SIGPIPE = 13
VERBS = Path(__file__).parent / "verbs"
PROGRAM = "lightning-kit"


def entry() -> None:
    """Run the command line of this process."""
    # A project's own modules are named in its YAML, and stand where the command is typed.
    sys.path.insert(0, os.getcwd())
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # `list | head`: nobody reads on. What is still buffered must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + SIGPIPE
    sys.exit(code)


def main(args: list[str]) -> int:
    """Run ``args`` and return the exit code.

    0: done. 1: the run failed. 2: the input is wrong. 3: a gate said no. 75: stopped early but
    resumable. 130: Ctrl-C.
    """
    debug = "--debug" in args
    args = [arg for arg in args if arg != "--debug"]
    try:
        return _dispatch(args)
    except (InputError, RunError) as error:
        if debug:
            raise
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if debug:
            raise
        return 130


def verb_lines() -> dict[str, str]:
    """Return each verb with its one line, read from its file without importing it."""
    files = sorted(path for path in VERBS.glob("*.py") if path.stem != "__init__")
    docs = {path.stem: ast.get_docstring(ast.parse(path.read_text())) or "" for path in files}
    return {verb: doc.partition("\n")[0] for verb, doc in docs.items()}


def _dispatch(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    if args[0] == "--version":
        from lightning_kit import __version__

        print(f"{PROGRAM} {__version__}")
        return 0
    verb = args[0]
    known = [path.stem for path in VERBS.glob("*.py")]
    if verb not in known or verb == "__init__":
        raise InputError(f"{verb}: no such verb{did_you_mean(verb, known)} (see {PROGRAM} --help)")
    code: int = import_module(f"{__name__}.verbs.{verb}").main(args[1:])
    return code


def _help() -> str:
    lines = [f"  {verb:<10}{line}" for verb, line in verb_lines().items()]
    return "\n".join(
        [
            f"usage: {PROGRAM} VERB [...]",
            "",
            "Train, check and use a project that is one YAML file.",
            "",
            *lines,
            "",
            f"{PROGRAM} VERB --help tells more, {PROGRAM} --version the version.",
            "--debug shows the traceback of an error.",
        ]
    )
