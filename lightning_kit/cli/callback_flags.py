"""Flags that change callbacks: ``--callbacks.NAME.ARGUMENT`` and ``--trainer.callbacks``."""

import types
from typing import Any, Union, final, get_args, get_origin, get_type_hints

from lightning_kit.cli.callbacks import Callbacks
from lightning_kit.cli.classes import by_import_path
from lightning_kit.cli.documents import Config, parse
from lightning_kit.cli.flags import Flag
from lightning_kit.cli.layers import lay, nested

LIST = "trainer.callbacks"


@final
class Text(str):
    """A flag's value before the type of its argument is known."""


def applied(callbacks: Callbacks, flags: list[Flag]) -> list[Flag]:
    """Apply to ``callbacks`` the flags that are theirs, and return the flags that are left."""
    by_name: Config = {}
    rest = []
    for flag in flags:
        if flag.key.startswith("callbacks."):
            _collect(flag, by_name)
        elif flag.key == "callbacks":
            callbacks.apply(parse(flag.value or "{}"), flag.source)
        elif flag.key in (LIST, f"{LIST}+") or flag.key.startswith(f"{LIST}."):
            _apply_to_list(callbacks, flag)
        else:
            rest.append(flag)
    if by_name:
        callbacks.apply(by_name, "flags")
    for entry in callbacks.entries:
        entry["init_args"] = _typed(entry["class_path"], entry["init_args"])
    return rest


def _collect(flag: Flag, by_name: Config) -> None:
    name, _, argument = flag.key.removeprefix("callbacks.").partition(".")
    if not argument:
        by_name[name] = parse(flag.value or "{}")
        return
    below = by_name.get(name)
    change = nested(argument.split("."), Text(flag.value or "null"))
    by_name[name] = lay(change, below if isinstance(below, dict) else {})


def _apply_to_list(callbacks: Callbacks, flag: Flag) -> None:
    tail = flag.key.removeprefix(LIST)
    if tail == "":
        callbacks.replace(parse(flag.value or "null"), flag.source)
    elif tail == "+":
        callbacks.append(parse(flag.value or "null"))
    else:
        callbacks.set_last(tail[1:].split("."), Text(flag.value or "null"))


def _typed(path: str, init_args: Config) -> Config:
    """Read flags' texts as values, except where the class takes text alone."""
    try:
        hints = get_type_hints(by_import_path(path).__init__)
    except Exception:
        # A signature with names that only a type checker sees: its texts are read as YAML.
        hints = {}
    return {key: _value(value, hints.get(key)) for key, value in init_args.items()}


def _value(value: Any, hint: Any) -> Any:
    if isinstance(value, dict):
        return {key: _value(item, None) for key, item in value.items()}
    if not isinstance(value, Text):
        return value
    text = str(value)
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if str in kinds and not {int, float, bool} & set(kinds):
        return None if text in ("null", "None") and type(None) in kinds else text
    return parse(text)
