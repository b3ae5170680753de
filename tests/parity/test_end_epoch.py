"""A window that an early end leaves open, beside an Ignite program that steps it by hand."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks import EndEpoch
from lightning_kit.meters import EventFilter

WINDOW, CLIP = 3, 0.5


class Momentum(Traced):
    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


def by_ignite(cut_after: int) -> list[torch.Tensor]:
    """Accumulate within an epoch, step at its end, and cut the first epoch short."""
    module = Momentum()
    optimizer = module.configure_optimizers()
    seen: list[torch.Tensor] = []
    pending = 0

    def step() -> None:
        nonlocal pending
        if pending:
            torch.nn.utils.clip_grad_norm_(module.parameters(), CLIP)
            optimizer.step()
            optimizer.zero_grad()
            pending = 0

    def update(engine: Engine, batch: Any) -> None:
        nonlocal pending
        (module.loss(batch) / WINDOW).backward()  # type: ignore[no-untyped-call]
        pending += 1
        if pending == WINDOW:
            step()

    engine = Engine(update)

    @engine.on(Events.ITERATION_COMPLETED(once=cut_after))
    def cut(engine: Engine) -> None:
        engine.terminate_epoch()

    @engine.on(Events.EPOCH_COMPLETED)
    def end(engine: Engine) -> None:
        step()
        seen.append(module.net.weight.detach().clone())

    # By hand, so that none of Lightning's logging asks for a trainer.
    module.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    engine.run(loader(), max_epochs=3)
    return seen


class Seen(pl.Callback):
    def __init__(self) -> None:
        self.weights: list[torch.Tensor] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.weights.append(pl_module.get_parameter("net.weight").detach().clone())


@pytest.mark.parametrize("cut_after", [1, 2, 3, 4, 5, 6])
def test_the_open_window_is_stepped_at_the_cut(cut_after: int) -> None:
    seen = Seen()
    trainer = pl.Trainer(
        **QUIET,
        max_epochs=3,
        accumulate_grad_batches=WINDOW,
        gradient_clip_val=CLIP,
        callbacks=[EndEpoch(EventFilter(once=cut_after)), seen],
    )
    trainer.fit(Momentum(), loader(), loader(4))
    for ours, theirs in zip(seen.weights, by_ignite(cut_after), strict=True):
        torch.testing.assert_close(ours, theirs)
