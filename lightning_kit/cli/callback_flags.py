"""Flags that change callbacks: ``--callbacks.NAME.ARGUMENT`` and ``--trainer.callbacks``."""

from typing import Any, final

from lightning_kit.cli.callbacks import Callbacks
from lightning_kit.cli.documents import Config, meant
from lightning_kit.cli.flags import Flag
from lightning_kit.cli.hints import kinds
from lightning_kit.cli.layers import lay, nested

LIST = "trainer.callbacks"


@final
class Text(str):
    """A flag's value before the type of its argument is known."""


def applied(callbacks: Callbacks, flags: list[Flag]) -> list[Flag]:
    """Apply to ``callbacks`` the flags that are theirs, and return the flags that are left."""
    by_name: Config = {}
    rest = []
    below = {id(entry): entry["init_args"] for entry in callbacks.entries}
    for flag in flags:
        if flag.key.startswith("callbacks."):
            _collect(flag, by_name)
        elif flag.key == "callbacks":
            callbacks.apply(meant(flag.value or "{}"), flag.source)
        elif flag.key in (LIST, f"{LIST}+") or flag.key.startswith(f"{LIST}."):
            _apply_to_list(callbacks, flag)
        else:
            rest.append(flag)
    if by_name:
        callbacks.apply(by_name, "flags")
    for entry in callbacks.entries:
        given, lower = entry["init_args"], below.get(id(entry), {})
        entry["init_args"] = {
            name: _value(value, kinds(entry["class_path"], name), lower.get(name))
            for name, value in given.items()
        }
    return rest


def _collect(flag: Flag, by_name: Config) -> None:
    name, _, argument = flag.key.removeprefix("callbacks.").partition(".")
    if not argument:
        by_name[name] = meant(flag.value or "{}")
        return
    below = by_name.get(name)
    change = nested(argument.split("."), Text(flag.value or "null"))
    by_name[name] = lay(change, below if isinstance(below, dict) else {})


def _apply_to_list(callbacks: Callbacks, flag: Flag) -> None:
    tail = flag.key.removeprefix(LIST)
    if tail == "":
        callbacks.replace(meant(flag.value or "null"), flag.source)
    elif tail == "+":
        callbacks.append(meant(flag.value or "null"))
    else:
        callbacks.set_last(tail[1:].split("."), Text(flag.value or "null"))


def _value(value: Any, kinds: set[Any], below: Any) -> Any:
    """Read a flag's text as a value, except where the argument takes text alone.

    A mapping merges into the one below it, as a file's does.
    """
    if isinstance(value, dict):
        return {key: _value(item, set(), None) for key, item in value.items()}
    if not isinstance(value, Text):
        return value
    text = str(value)
    if str in kinds and not {int, float, bool} & kinds:
        return None if text in ("null", "None") and type(None) in kinds else text
    found = meant(text)
    return lay(found, below) if isinstance(found, dict) and isinstance(below, dict) else found
