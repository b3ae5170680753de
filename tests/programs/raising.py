"""A module that raises where it is told to, and an exception of its own."""

from typing import Any

import torch
from programs.plain import PlainModule
from torch import Tensor


class MyError(RuntimeError):
    """An exception of a project."""


class RaisingSGD(torch.optim.SGD):
    """Raise in its next step where ``error`` is set."""

    error: BaseException | None = None

    def step(self, closure: Any = None) -> Any:
        result = closure() if closure is not None else None
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return super().step() if closure is None else (super().step(), result)[1]


class Raising(PlainModule):
    """Raise ``error`` in the batches ``at`` (from 1), in ``where``.

    Args:
        where: ``forward``, ``backward``, ``step`` or ``validation`` (then ``at`` are epochs).
        at: Batches.
        error: What to raise.
        manual: Whether to optimize by hand.
    """

    def __init__(
        self,
        where: str = "forward",
        at: tuple[int, ...] = (3,),
        error: BaseException | None = None,
        manual: bool = False,
    ) -> None:
        torch.manual_seed(0)
        super().__init__()
        # An exception is no plain value, and checkpoints hold plain values.
        self.hparams.pop("error", None)
        self.where, self.at = where, at
        self.error = MyError("the batch is cursed") if error is None else error
        self.automatic_optimization = not manual

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        is_due = self.trainer.fit_loop.total_batch_idx + 1 in self.at
        if is_due and self.where == "forward":
            raise self.error
        loss = super().training_step(batch, batch_idx)
        if is_due and self.where == "backward":
            loss.register_hook(self._raise)  # type: ignore[no-untyped-call]
        if is_due and self.where == "step":
            self.trainer.optimizers[0].error = self.error  # type: ignore[attr-defined]
        if not self.automatic_optimization:
            optimizer: Any = self.optimizers()
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        if self.where == "validation" and self.trainer.current_epoch + 1 in self.at:
            raise self.error
        super().validation_step(batch, batch_idx)

    def configure_optimizers(self) -> Any:
        return RaisingSGD(self.parameters(), lr=0.1, momentum=0.9)

    def _raise(self, grad: Tensor) -> None:
        raise self.error
