"""Let a resumed callback do what it had not done yet when its checkpoint was saved."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.callbacks.last_outputs import NoOutputs
from lightning_kit.compat import Hook, as_within, hooks_under_way


@final
class OwedHooks:
    """Remember in which hooks a callback had its turn.

    A checkpoint that another callback saves at the end of a step, a validation or an epoch may come
    ahead of this one's turn, and a resumed fit does not come to that hook again. What is owed goes
    into the checkpoint, and is done as the resumed fit starts.

    Attributes:
        is_settling: Whether a turn is an owed one. What the module logs in the hook itself is then
            lost, where the checkpoint came ahead of the module too.

    Example:
        >>> owed = OwedHooks()
        >>> owed.had(pl.Trainer(logger=False, accelerator="cpu"), "epoch")  # as the turn comes
    """

    def __init__(self) -> None:
        self._had: dict[Hook, tuple[int, ...]] = {}
        self._owed: list[Hook] = []
        self._epoch = 0
        self.is_settling = False

    def had(self, trainer: pl.Trainer, hook: Hook) -> None:
        """Note that the turn in ``hook`` came, before anything is done in it."""
        if number := hooks_under_way(trainer).get(hook):
            self._had[hook] = number

    def owed(self, trainer: pl.Trainer) -> list[Hook]:
        """Return the hooks, inner ones first, in which the turn is still to come."""
        now = hooks_under_way(trainer).items()
        due = [hook for hook, number in now if self._had.get(hook) != number]
        return [*dict.fromkeys([*self._owed, *due])]

    def state(self, trainer: pl.Trainer) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        had = {hook: list(number) for hook, number in self._had.items()}
        return {"had": had, "owed": self.owed(trainer), "epoch": trainer.current_epoch}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what a checkpoint kept of :meth:`state`."""
        self._had = {hook: tuple(number) for hook, number in state["had"].items()}
        self._owed, self._epoch = list(state["owed"]), state["epoch"]

    def settle(self, trainer: pl.Trainer, turns: Mapping[Hook, Callable[[], None]]) -> None:
        """Take the ``turns`` that are owed; call it in ``on_train_start``.

        One that needs the outputs of a batch from before the resume is left out.
        """
        self.is_settling = True
        try:
            while self._owed:
                hook = self._owed.pop(0)
                with as_within(trainer, hook, self._epoch), suppress(NoOutputs):
                    turns[hook]()
        finally:
            self.is_settling = False
