"""YAML to paste: an entry for a class in the place where its kind stands."""

from typing import Any

import yaml

from lightning_kit.cli.classes import KINDS, by_import_path, short_names

# Where else a short name may come from.
OPTIMIZERS, RATES = "torch.optim", "torch.optim.lr_scheduler"
PARTS = ("lightning_kit.callbacks", "lightning_kit.meters", OPTIMIZERS, RATES)
# Arguments that the task gives.
BUILT = {"optimizer": ("params",), "lr_scheduler": ("optimizer",)}


def part(name: str) -> Any:
    """Return the class that a short name means where it stands inside another part, else None."""
    for package in PARTS:
        found = getattr(by_import_path(package), name, None)
        if isinstance(found, type):
            return found
    return None


def pasted(cls: Any, path: str, given: dict[str, Any]) -> str:
    """Return the YAML of ``cls``, at import path ``path``, with the arguments ``given``."""
    return str(yaml.safe_dump(_placed(cls, path, given), sort_keys=False))


def _placed(cls: Any, path: str, given: dict[str, Any]) -> dict[str, Any]:
    if (special := _special().get(path)) is not None:
        return special
    if (argument := _built_as(cls)) is not None:
        given = {name: value for name, value in given.items() if name not in BUILT[argument]}
        return {"model": {"init_args": {argument: _entry(path, given)}}}
    entry = _entry(path, given)
    places = {
        "tasks": {"model": entry},
        "datamodules": {"data": entry},
        "callbacks": {"trainer": {"callbacks": [entry]}},
        "loggers": {"trainer": {"logger": entry}},
        "schedules": _callback("ParamScheduler", {"target": "optimizer.lr", "schedule": entry}),
    }
    for kind, place in places.items():
        if isinstance(cls, type) and issubclass(cls, by_import_path(KINDS[kind].base)):
            return place
    if cls in short_names(KINDS["actions"]).values():
        return _callback("OnEvent", {"action": entry, "event": "epoch_completed"})
    return entry


def _special() -> dict[str, dict[str, Any]]:
    """Return what is pasted for classes that have no entry of their own, or need more than one."""
    rule = {"exception": "torch.OutOfMemoryError", "action": "skip_batch"}
    stop = {"class_path": "lightning_kit.callbacks.actions.StopTraining"}
    plateau = {"class_path": f"{RATES}.ReduceLROnPlateau"}
    arguments = {"lr_scheduler": plateau, "lr_scheduler_monitor": "val/loss"}
    every = {"filter": {"every": 100}}
    return {
        "pytorch_lightning.Trainer": {"trainer": {"max_epochs": 10}},
        "lightning_kit.meters.EventFilter": _callback("RunningAverages", every),
        "lightning_kit.callbacks.EndEpoch": _callback("EndEpoch", every),
        "lightning_kit.callbacks.Rule": _callback("ExceptionPolicy", {"rules": [rule]}),
        # Its functions are added in Python; in YAML this one calls them.
        "lightning_kit.callbacks.EventHandlers": _callback(
            "OnEvent", {"action": stop, "event": "epoch_completed"}
        ),
        plateau["class_path"]: {"model": {"init_args": arguments}},
    }


def _entry(path: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"class_path": path, **({"init_args": given} if given else {})}


def _callback(name: str, init_args: dict[str, Any]) -> dict[str, Any]:
    return {"trainer": {"callbacks": [_entry(f"lightning_kit.callbacks.{name}", init_args)]}}


def _built_as(cls: Any) -> str | None:
    """Return the task's argument that builds such a class, if one does."""
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    if not isinstance(cls, type):
        return None
    if issubclass(cls, Optimizer):
        return "optimizer"
    return "lr_scheduler" if issubclass(cls, LRScheduler) else None
