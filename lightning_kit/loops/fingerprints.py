"""Whether this Lightning is one whose loops are known, line by line.

What the lean loop leaves out or does in its own way, it can only do right where it knows what
Lightning does there. Each known version has the fingerprints of the files that count; where one
differs, or where a method was put in from elsewhere, Lightning's own loop runs.
"""

import hashlib
import importlib
import inspect
import re
from dataclasses import dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from pytorch_lightning.__version__ import version as LIGHTNING

# The test beside this file prints the entry of a Lightning that is not among them.
KNOWN: dict[str, dict[str, str]] = {
    "2.6.6": {
        "lightning_fabric.plugins.precision.precision": "80c1b205dbdf",
        "pytorch_lightning.callbacks.callback": "993649adee3a",
        "pytorch_lightning.callbacks.model_checkpoint": "1762212dfbbe",
        "pytorch_lightning.core.hooks": "d0e47324d0b7",
        "pytorch_lightning.core.module": "ba5461af7172",
        "pytorch_lightning.core.optimizer": "e6d40f6c9e9a",
        "pytorch_lightning.loops.evaluation_loop": "7be26d472ed4",
        "pytorch_lightning.loops.fetchers": "c13c5a42d564",
        "pytorch_lightning.loops.fit_loop": "abdd453bf55b",
        "pytorch_lightning.loops.loop": "fa36f66f7d8c",
        "pytorch_lightning.loops.optimization.automatic": "fcd2cf0569af",
        "pytorch_lightning.loops.optimization.closure": "a9ee937d0b59",
        "pytorch_lightning.loops.optimization.manual": "3ca07b0ec571",
        "pytorch_lightning.loops.progress": "bd9064d12d0f",
        "pytorch_lightning.loops.training_epoch_loop": "a423e9322af9",
        "pytorch_lightning.loops.utilities": "aa253cd83506",
        "pytorch_lightning.plugins.precision.amp": "0911f3c61d94",
        "pytorch_lightning.plugins.precision.precision": "9651372ff903",
        "pytorch_lightning.strategies.ddp": "2f109e2bda46",
        "pytorch_lightning.strategies.single_device": "c5448852fb1f",
        "pytorch_lightning.strategies.strategy": "15878959a9d5",
        "pytorch_lightning.trainer.call": "2e2506113cc5",
        "pytorch_lightning.trainer.connectors.logger_connector.logger_connector": "eb59acfad2bc",
        "pytorch_lightning.trainer.connectors.logger_connector.result": "ff3a9450382a",
        "pytorch_lightning.trainer.connectors.signal_connector": "8cd1743e3556",
        "pytorch_lightning.utilities.combined_loader": "387aaac905bd",
    },
}
FILES = (
    "lightning_fabric.plugins.precision.precision",
    "pytorch_lightning.callbacks.callback",
    "pytorch_lightning.callbacks.model_checkpoint",
    "pytorch_lightning.core.hooks",
    "pytorch_lightning.core.module",
    "pytorch_lightning.core.optimizer",
    "pytorch_lightning.loops.evaluation_loop",
    "pytorch_lightning.loops.fetchers",
    "pytorch_lightning.loops.fit_loop",
    "pytorch_lightning.loops.loop",
    "pytorch_lightning.loops.optimization.automatic",
    "pytorch_lightning.loops.optimization.closure",
    "pytorch_lightning.loops.optimization.manual",
    "pytorch_lightning.loops.progress",
    "pytorch_lightning.loops.training_epoch_loop",
    "pytorch_lightning.loops.utilities",
    "pytorch_lightning.plugins.precision.amp",
    "pytorch_lightning.plugins.precision.precision",
    "pytorch_lightning.strategies.ddp",
    "pytorch_lightning.strategies.single_device",
    "pytorch_lightning.strategies.strategy",
    "pytorch_lightning.trainer.call",
    "pytorch_lightning.trainer.connectors.logger_connector.logger_connector",
    "pytorch_lightning.trainer.connectors.logger_connector.result",
    "pytorch_lightning.trainer.connectors.signal_connector",
    "pytorch_lightning.utilities.combined_loader",
)
# What Lightning's own methods wear: decorators, and what torch puts around an optimizer's `step`.
DECORATORS = (
    "contextlib.py", "loops/utilities.py", "torch/_dynamo/", "torch/optim/optimizer.py",
    "torch/utils/_contextlib.py",
)  # fmt: skip


def changed() -> str | None:
    """Return what differs from what is known, None where nothing does."""
    if (why := _unknown()) is not None:
        return why
    for owner, members in _owners():
        now = vars(owner)
        if len(now) != members.total or any(now.get(k) is not v for k, v in members.own.items()):
            added = [key for key in _names(owner) if key not in members.own]
            for key in (*members.own, *added):
                if now.get(key) is not members.own.get(key) and not _is_own(now.get(key)):
                    return f"{getattr(owner, '__qualname__', owner.__name__)}.{key} was replaced"
    return None


@dataclass(frozen=True)
class _Members:
    """How many attributes an owner had, and those that are functions of the known files."""

    total: int
    own: dict[str, Any]


@cache
def _unknown() -> str | None:
    known = KNOWN.get(LIGHTNING)
    if known is None:
        return f"Lightning {LIGHTNING} is not among those known: {', '.join(KNOWN)}"
    differs = [name for name in FILES if known.get(name) != fingerprint(name)]
    return f"{', '.join(differs)} is not Lightning {LIGHTNING}'s" if differs else None


def fingerprint(module: str) -> str:
    """Return the fingerprint of a module's source."""
    return hashlib.sha256(_source(module).encode()).hexdigest()[:12]


@cache
def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(module))


@cache
def _owners() -> list[tuple[Any, _Members]]:
    """Return the known files' modules and classes with what they have at the first look."""
    modules = [importlib.import_module(name) for name in FILES]
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    return [
        # What was put in from elsewhere before is not among them, so it is found at once.
        (owner, _Members(-1 if strange else len(vars(owner)), own))
        for owner in (*modules, *classes)
        for found in [{key: vars(owner).get(key) for key in _names(owner)}]
        for own in [{key: value for key, value in found.items() if _is_own(value)}]
        for strange in [len(own) != len(found)]
    ]


def _names(owner: Any) -> list[str]:
    if isinstance(owner, ModuleType):
        return _functions(owner.__name__)
    fields = vars(owner).get("__annotations__", {})
    return [key for key in vars(owner) if not key.startswith("__") and key not in fields]


@cache
def _functions(module: str) -> list[str]:
    return re.findall(r"^def (\w+)", _source(module), re.MULTILINE)


def _is_own(value: Any) -> bool:
    """Say whether a function is defined in a known file; all else is no method."""
    function = getattr(value, "fget", None) or getattr(value, "__func__", value)
    if isinstance(function, FunctionType):
        file = function.__code__.co_filename
        return file in _files() or any(part in file for part in DECORATORS)
    return not callable(function) or isinstance(function, type)


@cache
def _files() -> frozenset[str]:
    return frozenset(str(importlib.import_module(name).__file__) for name in FILES)
