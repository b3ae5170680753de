"""What one command asks for: the layers below the flags laid together, and the flags.

Lowest first: a checkpoint's own settings, config files in order, environment, flags.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from lightning_kit.cli import callback_flags, class_flags
from lightning_kit.cli.callbacks import Callbacks
from lightning_kit.cli.classes import full_path
from lightning_kit.cli.documents import Config, meant, read
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag, from_environment, split
from lightning_kit.cli.interpolation import interpolated, with_flags
from lightning_kit.cli.layers import lay
from lightning_kit.cli.lean import NAME as LEAN
from lightning_kit.cli.lean import said
from lightning_kit.cli.part_flags import PARTS, part_in_file, spread
from lightning_kit.cli.places import NAMED, in_full


@final
@dataclass
class Request:
    """A command, before jsonargparse sees it.

    ``run`` is the loose word (a run directory), ``files`` the config files in order, ``config``
    everything below the flags, ``flags`` what is left for jsonargparse. ``lean`` is None until a
    flag or, once all layers are laid, a repeated run says it.
    """

    verb: str
    run: str | None = None
    ckpt_path: str | None = None
    random_weights: bool = False
    lean: bool | None = None
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
            for part in spread(flag):
                request._sort(part)
        if len(named := [flag for flag in flags if flag.key == ""]) > 1:
            raise InputError(f"{named[1].value}: one run directory is enough")
        return request

    def lay(self, base: Config) -> None:
        """Lay files and flags over ``base``, the checkpoint's own settings."""
        if base:
            self._lay_file(base, "the run's config.yaml")
        for file in self.files:
            self._lay_file(_with_parts(read(file), Path(file)), file)
        self.flags = callback_flags.applied(self.callbacks, self.flags)
        self.config, self.flags = class_flags.laid(self.config, self.flags)

    def view(self) -> Config:
        """Return all layers, flags included, for who wants to look at them together."""
        return with_flags(self.composed(), self.flags, self._places())

    def interpolate(self) -> None:
        """Replace every ``${...}`` by what it names, once all layers are laid."""
        config, self.flags = interpolated(self.composed(), self.flags, self._places())
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
    def method(self) -> str:
        """The Trainer's method whose settings the verb takes: an export is of what is validated."""
        return "validate" if self.verb == "export" else self.verb

    @property
    def weights_only(self) -> bool:
        """Whether a checkpoint may hold plain data alone; false only where a person said so."""
        said = [flag.value for flag in self.flags if flag.key == "weights_only"]
        value = meant(said[-1] or "") if said else self.config.get("weights_only")
        return value is not False

    def words(self) -> list[str]:
        """Return the flags that are left."""
        return [word for flag in self.flags for word in flag.words()]

    def _places(self) -> list[list[str]]:
        return [in_full(flag.key, self.config) for flag in self.flags]

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
            self.random_weights = flag.value is None or bool(meant(flag.value))
        elif flag.key == LEAN:
            self.lean = said(flag)
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
        for key, kind in NAMED.items():
            if key in layer:
                layer[key] = _with_full_path(layer[key], kind)
        self.config = lay(layer, self.config)


def _with_full_path(value: Any, kind: Any) -> Any:
    if isinstance(value, str):
        value = {"class_path": value}
    if isinstance(value, dict) and isinstance(value.get("class_path"), str):
        return {**value, "class_path": full_path(kind, value["class_path"])}
    return value


def _with_parts(config: Config, file: Path) -> Config:
    """Read a part that stands in a file of its own: ``trainer: trainer.yaml``."""
    parts = {key: part_in_file(config[key], file) for key in PARTS if key in config}
    return {**config, **parts}
