"""Flags that change callbacks: ``--callbacks.NAME.ARGUMENT`` and ``--trainer.callbacks``."""

from typing import Any

from lightning_kit.cli.callbacks import Callbacks
from lightning_kit.cli.class_arguments import Reader
from lightning_kit.cli.classes import short_names
from lightning_kit.cli.documents import meant
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag
from lightning_kit.cli.hints import kinds, takes_callable
from lightning_kit.cli.nested_names import ARGUMENTS as PARTS

LIST = "trainer.callbacks"
# Flags for all callbacks at once.
WHOLE = (LIST, f"{LIST}+")


def applied(callbacks: Callbacks, flags: list[Flag]) -> list[Flag]:
    """Apply to ``callbacks`` the flags that are theirs, and return the flags that are left."""
    own = [flag for flag in flags if _is_below(flag.key, "callbacks") or _is_of_list(flag)]
    for flag in _classes_first(own):
        if _is_of_list(flag):
            _apply_to_list(callbacks, flag)
        else:
            _apply_by_name(callbacks, flag)
    return [flag for flag in flags if flag not in own]


def _classes_first(flags: list[Flag]) -> list[Flag]:
    """Put each flag that names a class before the flags for that class's arguments.

    Only a class has arguments, so a text for something that has flags below it names one.
    """
    ordered: list[Flag] = []
    for flag in flags:
        place = len(ordered)
        if isinstance(meant(flag.value or ""), str):
            for index in reversed(range(len(ordered))):
                earlier = ordered[index]
                if earlier.key in WHOLE or _is_below(_place(flag), _place(earlier)):
                    break
                place = index if _is_below(_place(earlier), _place(flag)) else place
        ordered.insert(place, flag)
    return ordered


def _apply_by_name(callbacks: Callbacks, flag: Flag) -> None:
    _, *key = _parts(flag.key)
    if not key:
        changes = meant(flag.value or "{}")
        if not isinstance(changes, dict):
            raise InputError(f"{flag.source}: must be a mapping of class names, got {flag.value!r}")
        callbacks.apply(changes, "flags")
    elif len(key) == 1:
        callbacks.apply({key[0]: meant(flag.value or "{}")}, "flags")
    elif key[1:] == ["class_path"]:
        callbacks.apply({key[0]: {"class_path": _text(flag)}}, "flags")
    else:
        callbacks.set(key[0], key[1:], _reader(flag))
        _refuse_no_class(callbacks, key, flag)


def _refuse_no_class(callbacks: Callbacks, key: list[str], flag: Flag) -> None:
    """Refuse an argument of a schedule or an action whose class no layer names."""
    owner: Any = callbacks.entry(key[0])
    for index, part in enumerate(key[1:-1], 1):
        path = owner.get("class_path", "")
        owner = owner.get("init_args", owner).get(part)
        if part in PARTS and takes_callable(path, part) and "class_path" not in owner:
            names = ", ".join(sorted(short_names(PARTS[part])))
            where = ".".join(key[: index + 1])
            raise InputError(
                f"{flag.source}: callbacks.{where} has no class to take {key[-1]!r}: say "
                f"--callbacks.{where} CLASS too, one of {names}"
            )


def _apply_to_list(callbacks: Callbacks, flag: Flag) -> None:
    if flag.key == LIST:
        callbacks.replace(meant(flag.value or "null"), flag.source)
    elif flag.key in WHOLE:
        callbacks.append(meant(flag.value or "null"))
    else:
        callbacks.set_last(_parts(flag.key)[2:], _reader(flag))


def _reader(flag: Flag) -> Reader:
    """Return what reads the flag's text, once the class whose argument it is for is known."""
    text = _text(flag)
    return lambda path, argument: _value(text, kinds(path, argument))


def _value(text: str, kinds: set[Any]) -> Any:
    """Read a flag's text as a value, except where the argument takes text alone."""
    if str in kinds and not {int, float, bool} & kinds:
        return None if text in ("null", "None") and type(None) in kinds else text
    return meant(text)


def _text(flag: Flag) -> str:
    if flag.value is None:
        raise InputError(f"{flag.source}: a value must follow (null, where the argument may be so)")
    return flag.value


def _parts(key: str) -> list[str]:
    # Beside its class or below `init_args`: an argument is the same one.
    return [part for part in key.split(".") if part != "init_args"]


def _place(flag: Flag) -> str:
    return ".".join(_parts(flag.key)).removesuffix(".class_path")


def _is_below(key: str, other: str) -> bool:
    """Say whether ``key`` is ``other`` or stands below it."""
    return f"{key}.".startswith(f"{other}.")


def _is_of_list(flag: Flag) -> bool:
    return _is_below(flag.key, LIST) or flag.key in WHOLE
