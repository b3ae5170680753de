"""Let this run's settings win over those that a checkpoint brings back as state."""

import logging
import os
from functools import partial
from types import MethodType
from typing import Any, final

import pytorch_lightning as pl
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lightning_kit.compat import callbacks_of, refuse_twin
from lightning_kit.runs import random_state
from lightning_kit.runs.given import (
    NOTHING,
    Given,
    Plain,
    can_replay,
    group_settings,
    of_another_class,
    plain,
    replay,
    schedule_settings,
    steps_of,
)

log = logging.getLogger(__name__)
KEY = "lightning_kit"
# Where seed_everything leaves its number.
SEED = "PL_GLOBAL_SEED"
# What schedules move in a parameter group.
DRIVEN = {"lr", "momentum", "betas"}
# What a schedule moves by itself; needed where a checkpoint does not say what its run was given.
CLOCKS = {
    "last_epoch", "_step_count", "_last_lr", "best", "num_bad_epochs", "cooldown_counter",
    "T_cur", "T_i", "_is_initial", "_get_lr_called_within_step", "class",
}  # fmt: skip


@final
class SettingsKeeper(pl.Callback):
    """Write changed settings back after a restore, and leave equal ones as restored.

    Changed means: other than what the checkpoint's own run was given. Covers the settings of
    parameter groups, schedules and callbacks. A changed rate or schedule goes on from where it
    would stand had it been so from the start, and an optimizer of another class starts with its
    own settings and none of the other's state. The states of the random generators are kept as
    well, so that an unchanged configuration goes on bit for bit from the end of an epoch.

    Args:
        resuming: Whether this fit starts from a checkpoint.
    """

    def __init__(self, *, resuming: bool) -> None:
        self.resuming = resuming
        self.given = Given()
        self._loaded: dict[str, Any] | None = None
        # What the checkpoint holds for optimizers that do not take it.
        self._dropped: dict[int, list[Plain]] = {}

    def listen(self, pl_module: pl.LightningModule) -> None:
        """Take down what ``pl_module.configure_optimizers`` returns, when Lightning asks it."""
        configure = pl_module.configure_optimizers

        def configure_optimizers(_: pl.LightningModule) -> Any:
            configured = configure()
            optimizers = self.given.note_configured(configured, copy_schedules=self.resuming)
            for i, optimizer in enumerate(optimizers if self.resuming else ()):
                optimizer.register_load_state_dict_pre_hook(partial(self._own_state, i))
            return configured

        pl_module.configure_optimizers = MethodType(configure_optimizers, pl_module)  # type: ignore[method-assign]

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        self.given.note_callbacks([c for c in callbacks_of(trainer) if c is not self])

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint[KEY] = {
            "given": self.given.as_state(),
            "random": random_state.capture(),
            "seed": os.environ.get(SEED),
        }

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        kept = checkpoint.get(KEY) or {}
        # Lightning draws from the generators between here and the first hook of training, as it
        # did in the run that goes on. Another seed is another setting, which wins.
        if "random" in kept and kept.get("seed") == os.environ.get(SEED):
            random_state.restore(kept["random"])
        self._loaded = {
            "given": kept.get("given") or {},
            "callbacks": plain(checkpoint.get("callbacks") or {}),
        }

    def _own_state(self, i: int, optimizer: Optimizer, state: dict[str, Any]) -> Any:
        """Return what optimizer ``i`` loads instead of ``state`` where that is another class's."""
        before = self._loaded["given"] if self._loaded is not None else {}
        was, now = before.get("classes") or [], self.given.classes[i]
        same_name = i >= len(was) or was[i] == now
        restored = state["param_groups"]
        if same_name and not of_another_class(self.given.optimizers[i], restored):
            return None
        self._dropped[i] = [group_settings(group) for group in restored]
        # A person should see this one: what the optimizer had gathered is lost.
        pl.utilities.rank_zero_info(
            f"optimizer {i} ({now}) starts afresh: the checkpoint holds another's state"
        )
        return optimizer.state_dict()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._loaded is None:
            return
        before = self._loaded["given"]
        self._write_back_callbacks(trainer, before.get("callbacks"))
        schedules = [config.scheduler for config in trainer.lr_scheduler_configs]
        recorded = before.get("optimizers") or [None] * len(trainer.optimizers)
        was_driven = before.get("driven") or []
        changed = []
        # Lightning puts a stand-in where `configure_optimizers` returns nothing: no settings.
        for i, (optimizer, given, was) in enumerate(
            zip(trainer.optimizers, self.given.optimizers, recorded, strict=False)
        ):
            driven = self.given.driven[i]
            if i in self._dropped:
                if driven:
                    self._go_on_lowered(optimizer, was, self._dropped[i])
                    changed.append(optimizer)
                continue
            if not driven and was is not None and any(was_driven[i : i + 1]):
                # The rate is where the schedule left it, which this run was not given.
                was = [w | dict.fromkeys(DRIVEN & w.keys(), NOTHING) for w in was]
            if self._write_back_groups(optimizer, given, was, driven=driven):
                changed.append(optimizer)
        self._write_back_schedules(schedules, before.get("schedules"), changed)
        self._loaded, self._dropped = None, {}

    def _write_back_callbacks(self, trainer: pl.Trainer, before: dict[str, Plain] | None) -> None:
        assert self._loaded is not None
        for callback in callbacks_of(trainer):
            key = callback.state_key
            restored = self._loaded["callbacks"].get(key) or {}
            for name, now in self.given.callbacks.get(key, {}).items():
                held = plain(getattr(callback, name, NOTHING))
                was = restored.get(name) if before is None else before.get(key, {}).get(name, now)
                # Where the callback kept its own value there is nothing to write back.
                if now != was and held != now and held == restored.get(name):
                    setattr(callback, name, now)
                    log.info("%s.%s: %r instead of the checkpoint's %r", key, name, now, held)

    def _go_on_lowered(
        self, optimizer: Optimizer, before: list[Plain] | None, held: list[Plain]
    ) -> None:
        """Lower the rates of a new optimizer as the one before was; a replay overwrites this."""
        for group, was, had in zip(optimizer.param_groups, before or (), held, strict=False):
            if was.get("lr"):
                group["lr"] *= had["lr"] / was["lr"]

    def _write_back_groups(
        self, optimizer: Optimizer, given: list[Plain], before: list[Plain] | None, *, driven: bool
    ) -> bool:
        """Write changed settings into the groups; return whether a rate was changed.

        Args:
            optimizer: As restored.
            given: This run's settings, a group each.
            before: Those of the checkpoint's own run, None where it carries no record.
            driven: Whether a schedule moves the groups.
        """
        rate_changed = False
        for g, (group, now) in enumerate(zip(optimizer.param_groups, given, strict=True)):
            was = dict(group_settings(group) if before is None else before[g])
            if before is None and driven:
                # What a schedule has moved does not tell what was given; the first rate does.
                was |= {name: now[name] for name in DRIVEN & now.keys()}
            changed = {name for name, value in now.items() if was.get(name, value) != value}
            if driven and changed & {"lr", "initial_lr"}:
                base = "initial_lr" if "initial_lr" in now else "lr"
                group["lr"] *= now[base] / was[base] if was[base] else 1.0
                changed.discard("lr")
                rate_changed = True
            for name in changed:
                group[name] = _as(group[name], now[name])
                log.info("parameter group %d: %s = %r", g, name, group[name])
        return rate_changed

    def _write_back_schedules(
        self,
        schedules: list[Any],
        before: list[Plain] | None,
        rates: list[Optimizer],
    ) -> None:
        given, fresh = self.given.schedules, self.given.fresh_schedules
        for i, schedule in enumerate(schedules):
            if not isinstance(schedule, LRScheduler) or i >= len(given):
                continue
            now = given[i]
            if before is None or i >= len(before):
                was = {k: v for k, v in schedule_settings(schedule).items() if k not in CLOCKS}
            else:
                was = before[i]
            changed = {name for name in now if name in was and now[name] != was[name]}
            rate_changed = any(optimizer is schedule.optimizer for optimizer in rates)
            if not changed and not rate_changed:
                continue
            if can_replay(schedule):
                _adopt(schedule, replay(fresh[i], steps_of(schedule)))
            else:
                state = fresh[i].state_dict()
                schedule.load_state_dict({name: state[name] for name in changed if name in state})
            log.info("schedule %d (%s) goes on with this run's settings", i, now["class"])


def _adopt(schedule: LRScheduler, replayed: LRScheduler) -> None:
    schedule.load_state_dict(replayed.state_dict())
    groups = zip(schedule.optimizer.param_groups, replayed.optimizer.param_groups, strict=True)
    for group, wanted in groups:
        for name in group_settings(wanted):
            group[name] = wanted[name]


def _as(like: Any, value: Any) -> Any:
    """Return a plain ``value`` in the container that ``like`` has (betas are a tuple)."""
    return tuple(value) if isinstance(like, tuple) else value
