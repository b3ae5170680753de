"""Keep a batch that did harm, with what it takes to run it again."""

import dataclasses
import inspect
import logging
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any, final

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.writable import path_of, place

log = logging.getLogger(__name__)


@final
class BatchDump:
    """Write batches into a folder, a few at most, each as one file of plain values and tensors.

    A file holds ``batch`` as the module got it, ``weights`` (the module's state at the time of
    writing), ``batch_idx`` (from 0, within the epoch), ``iteration`` and ``epoch`` (from 1),
    ``rank`` and ``what`` was found.

    Args:
        folder: Where; it is made with the first file. A relative one is, once ``setup`` was called,
            below the trainer's ``default_root_dir``, in a run of the kit the run's directory.
        max_files: Files of this process, at least 1.

    Raises:
        ValueError: If ``folder`` cannot be written to, or ``max_files`` is below 1; in ``setup``
            for a relative ``folder``.
    """

    def __init__(self, folder: str, max_files: int) -> None:
        if max_files < 1:
            raise ValueError(f"max_dumps must be at least 1 file, got {max_files}")
        self.given = path_of("dump_dir", folder, needs_local=True)
        self.folder = Path(self.given)
        self.left = max_files

    def setup(self, trainer: pl.Trainer) -> None:
        """Find the folder below the trainer's; call it on all ranks."""
        self.folder = Path(place(trainer, "dump_dir", self.given, needs_local=True))

    def write(
        self, trainer: pl.Trainer, module: pl.LightningModule, batch: Any, batch_idx: int, what: str
    ) -> Path | None:
        """Write ``batch``; return where, or None where enough were written or it failed."""
        if not self.left:
            return None
        self.left -= 1
        count, rank = iteration(trainer), trainer.global_rank
        path = self.folder / f"non-finite-{count:06d}-rank{rank}.pt"
        content = {
            "batch": plain(batch),
            "weights": plain(module.state_dict()),
            "batch_idx": batch_idx,
            "iteration": count,
            "epoch": trainer.current_epoch + 1,
            "rank": rank,
            "what": what,
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            torch.save(content, path)
        except (OSError, RuntimeError) as error:
            # A full disk must not end a run that goes on without the batch.
            log.warning("the batch of iteration %d could not be kept: %s", count, error)
            return None
        return path


def replay(path: str | Path, module: pl.LightningModule) -> Any:
    """Run ``training_step`` on a kept batch from the weights it met; return what that returns.

    For modules under automatic optimization whose ``training_step`` needs no trainer. Random draws
    such as dropout's are new ones.

    Example:
        ``replay("dumps/non-finite-000012-rank0.pt", MyModule())["loss"].backward()``
    """
    dump = torch.load(path, map_location=module.device, weights_only=True)
    module.load_state_dict(dump["weights"])
    module.train()
    takes = len(inspect.signature(module.training_step).parameters)
    return module.training_step(*(dump["batch"], dump["batch_idx"])[:takes])


def plain(value: Any) -> Any:
    """Return ``value`` as plain containers of numbers, text and tensors in main memory.

    What is none of these becomes its ``repr``.
    """
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return torch.from_numpy(value.copy())
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, list | Set):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    return repr(value)
