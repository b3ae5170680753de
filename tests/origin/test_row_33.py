"""Row 33: ``custom_training(engine, batch)``: steps that are no supervised loop, with events."""

from typing import Any

import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from ignite.engine import Events as IgniteEvents
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks import EarlyStopping, EventHandlers, Events, ParamScheduler
from lightning_kit.schedules import Exponential


class Alternating(Traced):
    """An optimizer for the weight and one for the bias; the input is moved against the model."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def two(self) -> list[torch.optim.Optimizer]:
        return [
            torch.optim.SGD([self.net.weight], lr=0.05, momentum=0.9),
            torch.optim.Adam([self.net.bias], lr=0.01),
        ]

    def against(self, batch: Any) -> Any:
        """Return the batch a step uphill: a backward pass that trains nothing."""
        input, target = batch
        input = input.clone().requires_grad_()
        (uphill,) = torch.autograd.grad(self.loss((input, target)), input)
        return input.detach() + 0.1 * uphill.sign(), target

    def configure_optimizers(self) -> Any:
        return self.two()

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        optimizer: Any = self.optimizers()[(batch_idx + self.current_epoch) % 2]  # type: ignore[index]
        optimizer.zero_grad()
        loss = self.loss(self.against(batch))
        self.manual_backward(loss)
        optimizer.step()
        self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[1]))
        return {"loss": loss.detach()}


def test_two_optimizers_in_turn_with_a_backward_of_their_own() -> None:
    theirs = Alternating()
    optimizers, losses, rates = theirs.two(), list[float](), list[float]()

    def custom_training(engine: Engine, batch: Any) -> float:
        turn = (engine.state.iteration - 1) % 6 + engine.state.epoch - 1
        optimizer = optimizers[turn % 2]
        optimizer.zero_grad()
        loss = theirs.loss(theirs.against(batch))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.item()

    engine = Engine(custom_training)

    @engine.on(IgniteEvents.ITERATION_STARTED)
    def cool(engine: Engine) -> None:
        optimizers[0].param_groups[0]["lr"] = 0.05 * 0.9 ** (engine.state.iteration - 1)

    @engine.on(IgniteEvents.ITERATION_COMPLETED)
    def record(engine: Engine) -> None:
        output: Any = engine.state.output
        losses.append(output)
        rates.append(optimizers[0].param_groups[0]["lr"])

    engine.run(loader(), max_epochs=4)

    mine, events = Alternating(), EventHandlers()
    found: list[float] = []

    class Losses(pl.Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, *args: Any) -> None:
            found.append(outputs["loss"].item())

    seen: list[float] = []

    @events.on(Events.ITERATION_COMPLETED)
    def rate(trainer: pl.Trainer) -> None:
        seen.append(trainer.optimizers[0].param_groups[0]["lr"])

    callbacks = [
        Losses(),
        events,
        ParamScheduler("optimizer.0.lr", Exponential(0.05, 0.9)),
        EarlyStopping("train/loss", patience=4, check_on="epoch"),
    ]
    pl.Trainer(**QUIET, max_epochs=4, callbacks=callbacks).fit(mine, loader(), loader())
    assert found == losses
    assert seen == rates
    torch.testing.assert_close(
        dict(mine.named_parameters()), dict(theirs.named_parameters()), rtol=0, atol=0
    )
    assert torch.tensor(0.1).ne(mine.net.weight).all()
    assert mine.net.bias.abs() > 0
