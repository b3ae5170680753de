"""Decide by an exception's class what becomes of the run."""

import contextlib
import functools
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, final

import pytorch_lightning as pl
from torch import nn

from lightning_kit.callbacks.exception_rule import Rule
from lightning_kit.callbacks.failed_batch import abandon
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.writable import below_root, path_of, place
from lightning_kit.compat import (
    after_interruption,
    around_stage,
    callbacks_of,
    detour,
    mend_resume,
    refuse_twin,
    remember_hook,
    save_rank_local,
)
from lightning_kit.runs.recorder import RunRecorder
from lightning_kit.runs.run_events import RunEvents
from lightning_kit.runs.stopping import stop

log = logging.getLogger(__name__)
Handler = Callable[[int, FrameType | None], Any] | int | None


@final
class ExceptionPolicy(pl.Callback):
    """Skip the batch, save, stop or raise, by the exception's class; the first rule that fits acts.

    Rules hold from the start of training to its end. What is caught is logged as a warning and
    written to the run's events, never swallowed in silence. Where no rule fits, or there is none:

    - Every callback's ``on_exception`` runs. An error in one is logged and noted on the exception,
      which goes on (Lightning raises the handler's instead, and leaves the others out).
    - ``teardown`` of callbacks, datamodule and module runs after an exception in a fit.
    - Ctrl-C saves a checkpoint, ``interrupted.ckpt``, and then ``fit`` returns, its module as it
      is; a second one kills. From the command line the exit code stays 130. With several ranks,
      which cannot return in step, and in ``setup`` hooks, ``on_fit_start`` and ``on_fit_end``
      Lightning exits as it does.

    ``skip_batch`` covers forward, backward and the optimizer's step. Gradients are dropped, those
    of the whole accumulation window so far; a window whose last batch is skipped takes no step.
    Hooks at the batch's end see no outputs, and it counts as an iteration. An optimizer's step that
    broke off half-way cannot be undone. ``stop`` calls ``on_train_end`` at once, whatever
    ``min_epochs`` says, without another validation; with several ranks, of which one alone cannot
    stop, it raises. ``checkpoint`` needs one process, or data parallel ones of whole weights, of
    which each that raised writes a file (``exception-7.ckpt``, rank 1 ``exception-7-rank1.ckpt``);
    where nothing could be saved, as in a ``fast_dev_run``, the exception is raised with a note of
    it, whatever ``then`` says.

    Args:
        rules: In order of precedence, each of another class; there may be none.
        dirpath: Where checkpoints go; a relative one is below the trainer's ``default_root_dir``,
            in a run of the kit the run's directory; by default ``checkpoints``.

    Raises:
        ValueError: If one is no ``Rule``, two are for one class, or ``dirpath`` cannot be written
            to; in ``setup`` for ``skip_batch`` with several ranks, and for a relative ``dirpath``.

    Example:
        >>> policy = ExceptionPolicy([Rule("torch.OutOfMemoryError", "skip_batch", max_times=5)])
    """

    def __init__(self, rules: list[Rule], dirpath: str | None = None) -> None:
        if not isinstance(rules, list | tuple) or not all(isinstance(each, Rule) for each in rules):
            raise ValueError(
                f'rules must be a list of Rule, as in [Rule("OSError", "stop")], got {rules!r}'
            )
        self.rules = list(rules)
        classes = [rule.resolve() for rule in self.rules]
        for rule, found in zip(self.rules, classes, strict=True):
            if classes.count(found) > 1:
                raise ValueError(f"rules must be for a class each, got two for {rule.name}")
        self.dirpath = None if dirpath is None else path_of("dirpath", dirpath, needs_local=True)
        self.counts = {rule.name: 0 for rule in self.rules}
        self._folder = Path(self.dirpath or "checkpoints")
        self._undo: list[Callable[[], None]] = []
        self._modes: dict[nn.Module, bool] = {}
        self._ctrl_c: Handler = None
        self._began = False

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        if trainer.world_size > 1 and any(rule.action == "skip_batch" for rule in self.rules):
            raise ValueError(
                "skip_batch needs a single process, got "
                f"{trainer.world_size}: the other ranks would wait in backward for the gradients "
                "of a batch that one has left; use checkpoint or raise"
            )
        self._give_back()
        if stage != "fit":
            return
        if trainer.fit_loop.total_batch_idx < 0:
            # A checkpoint is loaded later.
            self.counts = dict.fromkeys(self.counts, 0)
        self._find_folder(trainer)
        self._events = RunEvents.of(trainer)
        self._ctrl_c = signal.getsignal(signal.SIGINT)
        self._undo.append(after_interruption(trainer, lambda: self._tear_down(trainer, pl_module)))
        around = functools.partial(self._around_stage, trainer, pl_module)
        self._undo.append(around_stage(trainer, around))
        for part in (*callbacks_of(trainer), trainer.datamodule):  # type: ignore[attr-defined]
            if part is not None and part is not self:
                self._undo.append(detour(part, "on_exception", _guarded))

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._began = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)
        self._note_modes(pl_module)
        around = functools.partial(self._around_epoch, trainer, pl_module)
        for name in ("on_advance_start", "advance", "on_advance_end"):
            self._undo.append(detour(trainer.fit_loop, name, around))
        if any(rule.action == "skip_batch" for rule in self.rules):
            loop = trainer.fit_loop.epoch_loop
            around = functools.partial(self._around_batch, trainer, pl_module)
            for each in (loop.automatic_optimization, loop.manual_optimization):
                self._undo.append(detour(each, "run", around))

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        # Lightning makes the process deaf to Ctrl-C while it shuts down.
        if isinstance(exception, KeyboardInterrupt) and self._began:
            self._let_ctrl_c_kill()
            # It reaches all ranks, and one file will do.
            if trainer.is_global_zero and not _has_recorder(trainer):
                self._save(trainer, "interrupted")

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._give_back()

    def state_dict(self) -> dict[str, Any]:
        return {"counts": dict(self.counts)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.counts |= {k: v for k, v in state_dict["counts"].items() if k in self.counts}

    def _around_batch(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        run: Callable[..., Any],
    ) -> Callable[..., Any]:
        def run_or_skip(*args: Any, **kwargs: Any) -> Any:
            back_to_hook = remember_hook(pl_module)
            try:
                return run(*args, **kwargs)
            except StopIteration:
                raise
            except Exception as error:
                rule = self._rule(error)
                if rule is None or rule.action != "skip_batch" or not self._may(rule, error):
                    raise
                self._tell(trainer, rule, error)
                back_to_hook()
                abandon(trainer, pl_module, error)
                return {}

        return run_or_skip

    def _around_stage(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, run: Callable[..., Any]
    ) -> Callable[..., Any]:
        def run_or_end(*args: Any, **kwargs: Any) -> Any:
            self._note_modes(pl_module)
            try:
                return run(*args, **kwargs)
            except KeyboardInterrupt:
                if not self._ends_on_ctrl_c(trainer):
                    raise

        return run_or_end

    def _around_epoch(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, part: Callable[..., Any]
    ) -> Callable[..., Any]:
        def part_or_end(*args: Any, **kwargs: Any) -> Any:
            try:
                return part(*args, **kwargs)
            except StopIteration:
                raise
            except KeyboardInterrupt:
                if not self._ends_on_ctrl_c(trainer):
                    raise
            except Exception as error:
                if not self._ends(trainer, error):
                    raise
                self._end(trainer, f"{type(error).__name__}: {error}".splitlines()[0])
            # It is how the loop of epochs is left for good.
            raise StopIteration

        return part_or_end

    def _ends_on_ctrl_c(self, trainer: pl.Trainer) -> bool:
        """End the fit after Ctrl-C where it can return; return whether it can."""
        if trainer.world_size > 1 or _has_recorder(trainer):
            return False
        self._let_ctrl_c_kill()
        self._save(trainer, "interrupted")
        self._end(trainer, "Ctrl-C")
        return True

    def _ends(self, trainer: pl.Trainer, error: Exception) -> bool:
        """Do what the rule for ``error`` says; return whether the fit ends without it."""
        rule = self._rule(error)
        if rule is None or rule.action in ("raise", "skip_batch") or not self._may(rule, error):
            return False
        self._tell(trainer, rule, error)
        if rule.action == "checkpoint":
            rank = f"-rank{trainer.global_rank}" if trainer.global_rank else ""
            name = f"exception-{iteration(trainer)}{rank}"
            if (why := self._save(trainer, name)) is not None:
                error.add_note(f"raised, for there is no checkpoint of it: {why}")
                return False
        if rule.ends and trainer.world_size > 1:
            error.add_note("raised in spite of its rule: one of several ranks cannot stop alone")
            return False
        return rule.ends

    def _rule(self, error: Exception) -> Rule | None:
        return next((rule for rule in self.rules if isinstance(error, rule.resolve())), None)

    def _may(self, rule: Rule, error: Exception) -> bool:
        if self.counts[rule.name] >= rule.max_times:
            error.add_note(f"raised: {rule.action} was done {rule.max_times} times (max_times)")
            return False
        self.counts[rule.name] += 1
        return True

    def _tell(self, trainer: pl.Trainer, rule: Rule, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        count = iteration(trainer)
        log.warning("%s at iteration %d: %s", rule.action, count, said, exc_info=error)
        self._events.append(
            "exception", action=rule.action, error=said, iteration=count,
            epoch=trainer.current_epoch + 1, times=self.counts[rule.name],
        )  # fmt: skip

    def _note_modes(self, pl_module: pl.LightningModule) -> None:
        self._modes = {module: module.training for module in pl_module.modules()}

    def _end(self, trainer: pl.Trainer, reason: str) -> None:
        stop(trainer, reason)
        if not trainer.training:
            # It came from a validation, which puts both back only where nothing raises.
            trainer.training = True
            for module, mode in self._modes.items():
                module.training = mode

    def _find_folder(self, trainer: pl.Trainer) -> None:
        folder = self.dirpath or "checkpoints"
        if self.dirpath is None and not any(rule.action == "checkpoint" for rule in self.rules):
            # Ctrl-C may never come.
            self._folder = Path(below_root(trainer, folder))
        else:
            self._folder = Path(place(trainer, "dirpath", folder, needs_local=True))

    def _save(self, trainer: pl.Trainer, name: str) -> str | None:
        """Save a checkpoint; return why there is none, None where there is."""
        if getattr(trainer, "fast_dev_run", False):
            return "a fast_dev_run writes none"
        if trainer.global_step == 0:
            return "no step was taken yet"
        path, version = self._folder / f"{name}.ckpt", 1
        try:
            while path.exists():
                path, version = self._folder / f"{name}-v{version}.ckpt", version + 1
            if save_rank_local(trainer, path):
                return None
            why = f"{type(trainer.strategy).__name__}, or an optimizer, deals out its state"
        except Exception as error:
            # A full disk must not hide what is being handled.
            why = f"{type(error).__name__}: {error}"
        log.warning("no checkpoint after the exception: %s", why)
        return why

    def _let_ctrl_c_kill(self) -> None:
        with contextlib.suppress(ValueError):  # not the main thread
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            self._undo.append(self._give_ctrl_c_back)

    def _give_ctrl_c_back(self) -> None:
        if self._ctrl_c is not None:
            signal.signal(signal.SIGINT, self._ctrl_c)

    def _tear_down(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        stage = trainer.state.fn or "fit"
        datamodule = trainer.datamodule  # type: ignore[attr-defined]
        calls = [
            functools.partial(each.teardown, trainer, pl_module, stage=stage)
            for each in callbacks_of(trainer)
            if each is not self
        ]
        if datamodule is not None:
            calls.insert(0, functools.partial(datamodule.teardown, stage=stage))
        calls.append(functools.partial(pl_module.teardown, stage=stage))
        # A part whose setup was not reached has nothing to tear down.
        for call in calls if self._began else []:
            try:
                call()
            except Exception:
                log.exception("a teardown after the exception failed")
        self._give_back()

    def _give_back(self) -> None:
        while self._undo:
            self._undo.pop()()
        self._modes = {}
        self._began = False


def _guarded(on_exception: Callable[..., None]) -> Callable[..., None]:
    def on_exception_guarded(*args: Any, **kwargs: Any) -> None:
        try:
            on_exception(*args, **kwargs)
        except Exception as error:
            log.exception("a handler of an exception failed; the first exception goes on")
            first = next((each for each in args if isinstance(each, BaseException)), None)
            if first is not None:
                first.add_note(f"a handler of it failed too: {type(error).__name__}: {error}")

    return on_exception_guarded


def _has_recorder(trainer: pl.Trainer) -> bool:
    return any(isinstance(each, RunRecorder) for each in callbacks_of(trainer))
