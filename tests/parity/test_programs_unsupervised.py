"""Programs of Ignite's examples that are no supervised loops: GAN, REINFORCE, mean teacher."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, EventEnum
from ignite.engine import Events as IgniteEvents
from ignite.handlers import EMAHandler
from ignite.metrics import RunningAverage
from programs.traced import QUIET
from programs.unsupervised import (
    GAN,
    Corridor,
    GANModule,
    MeanTeacher,
    MeanTeacherModule,
    Policy,
    ReinforceModule,
    seeded,
)
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lightning_kit.callbacks import (
    EMA,
    EarlyStopping,
    EventHandlers,
    Events,
    ModelCheckpoint,
    OnEvent,
    ParamScheduler,
    RunningAverages,
    TerminateOnNonFinite,
)
from lightning_kit.runs.stopping import stop, stop_reason
from lightning_kit.schedules import Exponential


def points() -> DataLoader[Any]:
    generator = torch.Generator().manual_seed(0)
    return DataLoader(TensorDataset(torch.randn(40, 2, generator=generator) + 3), batch_size=8)


def labelled() -> DataLoader[Any]:
    input = torch.randn(30, 3, generator=torch.Generator().manual_seed(0))
    return DataLoader(TensorDataset(input, (input.sum(1) > 0).long()), batch_size=7)


class Outputs(pl.Callback):
    """Keep what each step returned, as floats."""

    def __init__(self) -> None:
        self.seen: list[dict[str, float]] = []

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *args: Any
    ) -> None:
        self.seen.append({name: value.item() for name, value in outputs.items()})


def same_weights(mine: nn.Module, theirs: nn.Module) -> None:
    torch.testing.assert_close(
        dict(mine.named_parameters()), dict(theirs.named_parameters()), rtol=0, atol=0
    )


def test_a_gan_with_two_optimizers() -> None:
    gan: GAN = seeded(GAN)
    for_discriminator, for_generator = gan.optimizers()

    def update(engine: Engine, batch: Any) -> dict[str, float]:
        (real,) = batch
        fake = gan.fake(len(real))
        for_discriminator.zero_grad()
        err_d = gan.loss(real, 1.0) + gan.loss(fake.detach(), 0.0)
        err_d.backward()  # type: ignore[no-untyped-call]
        for_discriminator.step()
        for_generator.zero_grad()
        err_g = gan.loss(fake, 1.0)
        err_g.backward()  # type: ignore[no-untyped-call]
        for_generator.step()
        return {"err_d": err_d.item(), "err_g": err_g.item()}

    theirs: list[Any] = []
    smooth: list[tuple[float, float]] = []
    trainer = Engine(update)
    for key in ("err_d", "err_g"):
        RunningAverage(output_transform=lambda output, key=key: output[key]).attach(trainer, key)
    trainer.add_event_handler(
        IgniteEvents.ITERATION_COMPLETED, lambda engine: theirs.append(engine.state.output)
    )

    @trainer.on(IgniteEvents.ITERATION_COMPLETED(every=3))
    def note(engine: Engine) -> None:
        smooth.append((engine.state.metrics["err_d"], engine.state.metrics["err_g"]))

    trainer.run(points(), max_epochs=3)

    outputs, averages, events = Outputs(), RunningAverages(["err_d", "err_g"]), EventHandlers()
    found: list[tuple[float, float]] = []

    @events.on(Events.ITERATION_COMPLETED(every=3))
    def tell() -> None:
        found.append((averages.averages["err_d"], averages.averages["err_g"]))

    module = GANModule()
    fit = pl.Trainer(**QUIET, max_epochs=3, callbacks=[outputs, averages, events])
    fit.fit(module, points())
    assert outputs.seen == theirs
    assert len(theirs) == 15
    for pair, reference in zip(found, smooth, strict=True):
        assert pair == pytest.approx(reference, rel=1e-6)
    same_weights(module.gan, gan)


class EpisodeEvents(EventEnum):
    """Ignite wants events of one's own declared; the kit's ``fire`` takes any name."""

    SOLVED = "solved"


def test_reinforce_ends_each_episode_early_and_stops_when_it_is_solved() -> None:
    policy: Policy = seeded(Policy)
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.05)
    environment, episodes = Corridor(), []

    def time_step(engine: Engine, batch: Any) -> None:
        reward, done = environment.step(policy.act(environment.observe()))
        policy.rewards.append(reward)
        if done:
            engine.terminate_epoch()

    trainer = Engine(time_step)
    trainer.register_events(*EpisodeEvents)
    trainer.add_event_handler(IgniteEvents.EPOCH_STARTED, environment.reset)

    @trainer.on(IgniteEvents.EPOCH_COMPLETED)
    def finish_episode(engine: Engine) -> None:
        optimizer.zero_grad()
        loss = policy.episode_loss()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        episodes.append((len(policy.rewards), loss.item()))
        if policy.end_episode():
            engine.fire_event(EpisodeEvents.SOLVED)

    trainer.add_event_handler(EpisodeEvents.SOLVED, lambda engine: engine.terminate())
    trainer.run(range(20), max_epochs=200)

    module, events = ReinforceModule(), EventHandlers()

    @events.on("solved")
    def solved(trainer: pl.Trainer) -> None:
        stop(trainer, "the corridor is solved")

    fit = pl.Trainer(**QUIET, max_epochs=200, callbacks=[events])
    fit.fit(module, DataLoader(range(20), batch_size=None))  # type: ignore[arg-type]
    assert module.episodes == episodes
    lengths = [length for length, _ in episodes]
    assert len(episodes) < 200, "it must be solved"
    assert min(lengths) == 3, "the shortest way out"
    assert max(lengths) > 3
    assert stop_reason(fit) == "the corridor is solved"
    same_weights(module.policy, policy)


def test_a_mean_teacher() -> None:
    both: MeanTeacher = seeded(MeanTeacher)
    optimizer = torch.optim.SGD(both.parameters(), lr=0.1)
    teacher = EMAHandler(both, momentum=0.1)
    average: Any = teacher.ema_model

    def update(engine: Engine, batch: Any) -> dict[str, float]:
        classification, consistency = both.loss(average.student, batch)
        optimizer.zero_grad()
        (classification + consistency).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return {"classification": classification.item(), "consistency": consistency.item()}

    theirs: list[Any] = []
    trainer = Engine(update)
    teacher.attach(trainer, event=IgniteEvents.ITERATION_COMPLETED)
    trainer.add_event_handler(
        IgniteEvents.ITERATION_COMPLETED, lambda engine: theirs.append(engine.state.output)
    )
    trainer.run(labelled(), max_epochs=4)

    outputs, module = Outputs(), MeanTeacherModule(momentum=0.1)
    pl.Trainer(**QUIET, max_epochs=4, callbacks=[outputs]).fit(module, labelled())
    assert outputs.seen == theirs
    assert theirs[-1]["consistency"] > 0
    same_weights(module.both, both)
    same_weights(module.teacher, average)


def test_the_gan_is_the_same_under_the_kits_callbacks(tmp_path: Path) -> None:
    alone = Outputs()
    module = GANModule()
    pl.Trainer(**QUIET, max_epochs=3, callbacks=[alone]).fit(module, points())

    watched, ema = Outputs(), EMA(momentum=0.5, preset="ignite")
    checkpoint = ModelCheckpoint(tmp_path, keep_last=2)
    callbacks = [
        watched,
        RunningAverages(["err_d", "err_g"]),
        TerminateOnNonFinite(["grads", "outputs"]),
        ParamScheduler("optimizer.0.lr", Exponential(2e-2, 1.0)),
        EarlyStopping(
            score_function=lambda trainer, module: watched.seen[-1]["err_g"], mode="min",
            patience=50, check_on="step",
        ),
        OnEvent(lambda trainer, module: None, "optimizer_step_started", every=2),
        ema,
        checkpoint,
    ]  # fmt: skip
    options: dict[str, Any] = {**QUIET, "enable_checkpointing": True}
    again = GANModule()
    fit = pl.Trainer(**options, max_epochs=3, callbacks=callbacks)
    fit.fit(again, points())
    assert watched.seen == alone.seen
    same_weights(again, module)
    assert len(list(tmp_path.glob("*.ckpt"))) == 2
    assert ema.average_model is not None
