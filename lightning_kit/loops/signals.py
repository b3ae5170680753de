"""SIGTERM in a lean run of several ranks: heard by one, acted on by all at one step."""

import itertools
import logging
from typing import Any, final

from pytorch_lightning.trainer.connectors.signal_connector import _SignalConnector
from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_kit.compat import default_store
from lightning_kit.loops.agreement import Agreement

log = logging.getLogger(__name__)
# Of all trainers in this process: they share the store, and all ranks run them in one order.
_runs = itertools.count()


@final
class LeanSignalConnector(_SignalConnector):
    """Lightning's handlers of signals, without a collective within one.

    Lightning broadcasts from the signal's handler and at every step
    (https://github.com/Lightning-AI/pytorch-lightning/issues/21487).
    """

    agreement: Agreement | None = None
    _heard = False
    _agreed = False

    @property
    def received_sigterm(self) -> bool:
        """Whether to stop: on one rank once it was told to, on several once all agree."""
        return self._heard if self.agreement is None else self._agreed

    @received_sigterm.setter
    def received_sigterm(self, heard: bool) -> None:
        self._heard = heard
        self._agreed = self._agreed and heard

    def register_signal_handlers(self) -> None:
        self.agreement = None
        super().register_signal_handlers()

    def agree(self) -> None:
        """Take a step's part in the agreement; raise SIGTERMException where all are to stop."""
        agreement = self.agreement or self._begin()
        if agreement is not None and agreement.reached(self._heard):
            self._agreed = True
            raise SIGTERMException

    def _begin(self) -> Agreement | None:
        store = default_store()
        if store is not None:
            trainer = self.trainer
            lag = 2 * int(trainer.accumulate_grad_batches) + 2
            name = f"lightning_kit/sigterm/{next(_runs)}"
            self.agreement = Agreement(store, trainer.global_rank, name, lag)
        return self.agreement

    def _sigterm_notifier_fn(self, signum: Any, _: Any) -> None:
        log.info("rank %d received SIGTERM", self.trainer.global_rank)
        launcher: Any = self.trainer.strategy.launcher
        if not self._heard and launcher is not None:
            launcher.kill(signum)
        self._heard = True
