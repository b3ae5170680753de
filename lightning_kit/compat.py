"""What the kit reads of Lightning's and torch's protected state, each use guarded.

A guard that finds its ground changed answers as if the thing were not there, and logs it.
"""

import logging
import threading
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch.distributed as dist
from lightning_utilities.core.rank_zero import rank_zero_only
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy

log = logging.getLogger(__name__)


def callbacks_of(trainer: pl.Trainer) -> list[pl.Callback]:
    """Return the trainer's callbacks, an attribute that its class does not declare."""
    found: list[pl.Callback] = getattr(trainer, "callbacks", [])
    return found


def global_rank() -> int:
    """Return this process's rank as its environment says, before there is a process group."""
    return int(getattr(rank_zero_only, "rank", None) or 0)


def refuse_twin(trainer: object, part: object) -> None:
    """Raise TypeError where ``part`` was handed to a Trainer of the twin package.

    Classes of ``lightning.pytorch`` are not those of ``pytorch_lightning``: its Trainer calls the
    hooks but recognises neither checkpoints nor early stopping.
    """
    if not isinstance(trainer, pl.Trainer):
        found, name = type(trainer), type(part).__name__
        raise TypeError(
            f"{name} was set up by {found.__module__}.{found.__qualname__}, but it belongs to "
            "pytorch_lightning.Trainer: write `import pytorch_lightning as pl` instead of "
            "`import lightning.pytorch as pl`"
        )


def save_rank_local(trainer: pl.Trainer, path: Path) -> bool:
    """Save a full checkpoint without a collective; return whether it could be done.

    ``Trainer.save_checkpoint`` ends in a barrier, and after an exception the other ranks need not
    come to it (https://github.com/Lightning-AI/pytorch-lightning/issues/20187).
    """
    if type(trainer.strategy) not in (SingleDeviceStrategy, DDPStrategy):
        return False
    dump = getattr(getattr(trainer, "_checkpoint_connector", None), "dump_checkpoint", None)
    if dump is None:
        log.warning("no checkpoint on interruption: this Lightning has no dump_checkpoint")
        return False
    checkpoint = dump(weights_only=False)
    if trainer.is_global_zero:
        path.parent.mkdir(parents=True, exist_ok=True)
        trainer.strategy.checkpoint_io.save_checkpoint(checkpoint, path)
    return True


def release_observer() -> None:
    """Keep Lightning's observer thread from killing this process while it writes its ending.

    The observer sends SIGKILL to the main process within 5 s of a child's death.
    """
    for thread in threading.enumerate():
        if thread.name == "child-process-observer" and hasattr(thread, "_child_processes"):
            thread._child_processes = []


def default_store() -> Any | None:
    """Return the process group's store, which outlives a broken collective, if there is one."""
    if not (dist.is_available() and dist.is_initialized()):
        return None
    get = getattr(dist.distributed_c10d, "_get_default_store", None)
    if get is None:
        log.warning("a rank's exception cannot be announced: this torch has no default store")
        return None
    return get()
