"""What the kit reads of Lightning's and torch's protected state, each use guarded.

A guard that finds its ground changed answers as if the thing were not there, and logs it.
"""

import functools
import importlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, final
from weakref import WeakKeyDictionary

import pytorch_lightning as pl
import torch
import torch.distributed as dist
from lightning_utilities.core.rank_zero import rank_zero_only
from pytorch_lightning.callbacks import WeightAveraging
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy
from pytorch_lightning.trainer.states import RunningStage, TrainerFn

log = logging.getLogger(__name__)


def callbacks_of(trainer: pl.Trainer) -> list[pl.Callback]:
    """Return the trainer's callbacks, an attribute that its class does not declare."""
    found: list[pl.Callback] = getattr(trainer, "callbacks", [])
    return found


def forks(strategy: object) -> bool:
    """Say whether a Trainer's ``strategy``, a name or an object, trains in children of its own."""
    if isinstance(strategy, str):
        return strategy.endswith(("_spawn", "_fork", "_forkserver", "_notebook"))
    return getattr(strategy, "_start_method", "popen") not in ("popen", None)


def global_rank() -> int:
    """Return this process's rank as its environment says, before there is a process group."""
    return int(getattr(rank_zero_only, "rank", None) or 0)


def logs_this_batch(trainer: pl.Trainer) -> bool:
    """Return whether Lightning hands this training batch's values to the loggers.

    It is the same on all ranks, which Lightning's own answer is not: that reads ``should_stop``.
    """
    every = trainer.log_every_n_steps  # type: ignore[attr-defined]
    stepped = getattr(trainer.fit_loop.epoch_loop, "_batches_that_stepped", None)
    if stepped is None:
        log.warning("logging by the count of batches: this Lightning does not count its log steps")
        stepped = trainer.fit_loop.total_batch_idx
    return bool(every) and (stepped + 1) % every == 0


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


def mend_resume(trainer: pl.Trainer) -> None:
    """Let a resumed fit count and start epochs as one that was not interrupted.

    Call it in ``on_train_start``, as often as you like. Lightning 2.6.6 goes on counting behind a
    batch that an exception broke off, though it trains it again; and a fit resumed from the last
    batch of an epoch begins the next one without its ``on_train_epoch_start``.
    """
    fit_loop, loop = trainer.fit_loop, trainer.fit_loop.epoch_loop
    needed = [(fit_loop, "restarted_mid_epoch"), (fit_loop, "reset_restart_stage")]
    needed += [(loop, "restarting"), (loop, "_batches_that_stepped"), (loop, "_should_accumulate")]
    missing = [name for owner, name in needed if not hasattr(owner, name)]
    if missing:
        log.warning("a resume is Lightning's own: its loops have no %s", ", ".join(missing))
        return
    epoch: Any = fit_loop.epoch_progress.current
    if fit_loop.restarted_mid_epoch and epoch.ready == epoch.processed:
        fit_loop.reset_restart_stage()
    progress: Any = loop.batch_progress
    if not loop.restarting or progress.current.processed >= progress.current.ready:
        return
    for stage in ("ready", "started", "processed"):
        ahead = getattr(progress.current, stage) - progress.current.completed
        for each in (progress.current, progress.total):
            setattr(each, stage, getattr(each, stage) - ahead)
    progress.is_last_batch = False
    if not loop._should_accumulate():
        # Lightning takes it that the batch before had not been counted when it was saved.
        loop._batches_that_stepped -= 1


def weights_to_save(trainer: pl.Trainer) -> dict[str, Any]:
    """Return the weights that a weights-only checkpoint would hold now; call it on all ranks."""
    dump = getattr(getattr(trainer, "_checkpoint_connector", None), "dump_checkpoint", None)
    if dump is None:
        log.warning("weights are saved as the module has them: Lightning has no dump_checkpoint")
        return trainer.lightning_module.state_dict()
    found: dict[str, Any] = dump(weights_only=True)["state_dict"]
    return found


def average_of(averaging: WeightAveraging) -> torch.nn.Module | None:
    """Return the module that holds the average, None outside a fit."""
    if not hasattr(averaging, "_average_model"):
        log.warning("the average is not found: this Lightning keeps it elsewhere")
        return None
    held = averaging._average_model
    return None if held is None else held.module


def keys_of_validation(trainer: pl.Trainer) -> set[str]:
    """Return the keys that validations of this fit have logged and training has not."""
    loop: Any = trainer.fit_loop.epoch_loop
    found: list[set[str]] = []
    for results in (getattr(loop.val_loop, "_results", None), getattr(loop, "_results", None)):
        name_of = getattr(results, "_forked_name", None)
        if results is None or name_of is None:
            log.warning("no key is known as validation's: this Lightning keeps results elsewhere")
            return set()
        found.append({name for item in results.values() for name in name_of(item, False)})
    return found[0] - found[1]


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


def watch_fetches(
    trainer: pl.Trainer, before: Callable[[int], None], after: Callable[[int], None]
) -> Callable[[], None]:
    """Call ``before`` and ``after`` around each fetch of a training batch; return what ends that.

    Both get the 1-based number of the batch. A fetch that raises, also one that finds the loader
    at its end, is not followed by ``after``. It holds from the next start of an epoch on, for then
    the loop hands its two profiling functions to the fetcher.
    """
    loop = trainer.fit_loop.epoch_loop
    names = ("_on_before_fetch", "_on_after_fetch")
    if not all(callable(getattr(loop, name, None)) for name in names):
        log.warning("no event around fetching a batch: this Lightning's loop tells of none")
        return lambda: None
    if loop not in _fetch_watches:
        _fetch_watches[loop] = _install_watches(trainer, loop, names)
    watches, watch = _fetch_watches[loop], (before, after)
    watches.append(watch)

    def stop() -> None:
        if watch in watches:
            watches.remove(watch)
        if not watches and _fetch_watches.get(loop) is watches:
            del _fetch_watches[loop]
            for name in names:
                delattr(loop, name)

    return stop


FetchWatch = tuple[Callable[[int], None], Callable[[int], None]]
_fetch_watches: WeakKeyDictionary[Any, list[FetchWatch]] = WeakKeyDictionary()


def _install_watches(trainer: pl.Trainer, loop: Any, names: tuple[str, str]) -> list[FetchWatch]:
    watches: list[FetchWatch] = []
    stock_before, stock_after = (getattr(loop, name) for name in names)
    raised: list[BaseException | None] = [None]

    def number() -> int:
        fetcher = getattr(trainer.fit_loop, "_data_fetcher", None)
        progress = loop.batch_progress
        in_epoch = getattr(fetcher, "fetched", progress.current.ready)
        return int(progress.total.ready - progress.current.ready + in_epoch + 1)

    def on_before_fetch() -> None:
        raised[0] = sys.exc_info()[1]
        for before, _ in list(watches):
            before(number())
        stock_before()

    def on_after_fetch() -> None:
        stock_after()
        # The fetcher calls it in a `finally`.
        if sys.exc_info()[1] is raised[0]:
            for _, after in list(watches):
                after(number())

    for name, function in zip(names, (on_before_fetch, on_after_fetch), strict=True):
        setattr(loop, name, function)
    return watches


@final
class EpochLoop:
    """Where a fit stands within its epoch, and how to end the epoch there.

    Args:
        trainer: A trainer, in a fit.
    """

    NEEDED = (
        "_should_accumulate", "_num_ready_batches_reached", "_should_check_val_fx",
        "update_lr_schedulers", "automatic_optimization", "batch_progress",
    )  # fmt: skip

    def __init__(self, trainer: pl.Trainer) -> None:
        self.trainer = trainer
        self.loop: Any = trainer.fit_loop.epoch_loop

    @property
    def known(self) -> bool:
        """Whether this Lightning has what the methods below rely on; what is missing is logged."""
        missing = [name for name in self.NEEDED if not hasattr(self.loop, name)]
        missing += [] if hasattr(self.loop.automatic_optimization, "_optimizer_step") else ["step"]
        if missing:
            log.warning("the epoch goes on: this Lightning's loop has no %s", ", ".join(missing))
        return not missing

    @property
    def place(self) -> Literal["outside", "between", "before", "inside", "after", "over"]:
        """Where the fit stands: around, ``between`` and within batches, or past an epoch's last.

        ``before`` and ``after`` are the hooks ``on_train_batch_start`` and ``..._end``, ``inside``
        what lies between them; ``over`` is ``on_train_epoch_end``.
        """
        epoch: Any = self.trainer.fit_loop.epoch_progress.current
        batch = self.loop.batch_progress.current
        # A batch at whose start the module ended the epoch was never started.
        is_skipped = batch.started < batch.ready == batch.processed
        if batch.completed < batch.ready and not is_skipped:
            # First: under `max_steps` a resumed fit trains within an epoch that counts as over.
            if batch.started < batch.ready:
                return "before"
            return "inside" if batch.processed < batch.ready else "after"
        if epoch.completed < epoch.processed:
            return "over"
        return "outside" if epoch.ready == epoch.processed else "between"

    @property
    def is_last(self) -> bool:
        """Whether the present batch is its epoch's last."""
        return bool(self.loop._num_ready_batches_reached())

    @property
    def window_is_open(self) -> bool:
        """Whether gradients of this batch wait for more before the optimizer steps."""
        is_automatic = self.trainer.lightning_module.automatic_optimization
        return bool(is_automatic and self.loop._should_accumulate())

    def make_last(self) -> None:
        """Let the present batch be its epoch's last; it has not run yet, or all is done for it."""
        self.loop.batch_progress.is_last_batch = True

    def close(self) -> None:
        """Do after the present batch what its epoch's last batch does: step and set rates.

        Where gradients were accumulated without a reduction, they are averaged first.
        """
        was_open = self.window_is_open
        self.make_last()
        if was_open:
            if isinstance(self.trainer.strategy, DDPStrategy):
                _average_gradients(self.trainer.lightning_module)
            # A closure that returns None would say that backward was skipped.
            done = torch.zeros((), device=self.trainer.strategy.root_device)
            self.loop.automatic_optimization._optimizer_step(self.loop.batch_idx, lambda: done)
            self.loop.update_lr_schedulers("step", update_plateau_schedulers=False)
        self.loop.update_lr_schedulers("epoch", update_plateau_schedulers=False)

    def decide_validation(self, validate: bool) -> None:
        """Let the next check whether to validate say ``validate``, whatever the settings are."""
        self.loop._should_check_val_fx = lambda _: validate and self.trainer.enable_validation

    def leave_validation(self) -> None:
        """Let Lightning decide again when to validate."""
        vars_of_loop: dict[str, Any] = self.loop.__dict__
        vars_of_loop.pop("_should_check_val_fx", None)

    def look_whole(self, checkpoint: dict[str, Any]) -> None:
        """Let an epoch that was cut short look in ``checkpoint`` as if it had had all its batches.

        Lightning would resume it behind the cut: it takes the batches that are over, not that the
        last was marked as the last.
        """
        loops = checkpoint.get("loops", {}).get("fit_loop", {})
        if "epoch_loop.batch_progress" not in loops:
            log.warning("a checkpoint of a cut epoch: this Lightning keeps its progress elsewhere")
            return
        progress = loops["epoch_loop.batch_progress"]
        now, num_batches = progress["current"], self.trainer.num_training_batches
        if not progress["is_last_batch"] or not now["ready"] < num_batches < float("inf"):
            return
        if now["completed"] == now["ready"] and not self._validates_at(int(num_batches)):
            # Saved in a validation that Lightning would not expect, hence behind which it would
            # train on: as saved at the end of the batch.
            now["completed"] -= 1
            progress["total"]["completed"] -= 1
        missing = int(num_batches) - now["ready"]
        for stage in now:
            now[stage] += missing

    def _validates_at(self, num_batches: int) -> bool:
        interval = self.trainer.val_check_batch
        if not interval or not self.loop._should_check_val_epoch():
            return False
        over_epochs = self.trainer.check_val_every_n_epoch is None
        return (self.loop.total_batch_idx + 1 if over_epochs else num_batches) % interval == 0


def _average_gradients(module: pl.LightningModule) -> None:
    """Average gradients over the ranks, as DDP does in the backward pass of a window's last batch.

    A parameter that some rank has no gradient for counts as zero there.
    """
    if not (dist.is_available() and dist.is_initialized()):
        return
    parameters = [p for p in module.parameters() if p.requires_grad]
    if not parameters:
        return
    has = torch.tensor([p.grad is not None for p in parameters], device=parameters[0].device)
    has = has.to(torch.uint8)
    dist.all_reduce(has, op=dist.ReduceOp.MAX)
    for parameter, anywhere in zip(parameters, has.tolist(), strict=True):
        if not anywhere:
            continue
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        dist.all_reduce(parameter.grad)
        parameter.grad /= dist.get_world_size()


def logged_step(trainer: pl.Trainer) -> int:
    """Return the step under which Lightning logs: batches that ended in an optimizer step."""
    step = getattr(trainer.fit_loop.epoch_loop, "_batches_that_stepped", None)
    return trainer.global_step if step is None else int(step)


def validate_now(trainer: pl.Trainer, dataloaders: Any = None) -> None:
    """Run a validation within a hook of training, on other ``dataloaders`` if they are given.

    Lightning does the same between two batches (``_TrainingEpochLoop.on_advance_end``), but for
    the gradients, which it clears and which are still needed here.
    """
    epoch_loop: Any = trainer.fit_loop.epoch_loop
    connector: Any = getattr(trainer, "_logger_connector", None)
    state = ("_first_loop_iter", "_current_fx")
    if not all(hasattr(connector, name) for name in state) or not hasattr(epoch_loop, "val_loop"):
        log.warning("no validation now: this Lightning keeps its state elsewhere")
        return
    kept = [getattr(connector, name) for name in state]
    loop = epoch_loop.val_loop
    if dataloaders is not None:
        epoch_loop.val_loop = _loop_over(trainer, dataloaders)
    trainer.validating = True
    try:
        epoch_loop.val_loop.run()
    finally:
        epoch_loop.val_loop = loop
        trainer.training = True
        for name, value in zip(state, kept, strict=True):
            setattr(connector, name, value)


def validate_apart(trainer: pl.Trainer, dataloaders: Any, prefix: str) -> None:
    """Run a validation on other ``dataloaders``, whose scores nothing takes for the usual ones.

    What is logged in it goes by ``<prefix>/<key>``, what was logged before stays, and callbacks
    that monitor a key, stop or save do not hear of it.
    """
    connector: Any = getattr(trainer, "_logger_connector", None)
    names = ("_callback_metrics", "_logged_metrics", "_progress_bar_metrics")
    if not all(isinstance(getattr(connector, name, None), dict) for name in names):
        log.warning("no validation on other loaders: this Lightning keeps scores elsewhere")
        return

    def named(metrics: dict[str, Any]) -> dict[str, Any]:
        # Lightning logs at the step that is logged as `step`.
        own = f"{prefix}/"
        return {k if k == "step" or k.startswith(own) else own + k: v for k, v in metrics.items()}

    def around(log_metrics: Callable[..., Any]) -> Callable[..., Any]:
        return lambda metrics, *args, **kwargs: log_metrics(named(metrics), *args, **kwargs)

    undo = [detour(connector, "log_metrics", around)]
    for callback in callbacks_of(trainer):
        if _monitors(callback):
            hooks = [hook for hook in dir(callback) if hook.startswith("on_validation_")]
            undo += [detour(callback, hook, lambda _: _do_nothing) for hook in hooks]
    # What training has logged since the last look is not of this validation.
    looks = ("callback_metrics", "logged_metrics", "progress_bar_metrics")
    kept: list[dict[str, Any]] = [getattr(trainer, look) for look in looks]
    last_time = getattr(trainer, "_last_val_time", None)
    for name in names:
        setattr(connector, name, {})
    try:
        validate_now(trainer, dataloaders)
    finally:
        for name, before in zip(names, kept, strict=True):
            setattr(connector, name, {**before, **named(getattr(connector, name))})
        if last_time is not None:
            vars(trainer)["_last_val_time"] = last_time
        for end in reversed(undo):
            end()


def _monitors(callback: pl.Callback) -> bool:
    acts = isinstance(callback, pl.callbacks.EarlyStopping | pl.callbacks.Checkpoint)
    return acts or any(getattr(callback, name, None) for name in ("monitor", "monitors"))


def _do_nothing(*_: Any, **__: Any) -> None:
    """Stand in for a hook."""


def _loop_over(trainer: pl.Trainer, dataloaders: Any) -> Any:
    kind: Any = type(trainer.fit_loop.epoch_loop.val_loop)
    loop = kind(
        trainer, TrainerFn.FITTING, RunningStage.VALIDATING, verbose=False, inference_mode=False
    )
    loop._data_source.instance = dataloaders
    return loop


def detour(
    owner: object, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[[], None]:
    """Lead calls of ``owner.name`` through ``around(method)``; return what ends that.

    Several on one method end in any order: one that another lies around lets calls pass, and goes
    with that one.
    """
    method = getattr(owner, name, None)
    if not callable(method):
        log.warning("%s has no %s to listen to: stock behaviour", type(owner).__qualname__, name)
        return lambda: None
    before = vars(owner).get(name)
    detoured = around(method)
    holds = [True]

    # With `wraps`, Lightning still finds which hooks are overridden.
    @functools.wraps(method)
    def lead(*args: Any, **kwargs: Any) -> Any:
        return (detoured if holds[0] else method)(*args, **kwargs)

    _detours[lead] = (holds, before)
    setattr(owner, name, lead)

    def undo() -> None:
        holds[0] = False
        while (top := vars(owner).get(name)) in _detours and not _detours[top][0][0]:
            if (below := _detours[top][1]) is None:
                delattr(owner, name)
            else:
                setattr(owner, name, below)

    return undo


_detours: WeakKeyDictionary[Any, tuple[list[bool], Any]] = WeakKeyDictionary()


def after_interruption(trainer: pl.Trainer, then: Callable[[], None]) -> Callable[[], None]:
    """Call ``then`` once ``trainer`` has cleaned up after an exception; return what ends that.

    Lightning calls no ``teardown`` hook there.
    """
    status = getattr(trainer.state, "status", None)

    def around(teardown: Callable[..., Any]) -> Callable[..., Any]:
        def teardown_and_then(*args: Any, **kwargs: Any) -> None:
            try:
                teardown(*args, **kwargs)
            finally:
                if getattr(trainer.state.status, "value", status) == "interrupted":
                    then()

        return teardown_and_then

    return detour(trainer, "_teardown", around)


def forget_unscaled(trainer: pl.Trainer) -> None:
    """Let a gradient scaler start over after a step that broke off between unscale and update."""
    scaler = getattr(trainer.precision_plugin, "scaler", None)
    states = getattr(scaler, "_per_optimizer_states", None)
    if scaler is not None and not hasattr(states, "clear"):
        log.warning("the scaler of this torch keeps no state that can be cleared")
    elif states is not None:
        states.clear()


def remember_hook(pl_module: pl.LightningModule) -> Callable[[], None]:
    """Return what makes the hook that runs now the module's current one again.

    Lightning leaves the name of a hook that raised, and ``log`` goes by it.
    """
    hook = getattr(pl_module, "_current_fx_name", None)

    def back() -> None:
        pl_module._current_fx_name = hook

    return back


def _protected(module: str, name: str) -> Any:
    """Return what ``module`` has under ``name``, None where it has no such thing."""
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


_SEARCH = "pytorch_lightning.tuner.lr_finder"

if TYPE_CHECKING:
    from pytorch_lightning.tuner.lr_finder import _LRCallback, _LRFinder

    RateCurve = _LRCallback
    RateSearch = _LRFinder
else:
    # What stands in for them is never used: who would is refused by `refuse_missing_search`.
    RateSearch = _protected(_SEARCH, "_LRFinder") or object
    RateCurve = _protected(_SEARCH, "_LRCallback") or pl.Callback


def refuse_missing_search(options: str) -> None:
    """Raise ValueError where this Lightning lacks the rate search that ``options`` change."""
    missing = [
        name
        for name in ("_lr_find", "_LRFinder", "_LRCallback")
        if not callable(_protected(_SEARCH, name))
    ]
    if missing:
        log.warning("no search of rates for groups: %s has no %s", _SEARCH, ", ".join(missing))
        raise ValueError(
            f"{options} must be left out: this Lightning has no {', '.join(missing)} to search with"
        )


def search_rates(search: Any, curve: Any, trainer: pl.Trainer, **options: Any) -> Any:
    """Run Lightning's rate search with other classes than its own, which it takes none for."""
    with _replaced(_SEARCH, _LRFinder=search, _LRCallback=curve):
        return _protected(_SEARCH, "_lr_find")(trainer, trainer.lightning_module, **options)


@contextmanager
def _replaced(module: str, **parts: Any) -> Iterator[None]:
    owner = importlib.import_module(module)
    before = {name: getattr(owner, name) for name in parts}
    vars(owner).update(parts)
    try:
        yield
    finally:
        vars(owner).update(before)


def leave_fit() -> None:
    """End a fit in which a rate was to be found and nothing trained."""
    leave = _protected("pytorch_lightning.utilities.exceptions", "_TunerExitException")
    if leave is None:
        log.warning("training goes on after the search: this Lightning has no way to leave it")
        return
    raise leave
