"""One supervised program for both sides: :class:`.Traced` on 24 rows, six batches an epoch."""

from typing import Any

import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events
from programs.traced import QUIET, Traced, loader, rows
from torch import Tensor
from torch.utils.data import DataLoader

from lightning_kit.callbacks.step_loss import step_loss


def held_out() -> DataLoader[Any]:
    """Return ten rows in batches of four: the last one is smaller."""
    return DataLoader(torch.utils.data.Subset(rows(34), range(24, 34)), batch_size=4)


class Reference:
    """Ignite's side: an engine that trains a module, and the losses that it saw."""

    def __init__(self, lr: float = 0.05, momentum: float = 0.0) -> None:
        self.module = Traced(lr)
        self.optimizer = torch.optim.SGD(self.module.parameters(), lr=lr, momentum=momentum)
        self.losses: list[float] = []
        self.engine = Engine(self.update)
        self.engine.add_event_handler(Events.ITERATION_COMPLETED, self.record)
        self.evaluator = Engine(self.evaluate)

    def update(self, engine: Engine, batch: Any) -> float:
        self.module.train()
        self.optimizer.zero_grad()
        loss = self.module.loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()

    def evaluate(self, engine: Engine, batch: Any) -> tuple[Tensor, Tensor]:
        self.module.eval()
        with torch.no_grad():
            return self.module.net(batch[0]).squeeze(1), batch[1]

    def record(self, engine: Engine) -> None:
        output: Any = engine.state.output
        self.losses.append(output)

    def run(self, epochs: int = 3, batches: Any = None) -> "Reference":
        self.engine.run(loader() if batches is None else batches, max_epochs=epochs)
        return self


class Losses(pl.Callback):
    """The losses that the kit's side saw."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *args: Any
    ) -> None:
        loss = step_loss(trainer, pl_module, outputs)
        assert loss is not None
        self.losses.append(loss.item())


class Momentum(Traced):
    """With a momentum that a schedule can move."""

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)


class Fit:
    """The kit's side: a plain Trainer with callbacks, and the losses that it saw."""

    def __init__(self, *callbacks: pl.Callback, module: Traced | None = None, **trainer: Any):
        self.module = module or Traced()
        self._losses = Losses()
        options = {**QUIET, "max_epochs": 3, **trainer}
        self.trainer = pl.Trainer(**options, callbacks=[self._losses, *callbacks])

    @property
    def losses(self) -> list[float]:
        return self._losses.losses

    def run(self, batches: Any = None) -> "Fit":
        self.trainer.fit(self.module, loader() if batches is None else batches, held_out())
        return self


def same(mine: Fit, theirs: Reference) -> None:
    """Assert equal losses at each step and equal weights at the end, to the bit."""
    assert mine.losses == theirs.losses
    torch.testing.assert_close(
        dict(mine.module.named_parameters()),
        dict(theirs.module.named_parameters()),
        rtol=0,
        atol=0,
    )
