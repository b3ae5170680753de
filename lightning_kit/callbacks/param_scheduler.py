"""Move an optimizer's parameter, an attribute of the model or the batch size by a schedule."""

import math
from collections.abc import Callable
from typing import Any, Literal, final, get_args

import pytorch_lightning as pl

from lightning_kit.callbacks.before_loaders import BeforeLoaders
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.nested_value import told
from lightning_kit.callbacks.param_target import ParamTarget
from lightning_kit.compat import callbacks_of, mend_resume, refuse_twin, sets_rate
from lightning_kit.meters import EventFilter
from lightning_kit.meters.functions import check_function, name_of
from lightning_kit.schedules import Schedule

Event = Literal["iteration_started", "epoch_started"]


@final
class ParamScheduler(pl.Callback):
    """Write the absolute value ``schedule(k)`` at the ``k``-th picked event, ``k`` from 0.

    The first batch is trained with ``schedule(0)``, as in Ignite at ``ITERATION_STARTED``. ``k``
    follows from the count of iterations or epochs, so a resumed run goes on where it was, and the
    value in force is written again before its first batch.

    Two of them on one target, with filters that share no count, make a warm-up by iteration and
    then a schedule by epoch: ``filter: {before: 101}`` and ``filter: {after: 2}`` with
    ``event: epoch_started``.

    Args:
        target: ``optimizer.lr`` (any key of the parameter groups), ``optimizer.1.momentum`` (of
            the second optimizer), ``optimizer.betas.0`` (an entry of a tuple),
            ``model.dropout.p`` (from the LightningModule on; a buffer is written in place) or
            ``datamodule.batch_size``. A batch size is rounded to the nearest whole number.
        schedule: One of :mod:`lightning_kit.schedules`, or any function of ``k``.
        event: When to write. An attribute of the datamodule takes ``epoch_started`` only, is
            written before that epoch's loaders are built, and needs a Trainer with
            ``reload_dataloaders_every_n_epochs=1``.
        groups: Indices of the optimizer's parameter groups; by default all.
        filter: Which iterations or epochs, counted from 1; by default all.
        history: Whether to keep every value in ``param_history``, pairs of the iteration's or
            epoch's number and the value. It is not in checkpoints: it follows from the settings.

    Raises:
        ValueError: If an argument has a wrong form; when the fit starts, if the target is not
            there or holds no number, if a learning-rate schedule of Lightning moves it as well,
            if a LearningRateFinder sets it, or if it would have no effect.
    """

    def __init__(
        self,
        target: str,
        schedule: Schedule | Callable[[int], float],
        event: Event = "iteration_started",
        *,
        groups: list[int] | None = None,
        filter: EventFilter | None = None,
        history: bool = False,
    ) -> None:
        if not callable(schedule):
            raise ValueError(
                f"schedule must be a Schedule or a function of k = 0, 1, 2, ..., got {schedule!r}"
            )
        check_function("schedule", schedule, "k")
        if event not in get_args(Event):
            raise ValueError(f"event must be one of {', '.join(get_args(Event))}, got {event!r}")
        self.target = ParamTarget(target, groups)
        if self.target.root == "datamodule" and event != "epoch_started":
            raise ValueError(
                f"target {target!r} needs event='epoch_started', got {event!r}: loaders are built "
                "once an epoch"
            )
        self.schedule = schedule
        self.event = event
        self.filter = EventFilter.given(filter) or EventFilter()
        self.history = history
        self.param_history: list[tuple[int, float]] = []
        self._counted = self._matched = 0
        self._epoch, self._written_at = 0, [0, 0]
        self._before_loaders: BeforeLoaders | None = None

    @property
    def state_key(self) -> str:
        picked = (self.filter.every, self.filter.once, self.filter.before, self.filter.after)
        when = {} if self.filter.when is None else {"when": name_of(self.filter.when)}
        return self._generate_state_key(
            target=self.target.path,
            groups=self.target.groups,
            event=self.event,
            filter=picked,
            **when,
        )

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        if stage != "fit":
            return
        if trainer.fit_loop.total_batch_idx < 0:
            self._epoch, self._written_at = 0, [0, 0]
            self.param_history = []
        self._refuse_finder(trainer)
        if self.target.root == "datamodule":
            self._check_loaders(trainer)
            self.target.check(trainer, pl_module)
            if self is _first(trainer, datamodule=True):
                self._borrow_loaders(trainer, pl_module)

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.target.check(trainer, pl_module)
        if self.target.root == "optimizer":
            self._refuse_rival(trainer)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)
        if self is not _first(trainer, datamodule=False):
            return
        # Of several on one target, the one that wrote last must be the last again.
        for each in sorted(_all(trainer, datamodule=False), key=lambda each: each._written_at):
            by_epoch = each.event == "epoch_started"
            index = trainer.current_epoch if by_epoch else trainer.fit_loop.total_batch_idx
            each._write_in_force(trainer, pl_module, index + 1)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._start_epoch(trainer, pl_module)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self.event == "iteration_started":
            self._write(trainer, pl_module, iteration(trainer))
        # A fit resumed from an epoch's last batch skips the next one's `on_train_epoch_start`.
        self._start_epoch(trainer, pl_module)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._give_back()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._give_back()

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self._epoch, "written_at": list(self._written_at)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._epoch = state_dict["epoch"]
        self._written_at = list(state_dict["written_at"])

    def _check_loaders(self, trainer: pl.Trainer) -> None:
        path, every = self.target.path, getattr(trainer, "reload_dataloaders_every_n_epochs", 0)
        if _datamodule(trainer) is None:
            raise ValueError(f"target {path!r} needs a datamodule, the Trainer was given none")
        if every != 1:
            raise ValueError(
                f"target {path!r} needs Trainer(reload_dataloaders_every_n_epochs=1), got {every}: "
                "otherwise the first epoch's loaders serve the others"
            )

    def _refuse_finder(self, trainer: pl.Trainer) -> None:
        if self.target.root != "optimizer" or self.target.names[0] != "lr":
            return
        for each in callbacks_of(trainer):
            if sets_rate(each):
                raise ValueError(
                    f"target {self.target.path!r} is set by {type(each).__name__} as well, and "
                    "ParamScheduler would write over what it found: leave one out, or give it "
                    "update_attr=False"
                )

    def _refuse_rival(self, trainer: pl.Trainer) -> None:
        optimizer = self.target.optimizer(trainer)
        for config in trainer.lr_scheduler_configs:
            rival = config.scheduler
            moved = {"lr"}
            if getattr(rival, "cycle_momentum", False):
                moved |= {"momentum", "betas"}
            if getattr(rival, "optimizer", None) is optimizer and self.target.names[0] in moved:
                raise ValueError(
                    f"target {self.target.path!r} is moved by {type(rival).__name__} of "
                    "configure_optimizers as well, one would undo the other: leave one out"
                )

    def _start_epoch(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        epoch = trainer.current_epoch + 1
        if epoch == self._epoch:
            return
        self._epoch = epoch
        if self.event == "epoch_started" and self.target.root != "datamodule":
            self._write(trainer, pl_module, epoch)

    def _write(self, trainer: pl.Trainer, pl_module: pl.LightningModule, count: int) -> None:
        if not self.filter.matches(count):
            return
        value = self._write_in_force(trainer, pl_module, count)
        if value is not None and self.history:
            self.param_history.append((count, value))
        by_epoch = self.event == "epoch_started"
        self._written_at = [iteration(trainer) + by_epoch, int(not by_epoch)]

    def _write_in_force(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, count: int
    ) -> float | None:
        """Write and return the value that the last picked event up to ``count`` gives, if any."""
        if count < self._counted:
            self._counted = self._matched = 0
        for each in range(self._counted + 1, count + 1):
            self._matched += self.filter.matches(each)
        self._counted = count
        if self._matched == 0:
            return None
        value = self._value(self._matched - 1)
        self.target.write(trainer, pl_module, value)
        return value

    def _value(self, k: int) -> float:
        given = self.schedule(k)
        try:
            value = float(given)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(
                f"schedule must give a number, got {told(given)} for k = {k}"
            ) from error
        if not math.isfinite(value):
            raise ValueError(f"schedule must give finite values, got {value} for k = {k}")
        if not self.target.names[-1].endswith("batch_size"):
            return value
        rounded = math.floor(value + 0.5)
        if rounded < 1:
            raise ValueError(
                f"schedule must give a {self.target.names[-1]} of at least 1 row, got {value} for "
                f"k = {k}"
            )
        return float(rounded)

    def _borrow_loaders(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        def write_all() -> None:
            for each in _all(trainer, datamodule=True):
                each._write_for_loaders(trainer, pl_module, trainer.current_epoch + 1)

        self._before_loaders = BeforeLoaders(_datamodule(trainer), write_all)

    def _write_for_loaders(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, count: int
    ) -> None:
        value = self._write_in_force(trainer, pl_module, count)
        new = not self.param_history or self.param_history[-1][0] < count
        if value is not None and self.history and new and self.filter.matches(count):
            self.param_history.append((count, value))

    def _give_back(self) -> None:
        if self._before_loaders is not None:
            self._before_loaders.give_back()
            self._before_loaders = None


def _datamodule(trainer: pl.Trainer) -> Any:
    return getattr(trainer, "datamodule", None)


def _all(trainer: pl.Trainer, *, datamodule: bool) -> list[ParamScheduler]:
    return [
        each
        for each in callbacks_of(trainer)
        if isinstance(each, ParamScheduler) and (each.target.root == "datamodule") == datamodule
    ]


def _first(trainer: pl.Trainer, *, datamodule: bool) -> ParamScheduler | None:
    return next(iter(_all(trainer, datamodule=datamodule)), None)
