"""Ignite's EpochOutputStore beside the kit's, of training and of validation."""

from typing import Any

import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events
from ignite.handlers.stores import EpochOutputStore
from origin.stock import QUIET
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from lightning_kit.callbacks import EpochOutputs

EPOCHS = 3
GENERATOR = torch.Generator().manual_seed(0)
ROWS = TensorDataset(torch.randn(12, 4, generator=GENERATOR), torch.arange(12) % 3)
LOADER = DataLoader(ROWS, batch_size=4)


def net() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 3)


def ignite() -> tuple[list[Any], list[Any]]:
    """Return what each epoch's store held: losses in training, pairs in validation."""
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def update(engine: Engine, batch: Any) -> Any:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(batch[0]), batch[1])
        torch.autograd.backward(loss)
        optimizer.step()
        return {"loss": loss.detach()}

    def evaluate(engine: Engine, batch: Any) -> Any:
        with torch.no_grad():
            return model(batch[0]), batch[1]

    trainer, evaluator = Engine(update), Engine(evaluate)
    losses = EpochOutputStore(output_transform=lambda output: output["loss"])
    losses.attach(trainer, "losses")
    EpochOutputStore().attach(evaluator, "pairs")
    seen: tuple[list[Any], list[Any]] = ([], [])

    @trainer.on(Events.EPOCH_COMPLETED)
    def keep(engine: Engine) -> None:
        evaluator.run(LOADER)
        seen[0].append(engine.state.losses)  # type: ignore[attr-defined]
        seen[1].append(evaluator.state.pairs)  # type: ignore[attr-defined]

    trainer.run(LOADER, max_epochs=EPOCHS)
    return seen


class Module(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = net()

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return functional.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch: Any, batch_idx: int) -> Any:
        return {"answer": self.net(batch[0]), "target": batch[1]}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.5)


class Keep(pl.Callback):
    def __init__(self, *parts: EpochOutputs) -> None:
        self.parts = parts
        self.seen: tuple[list[Any], list[Any]] = ([], [])

    def on_train_epoch_end(self, *args: Any) -> None:
        for part, seen in zip(self.parts, self.seen, strict=True):
            seen.append(part.outputs)


def test_every_epochs_outputs() -> None:
    losses = EpochOutputs()
    pairs = EpochOutputs(
        transform=lambda each: (each["answer"], each["target"]), stage="validation"
    )
    keep = Keep(losses, pairs)
    options: dict[str, Any] = {**QUIET, "max_epochs": EPOCHS, "callbacks": [losses, pairs, keep]}
    pl.Trainer(**options).fit(Module(), LOADER, LOADER)
    reference = ignite()
    assert [len(epoch) for epoch in reference[0]] == [3] * EPOCHS
    torch.testing.assert_close(keep.seen, reference, rtol=0, atol=0)
