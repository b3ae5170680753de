"""Supervised programs of Ignite's documentation, in Ignite and on a plain Trainer with the kit."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, create_supervised_trainer
from ignite.engine import Events as IgniteEvents
from ignite.handlers import (
    Checkpoint,
    CosineAnnealingScheduler,
    DiskSaver,
    EMAHandler,
    LinearCyclicalScheduler,
    create_lr_scheduler_with_warmup,
    global_step_from_engine,
)
from ignite.handlers import EarlyStopping as IgniteEarlyStopping
from ignite.metrics import MeanSquaredError, RunningAverage
from programs.supervised import Fit, Momentum, Reference, held_out, same
from programs.traced import loader

from lightning_kit.callbacks import (
    EMA,
    EarlyStopping,
    EventHandlers,
    Events,
    ModelCheckpoint,
    ParamScheduler,
    RunningAverages,
)
from lightning_kit.schedules import Cosine, Linear, Warmup


class ValLoss(pl.Callback):
    """Keep each validation's loss."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seen.append(trainer.callback_metrics["val/loss"].item())


def evaluated(reference: Reference) -> list[float]:
    """Evaluate the reference after each epoch; return where the scores will be."""
    scores: list[float] = []
    MeanSquaredError().attach(reference.evaluator, "loss")

    @reference.engine.on(IgniteEvents.EPOCH_COMPLETED)
    def evaluate(engine: Engine) -> None:
        reference.evaluator.run(held_out())
        scores.append(reference.evaluator.state.metrics["loss"])

    return scores


def loss_of(engine: Engine) -> float:
    return -float(engine.state.metrics["loss"])


def test_a_trainer_and_an_evaluator_at_the_end_of_each_epoch() -> None:
    theirs, mine = Reference(), ValLoss()
    scores = evaluated(theirs)
    same(Fit(mine).run(), theirs.run())
    assert mine.seen == pytest.approx(scores, rel=1e-6)
    assert len(scores) == 3


def test_early_stopping_on_the_evaluators_score() -> None:
    theirs = Reference(lr=0.55)  # so high that the held-out loss soon rises
    evaluated(theirs)
    stopper = IgniteEarlyStopping(2, loss_of, theirs.engine)
    theirs.evaluator.add_event_handler(IgniteEvents.COMPLETED, stopper)
    theirs.run(epochs=30)
    mine = Fit(
        EarlyStopping("val/loss", patience=2), module=Reference(lr=0.55).module, max_epochs=30
    )
    same(mine.run(), theirs)
    assert theirs.engine.state.epoch == mine.trainer.current_epoch < 30


@pytest.mark.parametrize("lr", [0.05, 0.55])
def test_the_two_best_checkpoints(lr: float, tmp_path: Path) -> None:
    theirs = Reference(lr)
    evaluated(theirs)
    saver = Checkpoint(
        {"net": theirs.module.net},
        DiskSaver(str(tmp_path / "ignite"), create_dir=True),
        score_function=loss_of,
        score_name="neg_loss",
        n_saved=2,
        global_step_transform=global_step_from_engine(theirs.engine),
    )
    theirs.evaluator.add_event_handler(IgniteEvents.COMPLETED, saver)
    theirs.run(epochs=4)
    checkpoint = ModelCheckpoint(
        tmp_path / "kit",
        monitor="val/loss",
        save_top_k=2,
        modules=["net"],
        filename_style="ignite",
    )
    mine = Fit(
        checkpoint, module=Reference(lr).module, max_epochs=4, enable_checkpointing=True
    ).run()
    same(mine, theirs)
    kept = sorted((tmp_path / "ignite").iterdir())
    found = sorted((tmp_path / "kit").iterdir())
    # net_3_neg_loss=-0.1234.pt and net_3_val_loss=0.1234.pt
    assert [path.name.replace("val_loss=", "neg_loss=-") for path in found] == [
        path.name for path in kept
    ]
    assert len(kept) == 2
    for path, other in zip(found, kept, strict=True):
        weights = torch.load(path, weights_only=True)["net"]
        torch.testing.assert_close(
            dict(weights), dict(torch.load(other, weights_only=True)), rtol=0, atol=0
        )


def test_a_warmup_and_then_a_cosine_of_the_learning_rate() -> None:
    theirs, seen = Reference(lr=0.1), list[float]()
    cosine = CosineAnnealingScheduler(theirs.optimizer, "lr", 0.1, 0.01, 10)
    schedule = create_lr_scheduler_with_warmup(cosine, 0.0, 4)
    theirs.engine.add_event_handler(IgniteEvents.ITERATION_STARTED, schedule)
    theirs.engine.add_event_handler(
        IgniteEvents.ITERATION_STARTED,
        lambda engine: seen.append(theirs.optimizer.param_groups[0]["lr"]),
    )
    theirs.run()
    rate = ParamScheduler("optimizer.lr", Warmup(Cosine(0.1, 0.01, 10), 0.0, 4), history=True)
    mine = Fit(rate, module=Reference(lr=0.1).module).run()
    assert [value for _, value in rate.param_history] == pytest.approx(seen, rel=1e-12)
    assert mine.losses == pytest.approx(theirs.losses, rel=1e-6)


def test_cyclic_learning_rate_and_momentum() -> None:
    theirs = Reference(momentum=0.9)
    for name, ends in (("lr", (0.01, 0.1)), ("momentum", (0.95, 0.85))):
        scheduler = LinearCyclicalScheduler(theirs.optimizer, name, *ends, cycle_size=6)
        theirs.engine.add_event_handler(IgniteEvents.ITERATION_STARTED, scheduler)
    rate = ParamScheduler("optimizer.lr", Linear(0.01, 0.1, 6))
    momentum = ParamScheduler("optimizer.momentum", Linear(0.95, 0.85, 6))
    same(Fit(rate, momentum, module=Momentum()).run(), theirs.run())


def test_gradient_accumulation() -> None:
    theirs = Reference()
    net = torch.nn.Sequential(theirs.module.net, torch.nn.Flatten(0))
    theirs.engine = create_supervised_trainer(
        net, theirs.optimizer, torch.nn.functional.mse_loss, gradient_accumulation_steps=3
    )
    theirs.engine.add_event_handler(IgniteEvents.ITERATION_COMPLETED, theirs.record)
    # A third is no exact number: Lightning divides the loss, and so does Ignite.
    mine = Fit(accumulate_grad_batches=3).run()
    theirs.run()
    assert mine.losses == pytest.approx(theirs.losses, rel=1e-6)
    torch.testing.assert_close(mine.module.net.weight, theirs.module.net.weight)
    assert mine.trainer.global_step == 6


def test_the_running_average_of_the_loss() -> None:
    theirs, seen = Reference(), list[float]()
    RunningAverage(output_transform=lambda loss: loss, alpha=0.9).attach(theirs.engine, "loss")
    theirs.engine.add_event_handler(
        IgniteEvents.ITERATION_COMPLETED,
        lambda engine: seen.append(engine.state.metrics["loss"]),
    )
    averages, events, found = RunningAverages(alpha=0.9), EventHandlers(), list[float]()

    @events.on(Events.ITERATION_COMPLETED)
    def tell() -> None:
        found.append(averages.averages["loss"])

    same(Fit(averages, events).run(), theirs.run())
    assert found == pytest.approx(seen, rel=1e-6)


def test_the_average_of_the_weights_is_evaluated() -> None:
    theirs, scores = Reference(), list[float]()
    handler = EMAHandler(theirs.module, momentum=0.2)
    handler.attach(theirs.engine, event=IgniteEvents.ITERATION_COMPLETED)
    average: Any = handler.ema_model
    MeanSquaredError().attach(theirs.evaluator, "loss")

    @theirs.engine.on(IgniteEvents.EPOCH_COMPLETED)
    def evaluate(engine: Engine) -> None:
        raw, theirs.module = theirs.module, average
        theirs.evaluator.run(held_out())
        theirs.module = raw
        scores.append(theirs.evaluator.state.metrics["loss"])

    mine = ValLoss()
    ema = EMA(momentum=0.2, preset="ignite")
    same(Fit(ema, mine).run(), theirs.run())
    assert mine.seen == pytest.approx(scores, rel=1e-6)
    assert ema.average_model is not None
    torch.testing.assert_close(
        dict(ema.average_model.named_parameters()), dict(average.named_parameters())
    )


def test_the_last_k_checkpoints_by_iteration(tmp_path: Path) -> None:
    theirs = Reference()
    saver = Checkpoint(
        {"net": theirs.module.net},
        DiskSaver(str(tmp_path / "ignite"), create_dir=True),
        n_saved=2,
        global_step_transform=lambda engine, _: engine.state.iteration,
    )
    theirs.engine.add_event_handler(IgniteEvents.ITERATION_COMPLETED(every=4), saver)
    keep = ModelCheckpoint(
        tmp_path / "kit",
        keep_last=2,
        every_n_train_steps=4,
        modules=["net"],
        filename_style="ignite",
    )
    same(Fit(keep, enable_checkpointing=True).run(loader()), theirs.run())
    names = [
        sorted(path.name for path in (tmp_path / side).iterdir()) for side in ("kit", "ignite")
    ]
    assert names[0] == names[1] == ["net_12.pt", "net_16.pt"]
