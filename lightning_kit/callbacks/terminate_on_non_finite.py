"""Keep NaN and infinity out of the weights, and end or go on without the batch."""

import functools
import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Literal, final, get_args

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy
from torch import Tensor, nn
from torch.optim import Optimizer

from lightning_kit.callbacks.batch_dump import BatchDump
from lightning_kit.callbacks.buffer_snapshot import BufferSnapshot
from lightning_kit.callbacks.finite_gradients import drop_gradients, finite_gradients, poison_if
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.compat import detour, mend_resume, refuse_twin
from lightning_kit.meters import EventFilter, all_finite
from lightning_kit.meters.arguments import check_whole
from lightning_kit.runs.run_events import RunEvents
from lightning_kit.runs.stopping import stop

Check = Literal["loss", "outputs", "grads", "params"]
Action = Literal["stop", "raise", "skip_step"]
KEY = "monitor/nonfinite/steps_skipped_count"
MAX_DUMPS = 3


@final
class TerminateOnNonFinite(pl.Callback):
    """Look for NaN and infinity at each training batch, before they reach the weights.

    The loss is looked at before backward, gradients before the optimizer's step. On a hit the step
    is taken without gradients, so that parameters and the optimizer's state stay as they are, and
    the module's buffers (BatchNorm's, say) go back to where they were before the batch. What comes
    back of a step, and the parameters after it, are looked at when the step is over. All of it is
    done before any callback's ``on_train_batch_end``, wherever this one stands in the list: an
    average or a validation there sees no bad batch. (What only ``grads`` tell is seen when the
    window's step comes.)

    Under gradient accumulation a hit drops the whole window: its gradients, and what its forward
    passes did to buffers; with a ``filter`` a step is looked at if any batch of its window was. A
    batch that :class:`lightning_kit.callbacks.exception_policy.ExceptionPolicy` skips takes along
    what was found in its window. ``global_step`` and schedules go on as if the step had been taken.
    Under fp16 gradients that are not finite are the scaler's business, which skips such steps
    itself, and only the loss counts.

    Under manual optimization a hit is an optimizer's: it drops that optimizer's step only, and
    counts once a batch. A loss that is not finite makes the gradients NaN that come of it, and at
    each step those of its optimizer tell, however many steps others took since. (A loss that is cut
    off from every parameter is not seen, nor is the step of an optimizer that was got with
    ``use_pl_optimizer=False``, of which Lightning tells no callback.)

    A checked batch costs one read of the device, and one more where ``outputs`` or ``params`` are
    checked. Ranks agree without a collective as long as all is well: a loss that is not finite
    makes its gradients NaN, and the all-reduce of data parallel training brings them to every
    rank; only then are ranks asked whose loss it was. Sharded gradients, and ``outputs`` on several
    ranks, cost one reduction each time. (On several ranks a loss that is cut off from every
    parameter is not seen.)

    Args:
        check: Which of ``loss``, ``outputs`` (all that ``training_step`` returns), ``grads`` and
            ``params`` to look at; by default ``loss`` and ``grads``.
        action: On a hit ``stop`` the fit, ``raise`` FloatingPointError, or ``skip_step``: count it
            as ``monitor/nonfinite/steps_skipped_count`` and go on.
        max_skips: With ``skip_step``, skips in the whole run after which one more stops it, at
            least 0; None: no limit.
        dump_dir: Folder for the offending batches; a relative one is below the trainer's
            ``default_root_dir``, in a run of the kit the run's directory; see
            :class:`lightning_kit.callbacks.batch_dump.BatchDump` and, to run one again,
            :func:`lightning_kit.callbacks.batch_dump.replay`. Where gradients alone tell, each rank
            keeps the batch of its step.
        max_dumps: With ``dump_dir``, files of each rank at most, at least 1; 3 by default.
        filter: Which iterations to look at; by default all.

    Raises:
        ValueError: If an argument is out of range or would have no effect, or ``dump_dir`` cannot
            be written to; in ``setup`` under DeepSpeed, whose engine takes its steps by itself.

    Example:
        >>> guard = TerminateOnNonFinite(action="skip_step", max_skips=10)
    """

    _buffers: BufferSnapshot | None
    _stepped: bool
    _undo: tuple[Callable[[], None], ...] = ()
    # Of this batch.
    _is_asked: bool
    _losses: list[Tensor]
    _loss_is_bad: bool
    _found: Check | None
    _late: Check | None
    _has_looked: bool
    # Optimizers that may hold gradients of a batch that was asked, of a loss that was bad.
    _asked: set[int]
    _suspects: set[int]

    def __init__(
        self,
        check: list[Check] | None = None,
        action: Action = "stop",
        max_skips: int | None = None,
        dump_dir: str | None = None,
        *,
        max_dumps: int | None = None,
        filter: EventFilter | None = None,
    ) -> None:
        if check is not None and not isinstance(check, list | tuple):
            raise ValueError(f"check must name some of {get_args(Check)} in a list, got {check!r}")
        self.check: list[Check] = ["loss", "grads"] if check is None else list(check)
        _refuse(self.check, action, max_skips, dump_dir, max_dumps)
        self.action = action
        self.max_skips = max_skips
        self.filter = EventFilter.given(filter) or EventFilter()
        self.dump = None if dump_dir is None else BatchDump(dump_dir, max_dumps or MAX_DUMPS)
        self.num_skips = 0
        self._forget()

    @property
    def is_skipped(self) -> bool:
        """Whether the batch was bad, or its step not taken; known at the batch's end."""
        return self._found is not None or self._loss_is_bad

    @property
    def state_key(self) -> str:
        picked = {
            field.name: getattr(value, "__qualname__", value)
            for field in fields(self.filter)
            if (value := getattr(self.filter, field.name)) is not None
        }
        return self._generate_state_key(check=sorted(self.check), filter=picked)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        if isinstance(trainer.strategy, DeepSpeedStrategy):
            raise ValueError(
                "TerminateOnNonFinite cannot keep DeepSpeed's engine from stepping: leave it out, "
                "and use DeepSpeed's own overflow check (fp16)"
            )
        if self.dump is not None and stage == "fit":
            self.dump.setup(trainer)
        if stage == "fit" and trainer.fit_loop.total_batch_idx < 0:
            # A checkpoint is loaded later.
            self.num_skips = 0
        self._events = RunEvents.of(trainer)
        self._give_back()
        self._forget()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._buffers = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)
        loop = trainer.fit_loop.epoch_loop
        around = functools.partial(self._around_batch, trainer, pl_module)
        optimizations = (loop.automatic_optimization, loop.manual_optimization)
        self._undo = tuple(detour(each, "run", around) for each in optimizations)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._is_asked = self.filter.matches(iteration(trainer))
        self._losses, self._found, self._late = [], None, None
        self._loss_is_bad = self._has_looked = False
        size = trainer.accumulate_grad_batches
        is_automatic = pl_module.automatic_optimization
        if self._stepped or self._buffers is None or (is_automatic and batch_idx % size == 0):
            # A batch that comes later in the window may be asked.
            needs_copy = self._is_asked or not is_automatic or size > 1
            self._buffers = BufferSnapshot(pl_module) if needs_copy else None
            self._stepped = False

    def on_before_zero_grad(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        # Lightning calls it under automatic optimization, when a window begins.
        self._asked.discard(id(optimizer))
        self._suspects.discard(id(optimizer))

    def on_before_backward(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor
    ) -> None:
        if not self._is_asked:
            return
        self._asked.update(map(id, trainer.optimizers))
        if "loss" in self.check:
            is_finite = torch.isfinite(loss.detach()).all()
            self._losses.append(is_finite)
            poison_if(is_finite, loss)

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        self._stepped, self._has_looked = True, False
        is_asked = self._is_asked or id(optimizer) in self._asked
        self._asked.discard(id(optimizer))
        if not is_asked or not {"loss", "grads"} & set(self.check):
            return
        parameters: list[nn.Parameter] = [
            each for group in optimizer.param_groups for each in group["params"]
        ]
        gradients_good = self._read(trainer, finite_gradients(parameters))
        is_suspect = id(optimizer) in self._suspects
        self._suspects.discard(id(optimizer))
        if not pl_module.automatic_optimization:
            # The bad loss may have been another optimizer's.
            is_suspect = is_suspect and not gradients_good
        found = self._agree(trainer, gradients_good, is_suspect)
        if found is not None or self._loss_is_bad:
            self._restore(pl_module)
        if found is None:
            return
        self._found = found
        # A fused optimizer hands its unread gradients to the scaler, which skips the step itself
        # and needs to see them.
        if _scaler(trainer) is None or not getattr(optimizer, "_step_supports_amp_scaling", False):
            drop_gradients(parameters)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if not self._has_looked:
            # A step came after the batch's own, such as that of an epoch which ends early.
            self._look(trainer, pl_module, outputs)
        what = self._found or self._late
        mine = self._loss_is_bad or what in ("grads", "outputs", "params")
        if mine and self.dump is not None and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            self.dump.write(trainer, pl_module, batch, batch_idx, what or "loss")
        if what is not None:
            self._act(trainer, pl_module, what)

    def on_batch_abandoned(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Forget a window whose gradients were dropped; what its bad losses did to buffers too."""
        self._read(trainer, None)
        if self._loss_is_bad:
            self._restore(pl_module)
        self._buffers = None
        self._asked.clear()
        self._suspects.clear()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._give_back()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._give_back()

    def state_dict(self) -> dict[str, Any]:
        return {"num_skips": self.num_skips}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.num_skips = state_dict["num_skips"]

    def _forget(self) -> None:
        self._buffers, self._losses, self._found, self._late = None, [], None, None
        self._is_asked = self._stepped = self._loss_is_bad = self._has_looked = False
        self._asked, self._suspects = set(), set()

    def _give_back(self) -> None:
        for undo in self._undo:
            undo()
        self._undo = ()

    def _around_batch(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, run: Callable[..., Any]
    ) -> Callable[..., Any]:
        def run_and_look(*args: Any, **kwargs: Any) -> Any:
            outputs = run(*args, **kwargs)
            self._look(trainer, pl_module, outputs)
            return outputs

        return run_and_look

    def _look(self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any) -> None:
        """Look at what the batch left behind, and take back what a bad one did to buffers."""
        self._has_looked = True
        self._read(trainer, None)
        if self._is_asked:
            self._late = self._look_late(trainer, pl_module, outputs)
        if self._found or self._late or self._loss_is_bad:
            self._restore(pl_module)

    def _restore(self, pl_module: pl.LightningModule) -> None:
        if self._buffers is not None:
            self._buffers.restore(pl_module)

    def _read(self, trainer: pl.Trainer, gradients_good: Tensor | None) -> bool:
        """Read the flags from the device at once; return whether the gradients are finite."""
        flags = [*self._losses, *([] if gradients_good is None else [gradients_good])]
        self._losses = []
        if not flags:
            return True
        values = torch.stack([flag.to(flags[0].device) for flag in flags]).tolist()
        good = bool(values.pop()) if gradients_good is not None else True
        if not all(values):
            self._loss_is_bad = True
            self._suspects.update(map(id, trainer.optimizers))
        return good

    def _agree(self, trainer: pl.Trainer, gradients_good: bool, loss_was_bad: bool) -> Check | None:
        """Return what all ranks found, the same on each."""
        counts = "grads" in self.check and _scaler(trainer) is None
        strategy = trainer.strategy
        if trainer.world_size > 1:
            if _is_sharded(trainer):
                is_bad = loss_was_bad or not gradients_good
                gradients_good = not strategy.reduce_boolean_decision(is_bad, all=False)
            if gradients_good:
                return None
            # All ranks come here together: their gradients are the same.
            loss_was_bad = strategy.reduce_boolean_decision(loss_was_bad, all=False)
        if loss_was_bad:
            return "loss"
        return "grads" if counts and not gradients_good else None

    def _look_late(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any
    ) -> Check | None:
        looked: dict[Check, Any] = {}
        if "outputs" in self.check:
            looked["outputs"] = outputs
        if "params" in self.check:
            looked["params"] = [_local(each) for each in pl_module.parameters()]
        if not looked:
            return None
        is_bad = not all_finite(list(looked.values()))
        if trainer.world_size > 1 and ("outputs" in looked or _is_sharded(trainer)):
            is_bad = trainer.strategy.reduce_boolean_decision(is_bad, all=False)
        if not is_bad:
            return None
        bad = [name for name, value in looked.items() if not all_finite(value)]
        return bad[0] if bad else next(iter(looked))

    def _act(self, trainer: pl.Trainer, pl_module: pl.LightningModule, what: Check) -> None:
        count = iteration(trainer)
        said = f"{what} not finite at iteration {count}"
        self._events.append(
            "non_finite", what=what, iteration=count, epoch=trainer.current_epoch + 1,
            action=self.action,
        )  # fmt: skip
        if self.action == "raise":
            raise FloatingPointError(said)
        if self.action == "stop":
            stop(trainer, said)
            return
        self.num_skips += 1
        pl_module.log(KEY, float(self.num_skips), on_step=True, on_epoch=False)
        if self.num_skips > (math.inf if self.max_skips is None else self.max_skips):
            stop(trainer, f"{said}, more than max_skips ({self.max_skips}) skipped")


def _refuse(
    check: list[Check],
    action: Action,
    max_skips: int | None,
    dump_dir: str | None,
    max_dumps: int | None,
) -> None:
    if not check or len(set(check)) < len(check) or set(check) - set(get_args(Check)):
        raise ValueError(f"check must name some of {get_args(Check)}, each once, got {check}")
    if action not in get_args(Action):
        raise ValueError(f"action must be one of {get_args(Action)}, got {action!r}")
    if late := {"outputs", "params"} & set(check) if action == "skip_step" else set():
        raise ValueError(
            f"action 'skip_step' cannot skip a step for {sorted(late)}, which is looked at after "
            "it: check loss and grads, or stop or raise instead"
        )
    if max_skips is not None:
        check_whole("max_skips", max_skips, at_least=0, unit="steps")
    if max_dumps is not None:
        check_whole("max_dumps", max_dumps, at_least=1, unit="file")
    if max_skips is not None and action != "skip_step":
        raise ValueError(
            f"max_skips must be at least 0 steps, beside action 'skip_step', got {max_skips} and "
            f"{action!r}"
        )
    if max_dumps is not None and dump_dir is None:
        raise ValueError(
            f"max_dumps must be at least 1 file, beside dump_dir, got {max_dumps} and {dump_dir}"
        )


def _scaler(trainer: pl.Trainer) -> Any | None:
    return getattr(trainer.precision_plugin, "scaler", None)


def _is_sharded(trainer: pl.Trainer) -> bool:
    return isinstance(trainer.strategy, FSDPStrategy | ModelParallelStrategy)


def _local(tensor: Tensor) -> Tensor:
    local: Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return local
