"""Tell a score that was logged anew from what was looked at before."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.callbacks.actions.validate import awaited_prefixes
from lightning_kit.compat import LoggedKeys, logged_keys, times_apart


@final
class FreshScores:
    """Remember which scores were logged since they were last looked at.

    Lightning keeps a score until it is logged again, and tells not when that was. The rule: a score
    is looked at once each time that it is logged. Validation's come at a validation's end, on
    whatever loaders; training's at each step or at an epoch's end. What training logs is fresh
    wherever it is looked at, but within an epoch, where an epoch's own is looked at once. A key
    that is not logged yet is waited for until everything that is logged now and then had its first
    time.

    With :func:`lightning_kit.compat.keep_scores` and :meth:`state` in a checkpoint, the rule says
    after a resume what it would have said without.

    Example:
        >>> fresh = FreshScores()
        >>> fresh.validated()  # in on_validation_epoch_end, but not of a sanity check
        >>> fresh.epoch_ended(pl.Trainer())  # in on_train_epoch_end
        >>> fresh.taken(pl.Trainer())  # once the scores were looked at
    """

    def __init__(self) -> None:
        self._has_validated = self._has_ended_epoch = False
        self._had_validation = self._had_epoch = False
        self._batch_at_start = -1
        self._lost: set[str] = set()
        self._taken_apart: dict[str, int] = {}
        self._new_before: set[str] = set()

    def validated(self) -> None:
        """Note that a validation ended."""
        self._has_validated = self._had_validation = True

    def started(self, trainer: pl.Trainer) -> None:
        """Note that training starts; call it in ``on_train_start``."""
        self._batch_at_start = trainer.fit_loop.total_batch_idx

    def epoch_ended(self, trainer: pl.Trainer, *, is_owed: bool = False) -> None:
        """Note that an epoch of training ended.

        Args:
            trainer: A trainer, in a fit.
            is_owed: Whether that was before a resume.
        """
        self._has_ended_epoch = True
        has_trained = trainer.fit_loop.total_batch_idx > self._batch_at_start
        self._had_epoch = self._had_epoch or has_trained
        logged = logged_keys(trainer)
        # Lightning keeps no means in a checkpoint: one from behind the last batch has none.
        self._lost = set() if has_trained or is_owed else logged.epochs - logged.own_epochs

    def taken(self, trainer: pl.Trainer) -> None:
        """Note that the scores were looked at."""
        self._has_validated = self._has_ended_epoch = False
        self._taken_apart = times_apart(trainer)
        self._new_before = set()

    def state(self, trainer: pl.Trainer, *, in_validation: bool) -> dict[str, Any]:
        """Return what a checkpoint keeps.

        Args:
            trainer: A trainer, in a fit.
            in_validation: Whether a validation is over that :meth:`validated` may come for yet.
        """
        new = self._new(trainer, logged_keys(trainer), self._has_validated or in_validation)
        return {
            "new": sorted(new),
            "lost": sorted(self._lost),
            "has_ended_epoch": self._has_ended_epoch,
            "had_validation": self._had_validation or in_validation,
            "had_epoch": self._had_epoch,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what a checkpoint kept of :meth:`state`."""
        self._new_before, self._lost = set(state["new"]), set(state["lost"])
        self._has_ended_epoch = state["has_ended_epoch"]
        self._had_validation, self._had_epoch = state["had_validation"], state["had_epoch"]

    def awaits(self, trainer: pl.Trainer, keys: Sequence[str]) -> bool:
        """Say whether any of ``keys`` is of other loaders, which no validation was on yet."""
        prefixes = tuple(awaited_prefixes(trainer))
        return any(key.startswith(prefixes) for key in keys)

    def are_all_known(self, trainer: pl.Trainer, keys: Sequence[str] = ()) -> bool:
        """Say whether all that is logged now and then, ``keys`` too, had its first time."""
        had_validation = self._had_validation or not trainer.enable_validation
        return self._had_epoch and had_validation and not self.awaits(trainer, keys)

    def may_come(self, trainer: pl.Trainer, keys: Sequence[str]) -> bool:
        """Say whether any of ``keys`` is not logged, but may be yet."""
        if all(key in trainer.callback_metrics for key in keys):
            return False
        return not self.are_all_known(trainer, keys)

    def are_of_validation(self, trainer: pl.Trainer, keys: Sequence[str]) -> bool:
        """Say whether any of ``keys`` is a score of a validation, and none of training's."""
        logged = logged_keys(trainer)
        return not (logged.validation - logged.steps - logged.epochs).isdisjoint(keys)

    def are_stale(
        self,
        trainer: pl.Trainer,
        keys: Sequence[str],
        *,
        wait: bool = True,
        by_step: bool = False,
    ) -> bool:
        """Say whether any of ``keys`` holds what was looked at before.

        Args:
            trainer: A trainer, in a fit.
            keys: Of what is logged.
            wait: Whether a key that is not logged yet, but may come, is stale too.
            by_step: Whether this is within an epoch of training.
        """
        if self.awaits(trainer, keys) or (wait and self.may_come(trainer, keys)):
            return True
        logged = logged_keys(trainer)
        if by_step and not self._has_ended_epoch:
            old = logged.validation | logged.epochs
        else:
            old = logged.validation - logged.epochs
        old -= logged.steps | self._new(trainer, logged, self._has_validated)
        return not (old | self._lost).isdisjoint(keys)

    def _new(self, trainer: pl.Trainer, logged: LoggedKeys, has_validated: bool) -> set[str]:
        """Return the keys that validations logged since the scores were looked at."""
        times = times_apart(trainer).items()
        new = {key for key, n in times if n != self._taken_apart.get(key, 0)} | self._new_before
        return new | logged.own_validation if has_validated else new
