"""Tell a score that was logged anew from what the last validation left."""

from collections.abc import Sequence
from typing import final

import pytorch_lightning as pl

from lightning_kit.compat import keys_of_validation


@final
class FreshScores:
    """Remember whether a validation came since its scores were last looked at.

    An epoch can end without a validation, and Lightning keeps the last one's scores. A key that
    training logs too is always fresh. One that is not logged yet waits for the first validation,
    which may log it.

    Example:
        >>> fresh = FreshScores()
        >>> fresh.validated()  # in on_validation_end, but not of a sanity check
        >>> fresh.taken()  # once the scores were looked at
    """

    def __init__(self) -> None:
        self._is_fresh = False

    def validated(self) -> None:
        """Note that a validation ended."""
        self._is_fresh = True

    def taken(self) -> None:
        """Note that the scores were looked at."""
        self._is_fresh = False

    def are_stale(self, trainer: pl.Trainer, keys: Sequence[str], *, wait: bool = True) -> bool:
        """Say whether any of ``keys`` holds what was looked at before.

        Args:
            trainer: A trainer, in a fit.
            keys: Of what is logged.
            wait: Whether a key that is not logged at all is stale too, where a validation may come.
        """
        if self._is_fresh:
            return False
        known, logged = keys_of_validation(trainer), trainer.callback_metrics
        may_come = wait and trainer.enable_validation
        return any(key in known or (may_come and key not in logged) for key in keys)
