"""Where something stands in a configuration: entries with a class, and the keys that lead there."""

import re
from collections.abc import Iterator
from typing import Any

from lightning_kit.cli.classes import KINDS
from lightning_kit.cli.documents import Config
from lightning_kit.cli.layers import CLASS_KEYS

# The keys whose class may be given by a short name.
NAMED = {"model": KINDS["tasks"], "data": KINDS["datamodules"]}


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Config]]:
    """Yield every entry with a ``class_path`` in ``value``, outermost first, with where it is.

    >>> inner = {"class_path": "z.W"}
    >>> [p for p, _ in walk({"a": {"class_path": "x.Y", "init_args": {"b": [inner]}}})]
    ['a', 'a.b[0]']
    """
    if isinstance(value, dict):
        if isinstance(value.get("class_path"), str):
            yield path, value
        for key, item in value.items():
            hidden = key == "init_args"
            yield from walk(item, path if hidden else f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}[{index}]")


def addressed(path: str, config: Config) -> str:
    """Return ``path`` with a callback's class for its place in the list, as a person writes it.

    >>> addressed("trainer.callbacks[0].x", {"trainer": {"callbacks": [{"class_path": "a.B"}]}})
    'callbacks.B.x'
    """
    found = re.match(r"trainer\.callbacks\[(\d+)\]", path)
    if found is None:
        return path
    classes = [entry["class_path"].rpartition(".")[2] for entry in config["trainer"]["callbacks"]]
    index = int(found[1])
    name = classes[index]
    number = f"#{classes[: index + 1].count(name)}" if classes.count(name) > 1 else ""
    return f"callbacks.{name}{number}{path[found.end() :]}"


def at(config: Any, path: list[str]) -> Any:
    """Return what stands at ``path``, None where nothing does."""
    for part in path:
        config = config.get(part) if isinstance(config, dict) else None
    return config


def in_full(key: str, config: Config) -> list[str]:
    """Return where a flag's key stands: below each class that it passes, in its ``init_args``.

    >>> in_full("model.lr", {"model": {"class_path": "a.B"}})
    ['model', 'init_args', 'lr']
    """
    path: list[str] = []
    for part in key.split("."):
        below = at(config, path)
        is_class = path in ([name] for name in NAMED)
        is_class |= bool(path) and isinstance(below, dict) and "class_path" in below
        if is_class and part not in CLASS_KEYS and path[-1] != "init_args":
            path.append("init_args")
        path.append(part)
    return path
