"""Tell a score that was logged anew from what the last validation or epoch left."""

from collections.abc import Mapping, Sequence
from typing import final

import pytorch_lightning as pl
from torch import Tensor

from lightning_kit.compat import keys_of_epochs, keys_of_validation, put_back_scores


@final
class FreshScores:
    """Remember whether a validation or an epoch came since its scores were last looked at.

    An epoch can end without a validation, and Lightning keeps the last one's scores. A key that
    training logs too is always fresh, at a step if it is logged at each. One that is not logged
    yet waits for the first validation, which may log it, and at a step for the first epoch too.

    A checkpoint may be saved after a validation and before its scores were looked at. Lightning
    does not keep them, so what is :meth:`left` goes into the checkpoint, and a resumed fit has it.

    Example:
        >>> fresh = FreshScores()
        >>> fresh.validated()  # in on_validation_epoch_end, but not of a sanity check
        >>> fresh.epoch_ended()  # in on_train_epoch_end
        >>> fresh.taken()  # once the scores were looked at
    """

    def __init__(self) -> None:
        self._is_fresh = self._is_epoch_fresh = False
        self._had_validation = self._had_epoch = False
        self._restored: dict[str, Tensor] = {}

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

    def taken(self) -> None:
        """Note that the scores were looked at."""
        self._is_fresh = self._is_epoch_fresh = False
        self._restored = {}

    def left(self, trainer: pl.Trainer) -> dict[str, Tensor]:
        """Return the validation's scores that were not looked at yet."""
        if self._restored or not self._is_fresh:
            return dict(self._restored)
        known, logged = keys_of_validation(trainer), trainer.callback_metrics
        return {key: logged[key].detach().cpu() for key in sorted(known) if key in logged}

    def restore(self, left: Mapping[str, Tensor]) -> None:
        """Take what a checkpoint kept of :meth:`left`."""
        self._is_fresh, self._restored = bool(left), dict(left)

    def put_back(self, trainer: pl.Trainer) -> None:
        """Let ``trainer`` have the scores that a checkpoint kept; call it in ``on_train_start``."""
        if self._restored and not put_back_scores(trainer, self._restored):
            self.taken()

    def are_all_known(self, trainer: pl.Trainer) -> bool:
        """Say whether all that is logged now and then has had its first time in this fit."""
        return self._had_epoch and (self._had_validation or not trainer.enable_validation)

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
        old = set() if self._is_fresh else keys_of_validation(trainer)
        if by_step:
            old |= set() if self._is_epoch_fresh else keys_of_epochs(trainer)
            may_come = not self.are_all_known(trainer)
        else:
            may_come = trainer.enable_validation and not self._is_fresh
        logged = trainer.callback_metrics
        if self.is_left_over and any(key not in logged for key in keys):
            # What training had logged by then is not known.
            return True
        return any(key in old or (wait and may_come and key not in logged) for key in keys)
