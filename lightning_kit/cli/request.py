"""What one command asks for: the layers below the flags laid together, and the flags.

Lowest first: a checkpoint's own settings, config files in order, environment, flags.
"""

import os
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union, final, get_args, get_origin, get_type_hints

from lightning_kit.cli.callbacks import Callbacks
from lightning_kit.cli.classes import KINDS, by_import_path, class_path, resolve
from lightning_kit.cli.documents import Config, parse, read
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag, from_environment, split
from lightning_kit.cli.interpolation import interpolated, with_flags
from lightning_kit.cli.layers import CLASS_KEYS, lay, nested


class Text(str):
    """A flag's value before the type of its argument is known."""


PLACES = {"model": KINDS["tasks"], "data": KINDS["datamodules"]}


@final
@dataclass
class Request:
    """A command, before jsonargparse sees it.

    ``run`` is the loose word (a run directory), ``files`` the config files in order, ``config``
    everything below the flags, ``flags`` what is left for jsonargparse.
    """

    verb: str
    run: str | None = None
    ckpt_path: str | None = None
    random_weights: bool = False
    wants_help: bool = False
    files: list[str] = field(default_factory=list)
    config: Config = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    callbacks: Callbacks = field(default_factory=Callbacks)

    @classmethod
    def of(cls, verb: str, args: list[str]) -> "Request":
        """Sort the words of a command line; nothing is laid together yet."""
        request = cls(verb)
        flags = [*from_environment(verb, os.environ), *split(args)]
        for flag in flags:
            request._sort(flag)
        if len(named := [flag for flag in flags if flag.key == ""]) > 1:
            raise InputError(f"{named[1].value}: one run directory is enough")
        return request

    def lay(self, base: Config) -> None:
        """Lay files and flags over ``base``, the checkpoint's own settings."""
        if base:
            self._lay_file(base, "the run's config.yaml")
        for file in self.files:
            self._lay_file(_with_parts(read(file), Path(file)), file)
        self._take_callback_flags()
        self._take_class_flags()

    def view(self) -> Config:
        """Return all layers, flags included, for who wants to look at them together."""
        return with_flags(self.composed(), self.flags, self._paths())

    def interpolate(self) -> None:
        """Replace every ``${...}`` by what it names, once all layers are laid."""
        config, self.flags = interpolated(self.composed(), self.flags, self._paths())
        if self.callbacks.given:
            self.callbacks.entries = config["trainer"].pop("callbacks")
        self.config = config

    def composed(self) -> Config:
        """Return the layers as one configuration that jsonargparse reads."""
        config = {key: value for key, value in self.config.items() if value is not None}
        if self.callbacks.given:
            config["trainer"] = {
                **(config.get("trainer") or {}),
                "callbacks": self.callbacks.entries,
            }
        return config

    @property
    def weights_only(self) -> bool:
        """Whether a checkpoint may hold plain data alone; false only where a person said so."""
        said = [flag.value for flag in self.flags if flag.key == "weights_only"]
        value = parse(said[-1] or "") if said else self.config.get("weights_only")
        return value is not False

    def words(self) -> list[str]:
        """Return the flags that are left."""
        return [word for flag in self.flags for word in flag.words()]

    def _sort(self, flag: Flag) -> None:
        if flag.key == "":
            self.run = flag.value
        elif flag.key in ("c", "config"):
            if flag.value is None:
                raise InputError(f"{flag.source}: a file must follow")
            self.files.append(flag.value)
        elif flag.key == "ckpt_path":
            self.ckpt_path = flag.value
        elif flag.key == "random_weights":
            self.random_weights = flag.value is None or bool(parse(flag.value))
        else:
            self.wants_help |= flag.key in ("h", "help")
            self.flags.append(flag)

    def _lay_file(self, layer: Config, source: str) -> None:
        layer = dict(layer)
        by_name = layer.pop("callbacks", None)
        if isinstance(layer.get("trainer"), dict):
            trainer = dict(layer["trainer"])
            if "callbacks" in trainer:
                self.callbacks.replace(trainer.pop("callbacks"), source)
            if "callbacks+" in trainer:
                self.callbacks.append(trainer.pop("callbacks+"))
            layer["trainer"] = trainer
        if by_name is not None:
            self.callbacks.apply(by_name, source)
        for key, kind in PLACES.items():
            layer[key] = _with_full_path(layer.get(key), kind)
            if layer[key] is None:
                del layer[key]
        self.config = lay(layer, self.config)

    def _take_callback_flags(self) -> None:
        by_name: Config = {}
        rest = []
        for flag in self.flags:
            head, _, tail = flag.key.partition(".")
            if head == "callbacks" and tail:
                name, _, argument = tail.partition(".")
                if argument:
                    change = nested(argument.split("."), Text(flag.value or "null"))
                    below = by_name.get(name)
                    by_name[name] = lay(change, below if isinstance(below, dict) else {})
                else:
                    by_name[name] = parse(flag.value or "{}")
            elif flag.key.startswith("trainer.callbacks"):
                self._take_list_flag(flag)
            else:
                rest.append(flag)
        self.flags = rest
        for name in list(by_name):
            # Every flag's class must be known before its arguments can be read as its types.
            self.callbacks.apply({name: by_name[name]}, "flags")
        for entry in self.callbacks.entries:
            entry["init_args"] = _typed(entry["class_path"], entry["init_args"])

    def _take_list_flag(self, flag: Flag) -> None:
        tail = flag.key.removeprefix("trainer.callbacks")
        value = parse(flag.value or "null")
        if tail == "":
            self.callbacks.replace(value, flag.source)
        elif tail == "+":
            self.callbacks.append(value)
        elif tail.startswith("."):
            self.callbacks.set_last(tail[1:].split("."), value)
        else:
            self.flags.append(flag)

    def _take_class_flags(self) -> None:
        """Lay flags that name a class, so that what stood below under another class goes."""
        rest = []
        for flag in self.flags:
            key = flag.key.removesuffix(".class_path").split(".")
            value = parse(flag.value) if flag.value and flag.value.startswith("{") else flag.value
            path = self._class_named(key, value)
            if path is None:
                rest.append(flag)
                continue
            change = {**value, "class_path": path} if isinstance(value, dict) else path
            change = change if isinstance(change, dict) else {"class_path": change}
            self.config = lay(nested(self._with_init_args(key), change), self.config)
        self.flags = rest

    def _class_named(self, key: list[str], value: Any) -> str | None:
        name = value.get("class_path") if isinstance(value, dict) else value
        if not isinstance(name, str) or not name or key[0] not in ("model", "data", "trainer"):
            return None
        if len(key) == 1:
            return class_path(resolve(PLACES[key[0]], name)) if key[0] in PLACES else None
        below = _at(self.config, self._with_init_args(key))
        if "." not in name and isinstance(below, dict) and "class_path" in below:
            # A short name is looked for where the class below it lives.
            name = f"{below['class_path'].rpartition('.')[0]}.{name}"
        parts = name.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            return None
        is_place = isinstance(below, dict) and "class_path" in below
        try:
            found = by_import_path(name)
        except InputError:
            if is_place:
                raise
            return None
        return name if callable(found) else None

    def _paths(self) -> list[list[str]]:
        return [self._with_init_args(flag.key.split(".")) for flag in self.flags]

    def _with_init_args(self, key: list[str]) -> list[str]:
        """Return ``model.optimizer`` as ``model.init_args.optimizer``, at every depth."""
        path: list[str] = []
        for part in key:
            below = _at(self.config, path) if path else self.config
            is_class = path == [key[0]] and key[0] in PLACES
            is_class |= isinstance(below, dict) and "class_path" in below
            if path and is_class and part not in CLASS_KEYS and path[-1] != "init_args":
                path.append("init_args")
            path.append(part)
        return path


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Config]]:
    """Yield every entry with a ``class_path`` in ``value``, outermost first, with where it is."""
    if isinstance(value, dict):
        if isinstance(value.get("class_path"), str):
            yield path, value
        for key, item in value.items():
            hidden = key == "init_args"
            yield from walk(item, path if hidden else f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}[{index}]")


def _at(config: Any, path: list[str]) -> Any:
    for part in path:
        config = config.get(part) if isinstance(config, dict) else None
    return config


def _with_full_path(value: Any, kind: Any) -> Any:
    if isinstance(value, str):
        value = {"class_path": value}
    if isinstance(value, dict) and isinstance(value.get("class_path"), str):
        cls = resolve(kind, value["class_path"])
        path = class_path(cls) if isinstance(cls, type) else value["class_path"]
        return {**value, "class_path": path}
    return value


def _with_parts(config: Config, file: Path) -> Config:
    """Read a part that stands in a file of its own: ``trainer: trainer.yaml``."""
    for key in ("trainer", "model", "data"):
        value = config.get(key)
        if isinstance(value, str) and value.endswith((".yaml", ".yml", ".json")):
            config = {**config, key: read(file.parent / value)}
    return config


def _typed(path: str, init_args: Config) -> Config:
    """Read flags' texts as values, except where the class takes text alone."""
    try:
        hints = get_type_hints(by_import_path(path).__init__)
    except Exception:
        # A signature with names that only a type checker sees: its texts are read as YAML.
        hints = {}
    return {key: _value(value, hints.get(key)) for key, value in init_args.items()}


def _value(text: Any, hint: Any) -> Any:
    if isinstance(text, dict):
        return {key: _value(value, None) for key, value in text.items()}
    if not isinstance(text, Text):
        return text
    text = str(text)
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if str in kinds and not {int, float, bool} & set(kinds):
        return None if text in ("null", "None") and type(None) in kinds else text
    return parse(text)
