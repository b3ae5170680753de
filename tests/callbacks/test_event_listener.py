"""Lightning's hooks arrive as events, each with its count."""

from pathlib import Path
from typing import Any

import lightning.pytorch as twin
import pytest
import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader

from lightning_kit.callbacks.event_listener import EventListener
from lightning_kit.callbacks.events import Events
from lightning_kit.callbacks.last_outputs import last_outputs


class All(EventListener):
    def __init__(self, *but: str) -> None:
        self.but = but
        self.heard: list[tuple[str, int]] = []

    def listens_to(self, event: str) -> bool:
        return event not in self.but

    def hear(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        event: str,
        count: int,
        exception: BaseException | None = None,
    ) -> None:
        assert (exception is None) == (event != "exception_raised")
        self.heard.append((event, count))


def fit(*listeners: All, module: Any = None, ckpt_path: Any = None, **settings: Any) -> pl.Trainer:
    settings = {**QUIET, "max_epochs": 1, **settings}
    trainer = pl.Trainer(**settings, callbacks=list(listeners))
    trainer.fit(module or Traced(), loader(8), loader(4), ckpt_path=ckpt_path)
    return trainer


def iteration(count: int, *, first: bool, steps: bool) -> list[tuple[str, int]]:
    names = ["get_batch_started", "get_batch_completed", "iteration_started"]
    names += ["zero_grad_started"] if first else []
    names += ["backward_started", "backward_completed"]
    names += ["optimizer_step_started", "optimizer_step_completed"] if steps else []
    return [(name, count) for name in (*names, "iteration_completed")]


def test_all_events_under_accumulation() -> None:
    listener = All()
    fit(listener, accumulate_grad_batches=2, num_sanity_val_steps=1)
    assert listener.heard == [
        ("started", 1),
        ("epoch_started", 1),
        *iteration(1, first=True, steps=False),
        *iteration(2, first=False, steps=True),
        ("validation_started", 1),
        ("validation_completed", 1),
        ("epoch_completed", 1),
        ("completed", 1),
    ]


def test_manual_optimization() -> None:
    class Manual(Traced):
        def __init__(self) -> None:
            super().__init__()
            self.automatic_optimization = False

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            for optimizer in self.optimizers():  # type: ignore[union-attr]
                self.manual_backward(self.loss(batch))
                optimizer.step()

        def configure_optimizers(self) -> Any:
            return [torch.optim.SGD(self.parameters(), 0.1) for _ in range(2)]

    listener = All()
    fit(listener, module=Manual())
    of_a_step = ("backward_started", "optimizer_step_started", "optimizer_step_completed")
    assert [n for n in listener.heard if n[0] in of_a_step] == [
        (name, count) for count in (1, 2) for _ in range(2) for name in of_a_step
    ]


def test_a_step_that_a_scaler_skips_is_none() -> None:
    class Skipped(Traced):
        def optimizer_step(self, epoch: int, batch_idx: int, optimizer: Any, closure: Any) -> None:  # type: ignore[override]
            closure()

    listener = All()
    fit(listener, module=Skipped())
    assert "optimizer_step_completed" not in dict(listener.heard)


def test_a_fit_that_is_asked_to_stop() -> None:
    class Stopped(Traced):
        def on_train_batch_end(self, *args: Any) -> None:
            self.trainer.should_stop = True

    listener = All()
    fit(listener, module=Stopped())
    assert listener.heard[-3:] == [("epoch_completed", 1), ("terminate", 1), ("completed", 1)]


def test_an_exception_ends_the_watching() -> None:
    class Cursed(Traced):
        def on_train_batch_end(self, *args: Any) -> None:
            raise RuntimeError("cursed")

    listener = All()
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[listener])
    with pytest.raises(RuntimeError, match="cursed"):
        trainer.fit(Cursed(), loader(8), loader(4))
    assert listener.heard[-2:] == [("iteration_completed", 1), ("exception_raised", 1)]
    assert "_on_before_fetch" not in vars(trainer.fit_loop.epoch_loop)
    assert listener._watched == ()


def test_one_count_for_all_and_over_a_resume(tmp_path: Path) -> None:
    first, second = All(), All()
    trainer = fit(first, second)
    assert first.heard == second.heard
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    later = All()
    trainer = fit(later, ckpt_path=tmp_path / "one.ckpt", max_epochs=2)
    assert [n for n in later.heard if n[0] in ("started", "epoch_started", "completed")] == [
        ("started", 2),
        ("epoch_started", 2),
        ("completed", 2),
    ]
    assert ("iteration_started", 3) in later.heard
    # A checkpoint that is only validated turns nothing back and is no event.
    heard = list(later.heard)
    trainer.validate(Traced(), loader(4), ckpt_path=tmp_path / "one.ckpt", verbose=False)
    assert later.heard == heard
    trainer.fit_loop.max_epochs = 3
    trainer.fit(Traced(), loader(8), loader(4))
    assert ("started", 3) in later.heard


def test_what_nobody_listens_to_is_not_watched() -> None:
    listener = All("get_batch_started", "get_batch_completed", "optimizer_step_completed")
    watched: list[bool] = []

    class Look(Traced):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            watched.append("_on_before_fetch" in vars(self.trainer.fit_loop.epoch_loop))
            watched.append(bool(listener._watched))
            return super().training_step(batch, batch_idx)

    fit(listener, module=Look())
    assert not any(watched)


def test_handlers_can_reach_what_the_last_step_returned() -> None:
    listener = All()
    trainer = fit(listener, accumulate_grad_batches=2)
    assert "loss" in last_outputs(trainer)


def test_fast_dev_run_and_a_twins_trainer() -> None:
    listener = All()
    fit(listener, fast_dev_run=True)
    assert ("completed", 1) in listener.heard
    with pytest.raises(TypeError, match="pytorch_lightning.Trainer"):
        listener.setup(twin.Trainer(accelerator="cpu", logger=False), Traced(), "fit")  # type: ignore[arg-type]


def test_every_event_has_a_hook() -> None:
    listener = All()

    class Both(Traced):
        def on_train_batch_end(self, *args: Any) -> None:
            self.trainer.should_stop = True

        def on_fit_end(self) -> None:
            raise RuntimeError("late")

    with pytest.raises(RuntimeError, match="late"):
        fit(listener, module=Both())
    assert {name for name, _ in listener.heard} == {str(event) for event in Events}
