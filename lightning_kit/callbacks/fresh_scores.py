"""Tell a score that was logged anew from what the last validation or epoch left."""

from collections.abc import Mapping, Sequence
from typing import final

import pytorch_lightning as pl
from torch import Tensor

from lightning_kit.callbacks.actions.validate import awaited_prefixes
from lightning_kit.compat import (
    keys_of_epochs,
    keys_of_validation,
    put_back_scores,
    times_apart,
)


@final
class FreshScores:
    """Remember whether a validation or an epoch came since its scores were last looked at.

    An epoch can end without a validation, and Lightning keeps the last one's scores. A key that
    training logs too is always fresh, at a step if it is logged at each. One that is not logged
    yet waits for the first validation, which may log it, and at a step for the first epoch too;
    one of a validation on other loaders waits for the first on these.

    A checkpoint may be saved after a validation and before its scores were looked at. Lightning
    does not keep them, so what is :meth:`left` goes into the checkpoint, and a resumed fit has it.

    Example:
        >>> fresh = FreshScores()
        >>> fresh.validated()  # in on_validation_epoch_end, but not of a sanity check
        >>> fresh.epoch_ended()  # in on_train_epoch_end
        >>> fresh.taken(pl.Trainer())  # once the scores were looked at
    """

    def __init__(self) -> None:
        self._is_fresh = self._is_epoch_fresh = False
        self._had_validation = self._had_epoch = False
        self._restored: dict[str, Tensor] = {}
        self._taken_apart: dict[str, int] = {}

    @property
    def is_left_over(self) -> bool:
        """Whether the scores are those that a checkpoint kept."""
        return bool(self._restored)

    def validated(self) -> None:
        """Note that a validation ended."""
        self._is_fresh = self._had_validation = True
        self._restored = {}

    def epoch_ended(self) -> None:
        """Note that an epoch of training ended."""
        self._is_epoch_fresh = self._had_epoch = True

    def taken(self, trainer: pl.Trainer) -> None:
        """Note that the scores were looked at."""
        self._is_fresh = self._is_epoch_fresh = False
        self._restored = {}
        self._taken_apart = times_apart(trainer)

    def left(self, trainer: pl.Trainer) -> dict[str, Tensor]:
        """Return the validations' scores that were not looked at yet."""
        logged, keys = trainer.callback_metrics, sorted(self._fresh_keys(trainer))
        found = {key: logged[key].detach().cpu() for key in keys if key in logged}
        return {**found, **self._restored}

    def restore(self, left: Mapping[str, Tensor]) -> None:
        """Take what a checkpoint kept of :meth:`left`."""
        self._is_fresh, self._restored = bool(left), dict(left)

    def put_back(self, trainer: pl.Trainer) -> None:
        """Let ``trainer`` have the scores that a checkpoint kept; call it in ``on_train_start``."""
        if self._restored and not put_back_scores(trainer, self._restored):
            self.taken(trainer)

    def awaits(self, trainer: pl.Trainer, keys: Sequence[str]) -> bool:
        """Say whether any of ``keys`` is of other loaders, which no validation was on yet."""
        prefixes = tuple(awaited_prefixes(trainer))
        return any(key.startswith(prefixes) for key in keys)

    def are_all_known(self, trainer: pl.Trainer, keys: Sequence[str] = ()) -> bool:
        """Say whether all that is logged now and then, ``keys`` too, had its first time."""
        had_validation = self._had_validation or not trainer.enable_validation
        return self._had_epoch and had_validation and not self.awaits(trainer, keys)

    def are_of_validation(self, trainer: pl.Trainer, keys: Sequence[str]) -> bool:
        """Say whether any of ``keys`` is a score of a validation."""
        known = keys_of_validation(trainer) | times_apart(trainer).keys()
        return not known.isdisjoint(keys)

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
            wait: Whether a key that is not logged at all is stale too, where it may come.
            by_step: Whether this is within an epoch of training.
        """
        old = keys_of_validation(trainer) | times_apart(trainer).keys()
        old -= self._fresh_keys(trainer)
        if by_step:
            old |= set() if self._is_epoch_fresh else keys_of_epochs(trainer)
            may_come = not self.are_all_known(trainer)
        else:
            may_come = trainer.enable_validation and not self._is_fresh
        logged = trainer.callback_metrics
        if self.awaits(trainer, keys):
            return True
        if self.is_left_over and any(key not in logged for key in keys):
            # What training had logged by then is not known.
            return True
        return any(key in old or (wait and may_come and key not in logged) for key in keys)

    def _fresh_keys(self, trainer: pl.Trainer) -> set[str]:
        """Return the keys that a validation logged since the scores were looked at."""
        times = times_apart(trainer).items()
        apart = {key for key, n in times if n != self._taken_apart.get(key, 0)}
        if self._restored or not self._is_fresh:
            return apart | self._restored.keys()
        return apart | keys_of_validation(trainer)
