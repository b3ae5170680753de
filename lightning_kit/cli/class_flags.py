"""Flags that name a class are laid before the rest: what stood below under another class goes."""

from typing import Any

from lightning_kit.cli.classes import by_import_path, class_path, resolve
from lightning_kit.cli.documents import Config, parse
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag
from lightning_kit.cli.layers import lay, nested
from lightning_kit.cli.places import NAMED, at, in_full

HEADS = ("model", "data", "trainer")


def laid(config: Config, flags: list[Flag]) -> tuple[Config, list[Flag]]:
    """Return ``config`` under the flags that name a class, and the flags that are left."""
    rest = []
    for flag in flags:
        key = flag.key.removesuffix(".class_path")
        value = parse(flag.value) if flag.value and flag.value.startswith("{") else flag.value
        path = _class_named(key, value, config)
        if path is None:
            rest.append(flag)
        else:
            given = value if isinstance(value, dict) else {}
            change = nested(in_full(key, config), {**given, "class_path": path})
            config = lay(change, config)
    return config, rest


def _class_named(key: str, value: Any, config: Config) -> str | None:
    """Return the import path of the class that ``value`` names, None where it names none."""
    name = value.get("class_path") if isinstance(value, dict) else value
    if not isinstance(name, str) or not name or key.partition(".")[0] not in HEADS:
        return None
    if "." not in key:
        return class_path(resolve(NAMED[key], name)) if key in NAMED else None
    below = at(config, in_full(key, config))
    is_class = isinstance(below, dict) and "class_path" in below
    if "." not in name and is_class:
        # A short name is looked for where the class below it lives.
        name = f"{below['class_path'].rpartition('.')[0]}.{name}"
    if "." not in name or not all(part.isidentifier() for part in name.split(".")):
        return None
    try:
        found = by_import_path(name)
    except InputError:
        if is_class:
            raise
        return None
    return name if callable(found) else None
