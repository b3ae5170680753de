"""Row 11: accumulation by ``for sub_batch in batch ... /2`` inside a step, equal to one big batch.

As printed, iterating over a batch of ``(input, target)`` yields the input and then the target, and
the model is given the whole pair: it fails. What it means is below.
"""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from programs.supervised import Losses
from programs.traced import QUIET, Traced, loader
from torch import Tensor

from lightning_kit.callbacks import EventHandlers, Events


def halves(batch: Any) -> list[tuple[Tensor, Tensor]]:
    input, target = batch
    return list(zip(input.chunk(2), target.chunk(2), strict=True))


def weights(module: Traced) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


class SubBatches(Traced):
    """The sample's step, by manual optimization."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        optimizer: Any = self.optimizers()
        optimizer.zero_grad()
        losses = [self.loss(half) / 2 for half in halves(batch)]
        for loss in losses:
            self.manual_backward(loss)
        optimizer.step()
        return torch.stack(losses).sum().detach()


def test_the_printed_sample_fails_today() -> None:
    model, criterion = torch.nn.Linear(3, 1), torch.nn.MSELoss()
    batch = next(iter(loader()))
    sub_batch = next(iter(batch))
    output = model(sub_batch)
    # `sub_batch[1]` is the second row of the input, no target at all.
    with pytest.warns(UserWarning, match="target size"):
        criterion(output, sub_batch[1])
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        model(batch[1])


def by_ignite() -> tuple[list[float], list[Tensor]]:
    module, losses = Traced(), list[float]()
    optimizer = torch.optim.SGD(module.parameters(), lr=module.lr)

    def step(engine: Engine, batch: Any) -> None:
        optimizer.zero_grad()
        parts = [module.loss(half) / 2 for half in halves(batch)]
        for part in parts:
            part.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(torch.stack(parts).sum().item())

    Engine(step).run(loader(batch_size=8), max_epochs=2)
    return losses, weights(module)


def fitted(module: Traced, batch_size: int, **options: Any) -> tuple[list[float], list[Tensor]]:
    losses = Losses()
    callbacks = [losses, *options.pop("callbacks", [])]
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=callbacks, **options)
    trainer.fit(module, loader(batch_size=batch_size), loader())
    return losses.losses, weights(module)


def test_halves_inside_a_step_are_ignites_to_the_bit_and_one_big_batch() -> None:
    mine, theirs = fitted(SubBatches(), 8), by_ignite()
    assert mine[0] == theirs[0]
    torch.testing.assert_close(mine[1], theirs[1], rtol=0, atol=0)
    whole = fitted(Traced(), 8)
    assert mine[0] == pytest.approx(whole[0], rel=1e-5)
    torch.testing.assert_close(mine[1], whole[1])


def test_the_same_through_events_of_accumulation() -> None:
    events, steps, backwards = EventHandlers(), list[int](), list[int]()

    @events.on(Events.OPTIMIZER_STEP_COMPLETED)
    def stepped(trainer: pl.Trainer) -> None:
        steps.append(trainer.fit_loop.total_batch_idx + 1)

    @events.on(Events.BACKWARD_COMPLETED)
    def gone_back(trainer: pl.Trainer) -> None:
        backwards.append(trainer.fit_loop.total_batch_idx + 1)

    losses, found = fitted(Traced(), 4, accumulate_grad_batches=2, callbacks=[events])
    reference, expected = by_ignite()
    torch.testing.assert_close(found, expected)
    means = [(first + second) / 2 for first, second in zip(losses[::2], losses[1::2], strict=True)]
    assert means == pytest.approx(reference, rel=1e-5)
    assert backwards == list(range(1, 13))
    assert steps == [2, 4, 6, 8, 10, 12]
