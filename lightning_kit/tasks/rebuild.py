"""What a checkpoint keeps of a task's arguments, and building the task again from it."""

import inspect
import io
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning_fabric.utilities.cloud_io import get_filesystem
from pytorch_lightning.core.saving import CHECKPOINT_PAST_HPARAMS_KEYS

from lightning_kit.runs.trusted_names import check_names

#: Where a checkpoint names the arguments that it could not hold.
UNSTORED = "lightning_kit_unstored_arguments"
_SETTINGS = (*CHECKPOINT_PAST_HPARAMS_KEYS, "hyper_parameters")
_log = logging.getLogger(__name__)


def constructor_arguments(frame: FrameType) -> dict[str, Any]:
    """Return the arguments of the ``__init__`` that ``frame`` runs, without ``self``."""
    names, _, keywords, values = inspect.getargvalues(frame)
    given = {name: values[name] for name in names[1:]}
    return given | (values[keywords] if keywords else {})


def sort_out(
    arguments: Mapping[str, Any], cls: type, ignored: Iterable[str]
) -> tuple[dict[str, Any], list[str]]:
    """Split ``arguments`` of ``cls`` into plain values, and the names of those that are not.

    One that equals its default, such as the optimizer's lambda, needs no storing.
    """
    parameters = inspect.signature(cls).parameters
    ignored = set(ignored)
    plain = {
        name: value for name, value in arguments.items() if name not in ignored and is_plain(value)
    }
    others = [name for name in arguments if name not in plain]
    return plain, [
        name
        for name in others
        if name not in parameters or arguments[name] is not parameters[name].default
    ]


def is_plain(value: Any) -> bool:
    """Whether ``value`` is made of what ``torch.load(weights_only=True)`` reads."""
    if isinstance(value, dict):
        return all(is_plain(part) for item in value.items() for part in item)
    if type(value) in (list, tuple):
        return all(is_plain(part) for part in value)
    # Exact types: a numpy float is a float, and is pickled as numpy.
    return type(value) in (type(None), bool, int, float, str, torch.Tensor)


def check_checkpoint(
    cls: type, source: Any, passed: Iterable[str], *, weights_only: bool, replaced: bool
) -> dict[str, Any]:
    """Read a checkpoint's settings, and refuse what must not or cannot be built from them.

    Args:
        cls: The task to build.
        source: Path or open file.
        passed: Names of the arguments that replace stored ones.
        weights_only: As for ``torch.load``.
        replaced: Whether a file of the user's replaces the stored settings.

    Returns:
        The stored settings, empty where they are replaced.

    Raises:
        ValueError: If it names code that is not imported, or if a required argument of ``cls`` is
            neither stored nor among the ``passed`` names.
    """
    checkpoint = _read(source, weights_only=weights_only)
    passed = set(passed)
    settings: dict[str, Any] = {}
    for key in () if replaced else _SETTINGS:
        settings.update(checkpoint.get(key, {}))
    check_names({name: value for name, value in settings.items() if name not in passed})
    lost = [name for name in checkpoint.get(UNSTORED, []) if name not in passed]
    parameters = inspect.signature(cls).parameters
    if required := [name for name in lost if _is_required(parameters.get(name))]:
        asked = ", ".join(f"{name}=..." for name in required)
        raise ValueError(
            f"this {cls.__name__} was built in Python around {' and '.join(required)}, which a "
            f"checkpoint cannot hold: {cls.__name__}.load_from_checkpoint({str(source)!r}, {asked})"
        )
    if lost:
        _log.warning(
            "%s was built in Python with %s, which a checkpoint cannot hold: the default is used",
            cls.__name__,
            " and ".join(lost),
        )
    return settings


def fetch(source: Any) -> Any:
    """Download a checkpoint that lies behind a URL, so that what was checked is what is loaded."""
    if isinstance(source, str) and "://" in source:
        with get_filesystem(source).open(source, "rb") as file:
            return io.BytesIO(file.read())
    return source


def _is_required(parameter: inspect.Parameter | None) -> bool:
    return parameter is not None and parameter.default is inspect.Parameter.empty


def _read(source: Any, *, weights_only: bool) -> dict[str, Any]:
    """Read a checkpoint without its tensors' values: the device ``meta`` skips them."""
    if isinstance(source, str | Path):
        with open(source, "rb") as file:
            return _read(file, weights_only=weights_only)
    start = source.tell()
    checkpoint: dict[str, Any] = torch.load(source, "meta", weights_only=weights_only)
    source.seek(start)
    return checkpoint
