"""Explain a class: what it does, what it takes, and YAML to paste.

usage: lightning-kit explain CLASS

CLASS is a short name (lightning-kit list), Trainer, or the import path of any class.
"""

from typing import Any

from lightning_kit.cli.errors import InputError, did_you_mean


def main(args: list[str]) -> int:
    if {"-h", "--help"} & set(args) or not args:
        print(__doc__)
        return 0 if args else 2
    if len(args) > 1:
        raise InputError(f"explain takes one class, got {' '.join(args)}")
    from lightning_kit.cli.explanation import text

    print(text(_find(args[0])))
    return 0


def _find(name: str) -> Any:
    from lightning_kit.cli.classes import KINDS, by_import_path, short_names
    from lightning_kit.cli.pasted import part

    if "." in name:
        found = by_import_path(name)
        if not callable(found):
            raise InputError(f"{name}: is {type(found).__name__}, not a class")
        return found
    if name == "Trainer":
        return by_import_path("pytorch_lightning.Trainer")
    known: dict[str, Any] = {}
    for kind in KINDS.values():
        for short, cls in short_names(kind).items():
            known.setdefault(short, cls)
    found = known.get(name) or part(name)
    if found is None:
        raise InputError(f"{name}: no such class{did_you_mean(name, [*known, 'Trainer'])}")
    return found
