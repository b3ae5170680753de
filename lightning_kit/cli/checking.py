"""Find misspelt names in a composed configuration, before anything is built."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from lightning_kit.cli.classes import KINDS, Kind, arguments, by_import_path, resolve
from lightning_kit.cli.documents import Config, meant
from lightning_kit.cli.errors import InputError, did_you_mean
from lightning_kit.cli.flags import TOP, Flag
from lightning_kit.cli.lean import NAME as LEAN
from lightning_kit.cli.nested_names import ARGUMENTS
from lightning_kit.cli.nulls import nulls
from lightning_kit.cli.places import NAMED, addressed, at, in_full, walk
from lightning_kit.cli.unfilled import unfilled

# Arguments of Trainer.fit, validate, test and predict that a configuration may hold.
RUN_ARGUMENTS = ("weights_only", "verbose", "return_predictions")
TWIN = "lightning.pytorch"


def problems(config: Config, flags: list[Flag]) -> Iterator[str]:
    """Yield one line for each name that nothing takes, and each class of the twin package."""
    for key in config:
        if key == LEAN:
            yield f"{key}: a flag alone, which no LightningCLI file can hold: say --{key} false"
        elif key not in (*TOP, *RUN_ARGUMENTS):
            yield f"{key}: no such setting{did_you_mean(key, [*TOP, *RUN_ARGUMENTS, 'callbacks'])}"
    trainer = config.get("trainer")
    for key in trainer if isinstance(trainer, dict) else ():
        yield from _trainer_argument(str(key), str(key))
    for path, entry in walk(config):
        yield from _entry(addressed(path, config), entry)
    for index, entry in enumerate(_callbacks(config)):
        yield from unfilled(addressed(f"trainer.callbacks[{index}]", config), entry)
    for flag in flags:
        yield from _flag(flag, config)


def _callbacks(config: Config) -> list[Config]:
    callbacks = at(config, ["trainer", "callbacks"])
    return callbacks if isinstance(callbacks, list) else []


def _trainer_argument(key: str, shown: str) -> Iterator[str]:
    from pytorch_lightning import Trainer

    known = [name for name in inspect.signature(Trainer.__init__).parameters if name != "self"]
    if key.removesuffix("+") not in known:
        yield f"trainer.{shown}: the Trainer takes no {key!r}{did_you_mean(key, known)}"


def _entry(path: str, entry: Config) -> Iterator[str]:
    if "." not in entry["class_path"]:
        kind = KINDS["loggers"] if path.startswith("trainer.logger") else NAMED.get(path)
        kind = kind or ARGUMENTS.get(path.rpartition(".")[2].partition("[")[0])
        if kind is not None:
            yield from _short_name(path, kind, entry["class_path"])
        return
    try:
        cls = by_import_path(entry["class_path"])
    except InputError as error:
        yield f"{path}: {error}"
        return
    if (twin := _twin(cls)) is not None:
        yield f"{path}: {twin}"
        return
    if cls is by_import_path("lightning_kit.callbacks.EventHandlers"):
        yield f"{path}: EventHandlers takes its functions in Python alone: use OnEvent in YAML"
        return
    init_args = entry.get("init_args") or {}
    if not isinstance(init_args, dict):
        yield f"{path}.init_args: must be a mapping of arguments, got {init_args!r}"
        return
    known = arguments(cls)
    for name in init_args if known is not None else ():
        if known is not None and name not in known:
            yield f"{path}.{name}: {cls.__name__} takes no {name!r}{did_you_mean(name, known)}"
    yield from nulls(path, {**entry, "init_args": init_args})
    for name in entry.keys() - {"class_path", "init_args", "dict_kwargs"}:
        yield f"{path}.{name}: belongs below init_args, beside class_path {cls.__name__}"


def _short_name(path: str, kind: Kind, name: str) -> Iterator[str]:
    try:
        resolve(kind, name)
    except InputError as error:
        yield f"{path}: {error}"


def _twin(cls: Any) -> str | None:
    """Say so where ``cls`` derives from the twin package: its classes are others."""
    for base in inspect.getmro(cls) if isinstance(cls, type) else ():
        if base.__module__.partition(".")[0] == "lightning" and base.__module__.startswith(TWIN):
            name = f"{cls.__module__}.{cls.__qualname__}"
            return (
                f"{name} is a {TWIN}.{base.__name__}, not a pytorch_lightning.{base.__name__}: "
                "write `import pytorch_lightning as pl` instead of `import lightning.pytorch as pl`"
            )
    return None


def _flag(flag: Flag, config: Config) -> Iterator[str]:
    if flag.key in ("h", "help", "print_config", "") or flag.key.endswith(".help"):
        return
    head, _, tail = flag.key.partition(".")
    if head not in (*TOP, *RUN_ARGUMENTS):
        yield f"--{flag.key}: no such flag{_nearest_flag(head)}"
    elif head == "trainer" and tail:
        for line in _trainer_argument(tail.partition(".")[0], tail):
            yield f"--{line}"
    elif head in ("model", "data") and tail:
        yield from _class_argument(flag.key, config.get(head), tail.split("."), head)
        if flag.value is not None and meant(flag.value) is None:
            *owner, _, name = in_full(flag.key, config)
            entry = at(config, owner)
            if isinstance(entry, dict) and "class_path" in entry:
                named = f"--{flag.key}".removesuffix(f".{name}")
                yield from nulls(named, {**entry, "init_args": {name: None}})


def _nearest_flag(name: str) -> str:
    """Return a suggestion for ``name``, which may be an argument of the Trainer's."""
    from pytorch_lightning import Trainer

    trainer = inspect.signature(Trainer.__init__).parameters
    names = [*TOP, *RUN_ARGUMENTS, "callbacks", "config", "print_config", "random_weights", LEAN]
    flags = {**{key: f"--trainer.{key}" for key in trainer}, **{key: f"--{key}" for key in names}}
    hint = did_you_mean(name, flags)
    return re.sub(r"\w+(?=\?)", lambda found: flags[found[0]], hint)


def _class_argument(flag: str, entry: Any, rest: list[str], path: str) -> Iterator[str]:
    """Follow a flag's key through the classes that it passes; stop where types are needed."""
    if not (isinstance(entry, dict) and isinstance(entry.get("class_path"), str)):
        return
    name = next((part for part in rest if part not in ("init_args",)), "")
    if name in ("class_path", "dict_kwargs", "") or "." not in entry["class_path"]:
        return
    try:
        cls = by_import_path(entry["class_path"])
    except InputError:
        # The class is a mistake of its own.
        return
    known = arguments(cls)
    if known is not None and name.removesuffix("+") not in known:
        yield f"--{flag}: {cls.__name__} takes no {name!r}{did_you_mean(name, known)}"
        return
    after = rest[rest.index(name) + 1 :]
    below = (entry.get("init_args") or {}).get(name)
    if after:
        yield from _class_argument(flag, below, after, f"{path}.{name}")
