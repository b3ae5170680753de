"""Print a recipe to start from, or a small project of one's own.

usage: lightning-kit new RECIPE > my.yaml    print a recipe; its data file is written beside it
       lightning-kit new --project DIR       a task, a datamodule, a recipe and a test of one's own

lightning-kit list shows recipes and overlays, which are printed alike. Nothing is overwritten.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.recipes import data_files, outside_clone, recipe

PROJECT = Path(__file__).parents[1] / "project"


def main(args: list[str]) -> int:
    if {"-h", "--help"} & set(args):
        print(__doc__)
        return 0
    project, names = _sorted(args)
    if project is not None:
        _write_project(Path(project))
        return 0
    if len(names) != 1:
        raise InputError("new takes one recipe (lightning-kit list recipes), or --project DIR")
    shipped = recipe(names[0])
    for file in data_files(shipped.text):
        _write_beside(file)
    print(outside_clone(shipped.text), end="")
    return 0


def _sorted(args: list[str]) -> tuple[str | None, list[str]]:
    if args and args[0].startswith("--project="):
        args = ["--project", args[0].partition("=")[2], *args[1:]]
    if args and args[0] == "--project":
        if len(args) != 2 or not args[1]:
            raise InputError("new --project takes one directory")
        return args[1], []
    for arg in args:
        if arg.startswith("-"):
            raise InputError(f"new takes no {arg}; it takes --project DIR")
    return None, args


def _write_beside(file: Path) -> None:
    """Copy a recipe's data here; standard output holds the recipe alone."""
    target = Path(file.name)
    content = file.read_bytes()
    with _refused(target):
        if target.exists():
            if target.read_bytes() != content:
                raise InputError(
                    f"{target} exists and differs: move it away, nothing is overwritten"
                )
            return
        target.write_bytes(content)
    print(f"written: {target}", file=sys.stderr)


@contextmanager
def _refused(place: Path) -> Iterator[None]:
    """Say in one line that nothing can be written to ``place``."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{place} cannot be written ({error.strerror}): name a new directory, or go to one "
            "that can be written to"
        ) from error


def _write_project(folder: Path) -> None:
    with _refused(folder):
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder} is not empty: name a new directory, nothing is overwritten")
    for template in sorted(PROJECT.rglob("*.txt")):
        target = folder / template.relative_to(PROJECT).with_suffix("")
        content = template.read_text()
        with _refused(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
        print(f"written: {target}")
    print(f"next: cd {folder} && lightning-kit fit -c recipe.yaml && python -m pytest")
