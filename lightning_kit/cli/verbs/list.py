"""List what there is: tasks, datamodules, callbacks, recipes and more.

usage: lightning-kit list [KIND]

lightning-kit explain CLASS tells more of a class, lightning-kit new RECIPE prints a recipe.
"""

import sys
from shutil import get_terminal_size

from lightning_kit.cli.errors import InputError, did_you_mean
from lightning_kit.cli.recipes import shipped

FILES = ("recipes", "overlays")


def main(args: list[str]) -> int:
    from lightning_kit.cli.classes import KINDS

    if {"-h", "--help"} & set(args):
        print(__doc__)
        return 0
    known = [*KINDS, *FILES]
    for kind in args:
        if kind not in known:
            raise InputError(f"{kind}: no such kind{did_you_mean(kind, known)}; {', '.join(known)}")
    for kind in args or known:
        print(f"{kind}:")
        rows = _files(kind) if kind in FILES else _classes(kind)
        for name, line in rows.items():
            row = f"  {name:<30} {line or '-'}"
            print(shorten(row) if sys.stdout.isatty() else row)
    return 0


def shorten(row: str) -> str:
    """Cut a row at the terminal's width: one line each."""
    width = get_terminal_size().columns
    return row if len(row) <= width else f"{row[: width - 3]}..."


def _files(kind: str) -> dict[str, str]:
    return {name: file.line for name, file in shipped(kind).items()}


def _classes(kind: str) -> dict[str, str]:
    from lightning_kit.cli.classes import KINDS, short_names
    from lightning_kit.cli.explanation import one_line

    found = short_names(KINDS[kind])
    return {name: one_line(cls) for name, cls in sorted(found.items()) if _is_part(cls)}


def _is_part(cls: type) -> bool:
    """Leave out bases that are meant to be derived from."""
    return not getattr(cls, "__abstractmethods__", None) and cls.__name__ not in (
        "Callback", "Checkpoint", "BaseFinetuning", "BasePredictionWriter", "ProgressBar", "Logger",
    )  # fmt: skip
