"""Flags that change callbacks: ``--callbacks.NAME.ARGUMENT`` and ``--trainer.callbacks``."""

from typing import Any, final

from lightning_kit.cli.callbacks import Callbacks, arguments_of
from lightning_kit.cli.documents import Config, meant
from lightning_kit.cli.errors import InputError
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
    before = list(callbacks.entries)
    below = {id(entry): entry["init_args"] for entry in before}
    for flag in flags:
        if flag.key == "callbacks" or flag.key.startswith("callbacks."):
            _collect(flag, by_name)
        elif flag.key in (LIST, f"{LIST}+") or flag.key.startswith(f"{LIST}."):
            # What was said by name before the list changes is laid before it.
            if by_name:
                callbacks.apply(by_name, "flags")
            by_name = {}
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
    """Lay a flag over the earlier ones: the later wins, whether it is a mapping or one argument."""
    name, _, argument = flag.key.removeprefix("callbacks").removeprefix(".").partition(".")
    if argument:
        changes: Any = {name: nested(argument.split("."), _text(flag))}
    elif name:
        changes = {name: meant(flag.value or "{}")}
    else:
        changes = meant(flag.value or "{}")
        if not isinstance(changes, dict):
            raise InputError(f"{flag.source}: must be a mapping of class names, got {flag.value!r}")
    for key, change in changes.items():
        by_name[str(key)] = _merged(change, by_name.get(str(key)))


def _merged(change: Any, below: Any) -> Any:
    if not (isinstance(change, dict) and isinstance(below, dict)):
        return change
    path = {"class_path": change.get("class_path", below.get("class_path"))}
    # Beside its class or below `init_args`: an argument is the same one.
    merged = lay(arguments_of(change), arguments_of(below))
    return merged if path["class_path"] is None else {**path, **merged}


def _text(flag: Flag) -> Text:
    if flag.value is None:
        raise InputError(f"{flag.source}: a value must follow (null, where the argument may be so)")
    return Text(flag.value)


def _apply_to_list(callbacks: Callbacks, flag: Flag) -> None:
    tail = flag.key.removeprefix(LIST)
    if tail == "":
        callbacks.replace(meant(flag.value or "null"), flag.source)
    elif tail == "+":
        callbacks.append(meant(flag.value or "null"))
    else:
        callbacks.set_last(tail[1:].split("."), _text(flag))


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
