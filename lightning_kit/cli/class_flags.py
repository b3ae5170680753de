"""Flags that name a class are laid before the rest: what stood below under another class goes."""

from typing import Any

from lightning_kit.cli.classes import by_import_path, full_path
from lightning_kit.cli.documents import Config, meant
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag
from lightning_kit.cli.hints import takes_class
from lightning_kit.cli.layers import lay, nested, same_class
from lightning_kit.cli.places import NAMED, at, in_full

# Where torch and Lightning keep what an argument of this name takes.
HOMES = {
    "optimizer": "torch.optim",
    "lr_scheduler": "torch.optim.lr_scheduler",
    "logger": "pytorch_lightning.loggers",
}
# Stands where an earlier flag would put its value.
UNSET = "\0"
HEADS = ("model", "data", "trainer", "optimizer", "lr_scheduler")


def laid(config: Config, flags: list[Flag]) -> tuple[Config, list[Flag]]:
    """Return ``config`` under the flags that name a class or change a mapping, and the rest.

    A mapping merges into the one below it, as a file's does; jsonargparse would replace it.
    """
    rest: list[Flag] = []
    for flag in flags:
        key = flag.key.removesuffix(".class_path")
        value = meant(flag.value) if flag.value and flag.value.startswith("{") else flag.value
        path = _class_named(key, value, config)
        place = in_full(key, config)
        if path is None and isinstance(value, dict) and _is_mapping(config, place):
            config = lay(nested(place, value), config)
            rest = _not_set_by(value, place, config, rest)
        elif path is None:
            rest.append(flag)
        else:
            given = value if isinstance(value, dict) else {}
            below = at(config, [*place, "class_path"])
            if flag.source.startswith("-") and not (below and same_class(path, below)):
                # The environment lies below the flags: its arguments go with its class.
                rest = [f for f in rest if f.source.startswith("-") or not _is_below(f.key, key)]
            config = lay(nested(place, {**given, "class_path": path}), config)
            rest = _not_set_by(given, place, config, rest)
    return config, rest


def _not_set_by(value: Config, place: list[str], config: Config, flags: list[Flag]) -> list[Flag]:
    """Return the earlier ``flags`` that the mapping ``value`` at ``place`` leaves alone."""
    kept = []
    for flag in flags:
        key = in_full(flag.key.removesuffix("+"), config)
        below = lay(nested(key, UNSET), config) if key[: len(place)] == place else None
        if below is None or at(lay(nested(place, value), below), key) == UNSET:
            kept.append(flag)
    return kept


def _takes_class(config: Config, place: list[str]) -> bool:
    """Say whether the argument at ``place`` takes a class or function, and no text."""
    if place in (["optimizer"], ["lr_scheduler"], ["trainer", "logger"]):
        return True
    owner = at(config, place[:-2]) if place[-2:-1] == ["init_args"] else None
    if not isinstance(owner, dict) or "." not in owner.get("class_path", ""):
        return False
    return takes_class(owner["class_path"], place[-1])


def _is_mapping(config: Config, place: list[str]) -> bool:
    return isinstance(at(config, place), dict)


def _is_below(key: str, other: str) -> bool:
    return key.startswith(f"{other}.")


def _class_named(key: str, value: Any, config: Config) -> str | None:
    """Return the import path of the class that ``value`` names, None where it names none."""
    name = value.get("class_path") if isinstance(value, dict) else value
    # `null`, `true` and numbers name no class.
    if not isinstance(name, str) or not isinstance(meant(name), str | dict):
        return None
    if key.partition(".")[0] not in HEADS:
        return None
    if key in NAMED:
        return full_path(NAMED[key], name)
    place = in_full(key, config)
    below = at(config, place)
    is_class = isinstance(below, dict) and "class_path" in below
    if not is_class and not _takes_class(config, place):
        # A text such as `rows.csv` must not import a module `rows`.
        return None
    home = HOMES.get(place[-1])
    if "." not in name and is_class:
        # A short name is looked for where the class below it lives.
        home = below["class_path"].rpartition(".")[0]
    if "." not in name and home is not None:
        name = f"{home}.{name}"
    if "." not in name or not all(part.isidentifier() for part in name.split(".")):
        return None
    try:
        found = by_import_path(name)
    except InputError:
        if is_class or home is not None:
            raise
        return None
    return name if callable(found) else None
