"""``self.log`` for the length of a run: what was logged before in the same way is added to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, final

import pytorch_lightning as pl
import torch
from pytorch_lightning.trainer.connectors.logger_connector.result import _get_default_dtype
from torch import Tensor

from lightning_kit.loops.results import LeanMetric, LeanResults
from lightning_kit.loops.stock import is_stock


@final
class LeanLog:
    """Stands in for ``LightningModule.log`` on one module.

    The first time that a hook logs a name with some options, Lightning's own ``log`` checks them
    and makes the entry. From then on the value is added to that entry.

    Args:
        trainer: The trainer in whose run the module logs.
    """

    def __init__(self, trainer: pl.Trainer) -> None:
        self.trainer = trainer
        self.module = trainer.lightning_module
        self.fx = vars(self.module)
        self.connector: Any = trainer._logger_connector
        self.state = trainer.state
        self.stage: Any = None
        self.results: LeanResults | None = None
        self.entries: dict[tuple[Any, ...], LeanMetric] = {}
        self.is_live = True

    def __call__(
        self,
        name: str,
        value: Any,
        prog_bar: bool = False,
        logger: bool | None = None,
        on_step: bool | None = None,
        on_epoch: bool | None = None,
        reduce_fx: str | Callable[[Any], Any] = "mean",
        enable_graph: bool = False,
        sync_dist: bool = False,
        sync_dist_group: Any = None,
        add_dataloader_idx: bool = True,
        batch_size: int | None = None,
        metric_attribute: str | None = None,
        rank_zero_only: bool = False,
    ) -> None:
        """Log as ``LightningModule.log``, with its arguments and errors."""
        fx = self.fx["_current_fx_name"]
        if self.stage is not self.state.stage or not self.is_live:
            self._enter()
        results, connector = self.results, self.connector
        index = None if results is None else results.dataloader_idx
        key = (
            fx, name, prog_bar, logger, on_step, on_epoch, reduce_fx, enable_graph, sync_dist,
            sync_dist_group, add_dataloader_idx, metric_attribute, rank_zero_only, index,
        )  # fmt: skip
        # Another trainer may run the module meanwhile.
        entry = self.entries.get(key) if self.fx["_trainer"] is self.trainer else None
        # In an epoch's first batch another hook's values may have to be reset.
        may_reset = connector._current_fx != fx and connector._first_loop_iter is not False
        is_counted = batch_size is None or type(batch_size) is int
        if entry is None or may_reset or not is_counted:
            self._stock(key, value, batch_size)
            return
        assert results is not None
        if entry.is_plain:
            kind = type(value)
            if kind is float or kind is int:
                value = torch.tensor(value, dtype=_get_default_dtype(), device=self.module.device)
            elif kind is not Tensor or value.dim():
                self._stock(key, value, batch_size)
                return
            elif value.requires_grad:
                value = value.detach()
            held = entry.value
            if value.dtype is not held.dtype or value.device != held.device:
                self._stock(key, value, batch_size)
                return
            entry.add(value, results.weight(entry, batch_size))
        elif not entry.is_tensor and value is vars(entry).get("value"):
            metric: Any = value
            entry.hold(metric)
        else:
            self._stock(key, value, batch_size)
            return
        connector._current_fx = fx

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy of the module, deep or pickled, logs as it would without this.
        return getattr, (self.module, "log")

    def _enter(self) -> None:
        self.stage = self.state.stage
        self.entries = {}
        # After its run, one that somebody has kept is Lightning's `log`.
        results = self.trainer._results if self.is_live else None
        self.results = results if isinstance(results, LeanResults) else None

    def _stock(self, key: tuple[Any, ...], value: Any, batch_size: int | None) -> None:
        (fx, name, prog_bar, logger, on_step, on_epoch, reduce_fx, enable_graph, sync_dist,
         sync_dist_group, add_dataloader_idx, metric_attribute, rank_zero_only,
         index) = key  # fmt: skip
        type(self.module).log(
            self.module, name, value, prog_bar=prog_bar, logger=logger, on_step=on_step,
            on_epoch=on_epoch, reduce_fx=reduce_fx, enable_graph=enable_graph, sync_dist=sync_dist,
            sync_dist_group=sync_dist_group, add_dataloader_idx=add_dataloader_idx,
            batch_size=batch_size, metric_attribute=metric_attribute,
            rank_zero_only=rank_zero_only,
        )  # fmt: skip
        stored = f"{fx}.{name}"
        if add_dataloader_idx and index is not None:
            stored += f".{index}"
        results = self.results if self.fx["_trainer"] is self.trainer else None
        entry = None if results is None else results.get(stored)
        if isinstance(entry, LeanMetric):
            self.entries[key] = entry


@contextmanager
def installed(trainer: pl.Trainer) -> Iterator[None]:
    """Let the trainer's module log lean, unless it has a ``log`` of its own."""
    module = trainer.lightning_module
    own = vars(module)
    outer = own.get("log")
    if not isinstance(outer, LeanLog) and not is_stock(module, pl.LightningModule, "log"):
        yield
        return
    # A validation within training has results of its own, and so has each of several.
    lean = own["log"] = LeanLog(trainer)
    try:
        yield
    finally:
        lean.is_live = False
        # Unless somebody has put another in its place meanwhile.
        if own.get("log") is lean:
            del own["log"]
            if isinstance(outer, LeanLog):
                own["log"] = outer
