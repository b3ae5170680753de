"""Lightning's ModelCheckpoint with what Ignite's can do."""

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, final
from weakref import proxy

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import Tensor

from lightning_kit.callbacks.checkpoint_memory import (
    as_best_k,
    forget_surplus,
    undone_unless_written,
)
from lightning_kit.callbacks.checkpoint_name import ignite_name
from lightning_kit.callbacks.checkpoint_options import FilenameStyle, Preset, resolve
from lightning_kit.callbacks.fresh_scores import FreshScores
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.last_outputs import ScoreFunction, note_outputs
from lightning_kit.callbacks.module_weights import refuse_unknown, weights_of
from lightning_kit.callbacks.owed_hooks import OwedHooks
from lightning_kit.callbacks.unlogged_key import UnloggedKey
from lightning_kit.callbacks.whole_file import save_whole, writes_one_file
from lightning_kit.callbacks.writable import path_of, refuse_unwritable
from lightning_kit.compat import (
    keep_scores,
    kept_scores,
    mend_resume,
    put_back_scores,
    refuse_twin,
    weights_to_save,
)
from lightning_kit.meters import EventFilter
from lightning_kit.meters.functions import name_of


@final
class ModelCheckpoint(pl.callbacks.ModelCheckpoint):
    """Save checkpoints, and remove those that others have replaced, in this order.

    The first fifteen arguments are those of Lightning's ModelCheckpoint; with them alone it keeps
    the same files. Mended: a file appears under its name only when it is whole, and after a save
    that failed the attributes tell of files that are there; a checkpoint that a fit went on from
    is never removed, by whatever path it was named (a newer file may still take its name, as
    ``last.ckpt`` does); a resumed run takes ``save_top_k`` from its own settings, and then keeps no
    more; ``last.ckpt`` is written at each save that is due, not only where the score was among the
    best, so that a fit goes on from the last epoch (a ``link`` leads to the newest file kept, as
    in the parent); a folder that cannot be written to is found before training; ``fast_dev_run``
    writes nothing; an epoch without a validation is not scored by the last one of another; a save
    that another callback's checkpoint came ahead of is made as the fit resumes from that, and what
    was logged by then is the checkpoint's. (Not so one that was due by time, nor one whose
    ``score_function`` needs the last batch's outputs.)

    Args:
        dirpath: Folder of the files; None: ``checkpoints`` below the logger's or the Trainer's.
        filename: Template of their names, such as ``{epoch}-{val_loss:.2f}``.
        monitor: Logged key to keep the best by.
        verbose: Whether to say what was saved and why.
        save_last: Whether to keep ``last.ckpt`` too, as a file or a ``link``.
        save_top_k: How many of the best to keep, -1 all, 0 none; None is 1.
        save_on_exception: Whether to save when an exception ends the fit.
        save_weights_only: Whether to leave out what only a resume needs.
        mode: Whether lower (``min``, the default) or higher (``max``) is better.
        auto_insert_metric_name: Whether ``{val_loss}`` in ``filename`` becomes ``val_loss=...``.
        every_n_train_steps: Save every n optimizer steps.
        train_time_interval: Save when so much time has passed.
        every_n_epochs: Save every n epochs; the default, with 1.
        save_on_train_epoch_end: Whether at the end of the training epoch or of validation.
        enable_version_counter: Whether a name that is taken gets ``-v1``, or is written over.
        keep_last: Keep the newest so many, at least 1, whatever their score.
        latest_on_tie: Whether a score equal to the worst one kept replaces it. Of equally good ones
            ``best_model_path`` is then the newest.
        score_function: Gives the score in place of a logged key, from the Trainer and its module,
            when a save is due; ``last_outputs(trainer)`` is what the last batch returned. Its mean
            over the ranks counts.
        score_name: What the score is called; with a ``monitor`` only in Ignite's names.
        filter: Which of the saves that are due to make: by the iteration where they are due by
            steps or time, by the epoch else. For every 100th iteration, which may lie between two
            optimizer steps: ``every_n_train_steps: 1, filter: {every: 100}``.
        filename_style: ``ignite``: ``{filename_prefix}_{name}_{count}_{score_name}={score:.4f}``;
            ``name`` is the only one of ``modules``, else ``checkpoint``; the count is the epoch
            where epochs are scored, else the iteration, from 1.
        filename_prefix: Starts Ignite's names.
        modules: Save only the weights of these submodules, as a dict of name to state dict that
            ``torch.load(weights_only=True)`` reads. No fit can go on from it: it ends in ``.pt``.
        on_saved: Called on every rank with the Trainer and the path when a file is safely written
            and older ones are not yet removed; not for a ``last`` link.
        preset: ``ignite``: Ignite's names, mode ``max``, and without a score ``keep_last=1``.

    Attributes:
        last_k_models: Paths of the newest, oldest first, with ``keep_last``.

    Raises:
        ValueError: If an argument is out of range, contradicts another or would have no effect, or
            ``dirpath`` cannot be written to (the default one: when a fit begins); when a fit
            begins, if a module is not there.
        UnloggedKey: Where a save is due, if ``monitor`` is not logged, with what is; by steps and
            at a validation's end once an epoch ended, and a validation where one may come. A
            ValueError too.

    Example:
        >>> newest_two = ModelCheckpoint("checkpoints", keep_last=2)
        >>> best_two = ModelCheckpoint(monitor="val/f1", mode="max", save_top_k=2)
    """

    def __init__(
        self,
        dirpath: str | Path | None = None,
        filename: str | None = None,
        monitor: str | None = None,
        verbose: bool = False,
        save_last: bool | Literal["link"] | None = None,
        save_top_k: int | None = None,
        save_on_exception: bool = False,
        save_weights_only: bool = False,
        mode: Literal["min", "max"] | None = None,
        auto_insert_metric_name: bool = True,
        every_n_train_steps: int | None = None,
        train_time_interval: timedelta | None = None,
        every_n_epochs: int | None = None,
        save_on_train_epoch_end: bool | None = None,
        enable_version_counter: bool = True,
        *,
        keep_last: int | None = None,
        latest_on_tie: bool = False,
        score_function: ScoreFunction | None = None,
        score_name: str | None = None,
        filter: EventFilter | None = None,
        filename_style: FilenameStyle | None = None,
        filename_prefix: str = "",
        modules: list[str] | None = None,
        on_saved: Callable[[pl.Trainer, str], None] | None = None,
        preset: Preset | None = None,
    ) -> None:
        given = {key: value for key, value in locals().items() if key not in ("self", "__class__")}
        options = resolve(given)
        self.keep_last: int | None = options["keep_last"]
        self.filename_style: FilenameStyle = options["filename_style"]
        self.latest_on_tie = latest_on_tie
        self.score_function, self.score_name = score_function, score_name
        self.filter = EventFilter.given(filter)
        self.filename_prefix = filename_prefix
        self.modules = None if modules is None else list(modules)
        self.on_saved = on_saved
        if score_function is not None:
            monitor = score_name or "score"
            # Nothing logs it; a check of what is logged looks for this word.
            self.strict = False
        if modules is not None:
            self.FILE_EXTENSION = ".pt"
        self.last_k_models: list[str] = []
        self._resumed_paths: list[str] = []
        self._surplus: list[str] = []
        self._last_due: dict[str, Tensor] | None = None
        self._num_saves = 0
        self._fresh, self._owed = FreshScores(), OwedHooks()
        self._kept: Mapping[str, Any] | None = None
        self._is_waiting = False
        self._iteration_saved = 0
        self._saves = self._catches_up = False
        self._count = 0
        # Not `dirpath`, which is absolute: a folder that was moved as a whole is the same.
        self._given_dirpath = None if dirpath is None else str(dirpath)
        self._is_broken = False
        super().__init__(
            dirpath, filename, monitor, verbose, save_last, options["save_top_k"],
            save_on_exception, save_weights_only, options["mode"], auto_insert_metric_name,
            every_n_train_steps, train_time_interval, every_n_epochs, save_on_train_epoch_end,
            enable_version_counter,
        )  # fmt: skip
        if self.keep_last is not None:
            self.save_top_k = self.keep_last
        if self.dirpath:
            path_of("dirpath", self.dirpath)

    @property
    def state_key(self) -> str:
        added: dict[str, Any] = {}
        if self.keep_last is not None:
            added["keep_last"] = True
        if self.modules is not None:
            added["modules"] = self.modules
        if self.filter is not None:
            added["filter"] = {
                field.name: value
                for field in fields(self.filter)
                if field.name != "when" and (value := getattr(self.filter, field.name)) is not None
            }
            if self.filter.when is not None:
                added["filter"]["when"] = name_of(self.filter.when)
        # Without an option of the kit the key is Lightning's, which knows of no folder.
        if added and self._given_dirpath is not None:
            added["dirpath"] = self._given_dirpath
        return super().state_key + (repr(added) if added else "")

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        super().setup(trainer, pl_module, stage)
        if stage == "fit":
            self._fresh, self._owed, self._is_waiting = FreshScores(), OwedHooks(), False
            self._iteration_saved = 0
        if stage == "fit" and not getattr(trainer, "fast_dev_run", False):
            refuse_unwritable(trainer, str(self.dirpath))
        if self.modules is not None and not writes_one_file(trainer):
            raise ValueError(
                f"modules cannot be saved under {type(trainer.strategy).__name__}, where more than "
                "one rank writes or another writer was chosen: leave modules out"
            )

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Not earlier: the module may build its layers in its `on_fit_start`, which comes later.
        refuse_unknown(pl_module, self.modules or ())
        mend_resume(trainer)
        self._is_broken = False
        self._last_due = None
        if trainer.ckpt_path is not None:
            # Now, while a link (`last.ckpt`, `latest`) still leads to what was loaded.
            path = os.path.realpath(trainer.ckpt_path)
            self._resumed_paths = [*dict.fromkeys([*self._resumed_paths, path])]
        self._fresh.started(trainer)
        if self._kept is not None:
            put_back_scores(trainer, self._kept)
            self._kept = None
        super().on_train_start(trainer, pl_module)
        batch = trainer.fit_loop.batch_idx
        self._owed.settle(
            trainer,
            {
                "step": lambda: self._save_by_step(trainer, pl_module, None, None, batch),
                "validation": lambda: self.on_validation_end(trainer, pl_module),
                "epoch": lambda: self.on_train_epoch_end(trainer, pl_module),
            },
        )

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if self.score_function is not None:
            note_outputs(trainer, pl_module, outputs)
        self._save_by_step(trainer, pl_module, outputs, batch, batch_idx)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._owed.had(trainer, "epoch")
        self._fresh.epoch_ended(trainer, is_owed=self._owed.is_settling)
        waits = self._is_waiting or self._defer_save_until_validation
        if waits and self._fresh.are_all_known(trainer, self._keys):
            # Lightning 2.6.6 would put off the save for ever.
            self._refuse_unlogged(super()._monitor_candidates(trainer))
        is_due = self._by_step or (
            self._picks(trainer.current_epoch + 1)
            and not self._fresh.are_stale(trainer, self._keys, wait=False)
        )
        if self._by_step or self._should_save_on_train_epoch_end(trainer):
            # Before the save, whose checkpoint says so.
            self._fresh.taken(trainer)
        if is_due:
            super().on_train_epoch_end(trainer, pl_module)
            self._save_overdue_last(trainer)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Another callback may save a checkpoint before this one's `on_validation_end`.
        if not trainer.sanity_checking:
            self._fresh.validated()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking or self._should_save_on_train_epoch_end(trainer):
            return
        self._owed.had(trainer, "validation")
        if self._by_step:
            is_due = not self._fresh.awaits(trainer, self._keys)
            is_due = is_due and not self._fresh.may_come(trainer, self._keys)
        else:
            picked = self._picks(trainer.current_epoch + 1)
            is_due = picked and not self._fresh.are_stale(trainer, self._keys)
            of_epoch = picked and (trainer.current_epoch + 1) % max(self._every_n_epochs, 1) == 0
            self._is_waiting = of_epoch and self._fresh.may_come(trainer, self._keys)
        # Before the save, whose checkpoint says so.
        self._fresh.taken(trainer)
        if is_due:
            self._catches_up = True
            try:
                super().on_validation_end(trainer, pl_module)
            finally:
                self._catches_up = False
            self._save_overdue_last(trainer)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        # A score is a collective, and the other ranks need not come to it.
        self._is_broken = True
        super().on_exception(trainer, pl_module, exception)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Lightning 2.6.6 writes `last.ckpt` even in a fast_dev_run.
        if not getattr(trainer, "fast_dev_run", False):
            super().on_train_end(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        state = super().state_dict()
        if self.keep_last is not None:
            state["last_k_models"] = list(self.last_k_models)
        if self._resumed_paths:
            state["resumed_paths"] = list(self._resumed_paths)
        return state

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        keep_scores(trainer, checkpoint)
        is_due = "validation" in self._owed.owed(trainer)
        saved_at = [self._last_global_step_saved, self._iteration_saved]
        # Lightning takes these down after the save that this file is.
        checkpoint["callbacks"][self.state_key] |= {
            "scores": self._fresh.state(trainer, in_validation=is_due),
            "hooks": self._owed.state(trainer),
            "saved_at": [trainer.global_step, iteration(trainer)] if self._saves else saved_at,
            "waits": [self._is_waiting, self._defer_save_until_validation and not self._catches_up],
        }

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._kept = kept_scores(checkpoint)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if "scores" in state_dict:
            self._fresh.restore(state_dict["scores"])
            self._owed.restore(state_dict["hooks"])
            self._last_global_step_saved, self._iteration_saved = state_dict["saved_at"]
            self._is_waiting, self._defer_save_until_validation = state_dict["waits"]
        super().load_state_dict(state_dict)
        self._resumed_paths = list(state_dict.get("resumed_paths", []))
        if self.dirpath == state_dict.get("dirpath", self.dirpath):
            self.last_k_models = list(state_dict.get("last_k_models", []))
            self._surplus = forget_surplus(self)

    def format_checkpoint_name(
        self,
        metrics: dict[str, Tensor],
        filename: str | None = None,
        ver: int | None = None,
        prefix: str | None = None,
    ) -> str:
        if self.filename_style == "ignite" and filename is None:
            score = None if self.monitor is None else metrics.get(self.monitor)
            named = self.score_name if self.score_function else self.score_name or self.monitor
            filename = ignite_name(
                self.filename_prefix,
                self.modules,
                self._count,
                named,
                None if score is None else float(score),
            )
            # Braces of a submodule's or a score's name are no template.
            filename = filename.replace("{", "{{").replace("}", "}}")
        return super().format_checkpoint_name(metrics, filename, ver, prefix)

    def check_monitor_top_k(self, trainer: pl.Trainer, current: Tensor | None = None) -> bool:
        if current is None or not self.latest_on_tie:
            return super().check_monitor_top_k(trainer, current)
        best = as_best_k(self, latest_on_tie=True)
        keep = best.offer("", float(current)) is not None
        return trainer.strategy.reduce_boolean_decision(keep)

    @property
    def _by_step(self) -> bool:
        return self._every_n_train_steps >= 1 or self._train_time_interval is not None

    @property
    def _keys(self) -> list[str]:
        """What the score is logged by."""
        return [] if self.monitor is None or self.score_function is not None else [self.monitor]

    def _save_by_step(self, trainer: pl.Trainer, *args: Any) -> None:
        # The parent takes 10 us at each batch to find that it has nothing to do.
        if self._by_step and self._picks(iteration(trainer)):
            self._owed.had(trainer, "step")
            super().on_train_batch_end(trainer, *args)

    def _picks(self, count: int) -> bool:
        return self.filter is None or self.filter.matches(count)

    def _should_skip_saving_checkpoint(self, trainer: pl.Trainer) -> bool:
        count = iteration(trainer)
        if (
            self.filter is None
            or self._every_n_train_steps != 1
            or self._iteration_saved == count
            or not self.filter.matches(count)
        ):
            return super()._should_skip_saving_checkpoint(trainer)
        # Every step is due, so the filter alone picks, also between two steps of the optimizer.
        saved, self._last_global_step_saved = self._last_global_step_saved, -1
        try:
            return super()._should_skip_saving_checkpoint(trainer)
        finally:
            self._last_global_step_saved = saved

    def _monitor_candidates(self, trainer: pl.Trainer) -> dict[str, Tensor]:
        candidates = super()._monitor_candidates(trainer)
        by_epoch = self.monitor is not None and not self._by_step
        self._count = trainer.current_epoch if by_epoch else trainer.fit_loop.total_batch_idx
        self._count += 1
        if self.score_function is not None:
            assert self.monitor is not None
            candidates[self.monitor] = self._score(trainer, self.score_function)
        return candidates

    def _refuse_unlogged(self, logged: dict[str, Tensor]) -> None:
        if any(key not in logged for key in self._keys):
            raise UnloggedKey(
                f"monitor must be a key that is logged, got {self.monitor!r}; logged: "
                f"{', '.join(sorted(logged))}"
            )

    def _score(self, trainer: pl.Trainer, score_function: ScoreFunction) -> Tensor:
        if self._is_broken:
            return torch.tensor(float("nan"))
        score = torch.tensor(
            float(score_function(trainer, trainer.lightning_module)),
            device=trainer.strategy.root_device,
        )
        mean = trainer.strategy.reduce(score, reduce_op="mean")
        return mean if isinstance(mean, Tensor) else torch.tensor(mean)

    def _save_topk_checkpoint(
        self, trainer: pl.Trainer, monitor_candidates: dict[str, Tensor]
    ) -> None:
        if not trainer.enable_validation and not self._is_broken and self.save_top_k != 0:
            # Lightning warns, for a validation might log it, and saves nothing.
            self._refuse_unlogged(monitor_candidates)
        self._last_due = monitor_candidates if self.save_last is True else None
        with undone_unless_written(self, lambda: self._num_saves):
            try:
                super()._save_topk_checkpoint(trainer, monitor_candidates)
            except MisconfigurationException as error:
                raise UnloggedKey(str(error)) from error

    def _save_last_checkpoint(
        self, trainer: pl.Trainer, monitor_candidates: dict[str, Tensor]
    ) -> None:
        self._last_due = None
        with undone_unless_written(self, lambda: self._num_saves):
            super()._save_last_checkpoint(trainer, monitor_candidates)

    def _save_overdue_last(self, trainer: pl.Trainer) -> None:
        """Write ``last.ckpt`` where Lightning 2.6.6 does not: the score was not among the best."""
        if self._last_due is not None:
            self._save_last_checkpoint(trainer, self._last_due)

    def _save_none_monitor_checkpoint(
        self, trainer: pl.Trainer, monitor_candidates: dict[str, Tensor]
    ) -> None:
        if self.keep_last is None:
            super()._save_none_monitor_checkpoint(trainer, monitor_candidates)
            return
        path = self._get_metric_interpolated_filepath_name(monitor_candidates, trainer)
        kept = [each for each in self.last_k_models if each != path] + [path]
        gone, self.last_k_models = kept[: -self.keep_last], kept[-self.keep_last :]
        self.best_model_path = path
        self._save_checkpoint(trainer, path)
        for old in gone:
            if self._should_remove_checkpoint(trainer, old, path):
                self._remove_checkpoint(trainer, old)

    def _save_checkpoint(self, trainer: pl.Trainer, filepath: str) -> None:
        if self.latest_on_tie and self.best_k_models:
            self.best_model_path = next(iter(as_best_k(self, latest_on_tie=True).kept))
        self._saves = True
        try:
            save_whole(trainer, filepath, lambda path: self._write(trainer, path))
        finally:
            self._saves = False
        self._last_global_step_saved = trainer.global_step
        self._iteration_saved = iteration(trainer)
        self._last_checkpoint_saved = filepath
        self._num_saves += 1
        if trainer.is_global_zero:
            for logger in trainer.loggers:
                logger.after_save_checkpoint(proxy(self))
        if self.on_saved is not None:
            self.on_saved(trainer, filepath)
        surplus, self._surplus = self._surplus, []
        for path in surplus:
            if self._should_remove_checkpoint(trainer, path, filepath):
                self._remove_checkpoint(trainer, path)

    def _write(self, trainer: pl.Trainer, path: str) -> None:
        if self.modules is None:
            trainer.save_checkpoint(path, self.save_weights_only)
            return
        parts = weights_of(weights_to_save(trainer), self.modules)
        if trainer.is_global_zero:
            trainer.strategy.checkpoint_io.save_checkpoint(parts, path)
        trainer.strategy.barrier("save modules")

    def _should_remove_checkpoint(self, trainer: pl.Trainer, previous: str, current: str) -> bool:
        if os.path.realpath(previous) in self._resumed_paths:
            return False
        return super()._should_remove_checkpoint(trainer, previous, current)
