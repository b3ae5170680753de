"""Find a class by its short name or import path, and say what it takes."""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from jsonargparse import ArgumentParser

from lightning_kit.cli.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Kind:
    """Classes that can stand in one place of a configuration.

    Args:
        word: What a person calls one, e.g. ``callback``.
        base: Import path of the class that all derive from.
        packages: Where short names are looked up; the first that has one wins.
    """

    word: str
    base: str
    packages: tuple[str, ...]


KINDS = {
    "tasks": Kind("task", "pytorch_lightning.LightningModule", ("lightning_kit.tasks",)),
    "datamodules": Kind(
        "datamodule", "pytorch_lightning.LightningDataModule", ("lightning_kit.datamodules",)
    ),
    "callbacks": Kind(
        "callback",
        "pytorch_lightning.Callback",
        ("lightning_kit.callbacks", "pytorch_lightning.callbacks"),
    ),
    "loggers": Kind(
        "logger",
        "pytorch_lightning.loggers.logger.Logger",
        ("lightning_kit.tracking", "pytorch_lightning.loggers"),
    ),
    "models": Kind("model", "torch.nn.Module", ("lightning_kit.models",)),
    "schedules": Kind("schedule", "lightning_kit.schedules.Schedule", ("lightning_kit.schedules",)),
    # Any function is an action, so these share no base.
    "actions": Kind("action", "builtins.object", ("lightning_kit.callbacks.actions",)),
}
# Which extra brings a module that a class needs.
EXTRAS = {
    "pyarrow": "data", "PIL": "data", "matplotlib": "plot", "tensorboard": "tensorboard",
    "tensorboardX": "tensorboard", "mlflow": "mlflow", "prometheus_client": "prometheus",
    "deepspeed": "deepspeed", "onnx": "export", "onnxscript": "export", "onnxruntime": "export",
    "fastapi": "serve", "uvicorn": "serve", "optuna": "tune", "redis": "tune", "ignite": "ignite",
}  # fmt: skip


def by_import_path(path: str) -> Any:
    """Return the object that a dotted ``path`` names."""
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:length])
        try:
            if find_spec(module) is None:
                continue
            found: Any = import_module(module)
        except ModuleNotFoundError as error:
            if error.name and not module.startswith(error.name):
                raise InputError(_missing(path, error.name)) from error
            continue
        except ImportError as error:
            raise InputError(f"{path}: cannot be imported ({error})") from error
        return _attribute(found, module, parts[length:])
    hint = ""
    if find_spec(parts[0]) is not None:
        known = [f"{parts[0]}.{m.name}" for m in _submodules(parts[0])]
        hint = did_you_mean(".".join(parts[:2]), known)
    else:
        hint = f": no module {parts[0]!r} here or installed"
    raise InputError(f"{path}: cannot be imported{hint}")


def resolve(kind: Kind, name: str) -> Any:
    """Return the class that ``name`` means where a ``kind`` is expected."""
    if "." in name:
        return by_import_path(name)
    known = short_names(kind)
    if name in known:
        return known[name]
    raise InputError(f"{name}: no such {kind.word}{did_you_mean(name, known)}")


def full_path(kind: Kind, name: str) -> str:
    """Return the import path that ``name`` means, or ``name`` itself where it names no class.

    A name that leads nowhere is kept: the list of all mistakes is made later.
    """
    try:
        found = resolve(kind, name)
    except InputError:
        return name
    return class_path(found) if isinstance(found, type) else name


def short_names(kind: Kind) -> dict[str, type]:
    """Return the classes of ``kind`` that a short name finds; the kit's come before Lightning's."""
    base = by_import_path(kind.base)
    found: dict[str, type] = {}
    for package in kind.packages:
        if find_spec(package) is None:
            continue
        module = import_module(package)
        for name in getattr(module, "__all__", dir(module)):
            value = getattr(module, name)
            if isinstance(value, type) and issubclass(value, base):
                found.setdefault(name, value)
    return found


def class_path(cls: Any) -> str:
    """Return the shortest public import path of ``cls``.

    >>> from pytorch_lightning.callbacks import Timer
    >>> class_path(Timer)
    'pytorch_lightning.callbacks.Timer'
    """
    parts = cls.__module__.split(".")
    name: str = cls.__qualname__
    for length in range(1, len(parts)):
        module = ".".join(parts[:length])
        if getattr(import_module(module), name, None) is cls:
            return f"{module}.{name}"
    return f"{cls.__module__}.{name}"


def arguments(cls: Callable[..., Any]) -> list[str] | None:
    """Return the names that ``cls`` takes, inherited ones too; None where any name may be right."""
    parser = ArgumentParser(exit_on_error=False)
    try:
        if isinstance(cls, type):
            added = parser.add_class_arguments(cls, "x", fail_untyped=False)
        else:
            added = parser.add_function_arguments(cls, "x", fail_untyped=False)
    except Exception:
        # A signature that jsonargparse cannot read is its own parser's business to judge.
        return None
    names = [name.removeprefix("x.") for name in added]
    # What it could not follow through **kwargs it takes as `dict_kwargs`.
    open_ended = any(
        parameter.kind is parameter.VAR_KEYWORD
        for parameter in inspect.signature(cls).parameters.values()
    )
    return None if open_ended and not names else names


def _attribute(found: Any, module: str, rest: list[str]) -> Any:
    for part in rest:
        try:
            found = getattr(found, part)
        except AttributeError:
            known = [name for name in dir(found) if not name.startswith("_")]
            raise InputError(
                f"{module}.{'.'.join(rest)}: {module} has no {part!r}{did_you_mean(part, known)}"
            ) from None
        except ModuleNotFoundError as error:
            raise InputError(_missing(f"{module}.{part}", error.name or "")) from error
    return found


def _missing(path: str, module: str) -> str:
    extra = EXTRAS.get(module.split(".")[0])
    package = f"'lightning_kit[{extra}]'" if extra else module
    return f"{path}: needs {module}, which is not installed: pip install {package}"


def _submodules(package: str) -> list[pkgutil.ModuleInfo]:
    path = getattr(import_module(package), "__path__", None)
    return list(pkgutil.iter_modules(path)) if path else []
