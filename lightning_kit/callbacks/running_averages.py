"""Log exponential moving averages of the loss and of what a training step returns."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, final, get_args

import pytorch_lightning as pl
import torch
from torch import Tensor

from lightning_kit.callbacks.averaged import Averaged
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.nested_value import told
from lightning_kit.callbacks.step_loss import step_loss
from lightning_kit.callbacks.terminate_on_non_finite import TerminateOnNonFinite
from lightning_kit.compat import callbacks_of, logs_this_batch, mend_resume, refuse_twin
from lightning_kit.meters import EventFilter
from lightning_kit.meters.functions import check_function

Usage = Literal["run", "epoch", "epochwise"]


@final
class RunningAverages(pl.Callback):
    """Average values over batches or epochs: ``alpha * average + (1 - alpha) * value``.

    A value is what ``training_step`` returned, not divided by ``accumulate_grad_batches``. It
    stays on its device: nothing is read or exchanged between the steps that the Trainer logs. At
    those, what is logged is the mean over ranks, which for this average equals Ignite's, who takes
    the mean at every step; the progress bar shows rank 0's in between. A batch is passed
    over that ``training_step`` returned nothing for, that an ``ExceptionPolicy`` skipped, or whose
    step a ``TerminateOnNonFinite`` left out.

    Args:
        keys: ``loss``, or keys of the dict that ``training_step`` returns; or a mapping of names
            to functions of that dict that return one number each. By default the loss.
        alpha: Weight of the past, in (0, 1].
        usage: ``run``: over all batches. ``epoch``: anew in each epoch. ``epochwise``: over
            epochs, of each one's mean over its batches.
        log_as: Key to log as; ``{key}`` in it stands for the key.
        prog_bar: Whether the progress bar shows it too.
        filter: Which iterations are averaged, counted from 1; by default all.

    Raises:
        ValueError: If an argument has a wrong form; in the first batch, if a key is missing or its
            value is not one number.
    """

    def __init__(
        self,
        keys: list[str] | dict[str, Callable[[Any], Any]] | None = None,
        *,
        alpha: float = 0.98,
        usage: Usage = "run",
        log_as: str = "train/{key}_running",
        prog_bar: bool = False,
        filter: EventFilter | None = None,
    ) -> None:
        keys = ["loss"] if keys is None else keys
        listed = list(keys) if isinstance(keys, list | dict) else []
        are_names = all(isinstance(key, str) for key in listed)
        if not listed or not are_names or len(set(listed)) < len(listed):
            raise ValueError(f"keys must be a list of different keys, at least one, got {keys!r}")
        for key, function in keys.items() if isinstance(keys, dict) else ():
            check_function(f"keys[{key!r}]", function, "outputs")
        if usage not in get_args(Usage):
            raise ValueError(f"usage must be one of {', '.join(get_args(Usage))}, got {usage!r}")
        if not log_as or (len(keys) > 1 and "{key}" not in log_as):
            raise ValueError(f"log_as must hold {{key}} for more than one key, got {log_as!r}")
        self.keys = keys
        self.usage = usage
        self.prog_bar = prog_bar
        self.filter = EventFilter.given(filter) or EventFilter()
        self._names = {key: log_as.replace("{key}", key) for key in keys}
        self._averaged = {key: Averaged(alpha, by_epoch=usage == "epochwise") for key in keys}

    @property
    def averages(self) -> dict[str, float]:
        """What each key's average is on this rank; reading it waits for the device."""
        found = {key: each.value for key, each in self._averaged.items()}
        return {key: float(value) for key, value in found.items() if value is not None}

    @property
    def state_key(self) -> str:
        return self._generate_state_key(names=sorted(self._names.values()), usage=self.usage)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        if stage == "fit" and trainer.fit_loop.total_batch_idx < 0:
            self._reset()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)
        epoch: Any = trainer.fit_loop.epoch_progress.current
        if self.usage == "epochwise" and epoch.ready == epoch.processed:
            # A fit resumed from an epoch's last batch skips its `on_train_epoch_end`.
            self._end_epoch()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.usage == "epoch":
            self._reset()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if self.filter.matches(iteration(trainer)):
            loss = step_loss(trainer, pl_module, outputs)
            is_skipped = _is_skipped(trainer)
            for key, each in self._averaged.items():
                each.update(None if is_skipped else self._value(key, outputs, loss))
        if self.usage == "epochwise":
            return
        logs = logs_this_batch(trainer)
        if logs or self.prog_bar:
            self._log(trainer, pl_module, reduced=logs, on_step=True, on_epoch=False)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.usage == "epochwise":
            self._end_epoch()
            self._log(trainer, pl_module, reduced=True, on_step=False, on_epoch=True)

    def state_dict(self) -> dict[str, Any]:
        return {key: each.state_dict() for key, each in self._averaged.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for key, state in state_dict.items():
            self._averaged[key].load_state_dict(state)

    def _reset(self) -> None:
        for each in self._averaged.values():
            each.reset()

    def _end_epoch(self) -> None:
        for each in self._averaged.values():
            each.end_epoch()

    def _value(self, key: str, outputs: Any, loss: Tensor | None) -> Tensor | float | None:
        if not outputs and loss is None:
            # The step returned nothing, so Lightning skipped the batch.
            return None
        known = {**outputs} if isinstance(outputs, Mapping) else {}
        if loss is not None:
            known["loss"] = loss
        if isinstance(self.keys, dict):
            value = self.keys[key](known)
        elif key in known:
            value = known[key]
        else:
            raise ValueError(
                f"keys must be returned by training_step, got {key!r}; it returned "
                f"{', '.join(map(str, known))}"
            )
        if isinstance(value, Tensor) and value.numel() == 1:
            return value.reshape(())
        if isinstance(value, int | float):
            return value
        raise ValueError(f"keys must lead to one number each, {key!r} leads to {told(value)}")

    def _log(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        *,
        reduced: bool,
        on_step: bool,
        on_epoch: bool,
    ) -> None:
        for key, each in self._averaged.items():
            value = each.value
            if reduced and trainer.world_size > 1 and each.asked:
                value = _mean_over_ranks(trainer, value)
            if value is not None:
                pl_module.log(
                    self._names[key],
                    value,
                    prog_bar=self.prog_bar,
                    on_step=on_step,
                    on_epoch=on_epoch,
                    batch_size=1,
                    rank_zero_only=False,
                )


def _is_skipped(trainer: pl.Trainer) -> bool:
    guards = (each for each in callbacks_of(trainer) if isinstance(each, TerminateOnNonFinite))
    return any(guard.is_skipped for guard in guards)


def _mean_over_ranks(trainer: pl.Trainer, value: Tensor | float | None) -> Tensor:
    """Return the mean over the ranks that have a value."""
    device = trainer.strategy.root_device
    counted = torch.ones(2, device=device)
    if value is None:
        counted.zero_()
    else:
        counted[0] = value
    total: Any = trainer.strategy.reduce(counted, reduce_op="sum")
    mean: Tensor = total[0] / total[1]
    return mean
