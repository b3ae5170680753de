"""The parts of a step get the time that was spent in them, on a clock of the test's own."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from pytorch_lightning.profilers import PassThroughProfiler, SimpleProfiler
from torch.utils.data import DataLoader, Dataset

from lightning_kit.callbacks import LearningRateFinder, TimeBreakdown
from lightning_kit.callbacks import time_breakdown as module_under_test
from lightning_kit.loops import lean
from lightning_kit.meters import EventFilter, PartTimes

# A second fit of a test writes where the first did.
pytestmark = pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists:UserWarning")
BATCHES = 6


class Clock:
    """A time that passes only when somebody spends it."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def spend(self, seconds: float) -> None:
        self.time += seconds


class Data(Dataset[Any]):
    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    def __len__(self) -> int:
        return BATCHES

    def __getitem__(self, index: int) -> Any:
        self.clock.spend(self.seconds)
        return torch.ones(3), torch.tensor(0)


class Module(PlainModule):
    """Spends what it is told in each part of a step."""

    def __init__(self, clock: Clock, **spent: float) -> None:
        super().__init__()
        self.clock, self.spent = clock, Counter(spent)

    def transfer_batch_to_device(self, batch: Any, *args: Any) -> Any:
        self.clock.spend(self.spent["transfer"])
        return super().transfer_batch_to_device(batch, *args)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        self.clock.spend(self.spent["forward"])
        return super().training_step(batch, batch_idx)

    def backward(self, *args: Any, **kwargs: Any) -> None:
        self.clock.spend(self.spent["backward"])
        super().backward(*args, **kwargs)

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        self.clock.spend(self.spent["optimizer"])
        super().optimizer_step(*args, **kwargs)

    def on_train_batch_end(self, *args: Any) -> None:
        self.clock.spend(self.spent["other"])

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.clock.spend(self.spent["validation"])
        super().validation_step(batch, batch_idx)


class Trains(Module):
    """Without a validation."""

    validation_step = pl.LightningModule.validation_step  # type: ignore[assignment]


class Spends(pl.Callback):
    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    def on_train_batch_end(self, *args: Any) -> None:
        self.clock.spend(self.seconds)


class SavesSlowly(pl.callbacks.ModelCheckpoint):
    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__("own", monitor="val/loss")
        self.clock, self.seconds = clock, seconds

    def on_save_checkpoint(self, *args: Any) -> None:
        self.clock.spend(self.seconds)


def fit(
    breakdown: TimeBreakdown, *, is_lean: bool = False, data: float = 0.0, callback: float = 0.0,
    saving: float = 0.0, num_workers: int = 0, module: type[Module] = Module, **spent: float,
) -> pl.Trainer:  # fmt: skip
    clock = Clock()
    breakdown._host = PartTimes(clock.now)
    callbacks: list[pl.Callback] = [Spends(clock, callback), breakdown, SavesSlowly(clock, saving)]
    trainer = pl.Trainer(**{**QUIET, "enable_checkpointing": True}, max_epochs=2,
                         callbacks=callbacks, default_root_dir="root")  # fmt: skip
    if is_lean:
        lean(trainer)
    loader: Any = DataLoader(Data(clock, data), num_workers=num_workers)
    trainer.fit(module(clock, **spent), loader, DataLoader(Data(clock, 0.0)))
    return trainer


def logged(trainer: pl.Trainer) -> dict[str, float]:
    return {
        key.removeprefix("monitor/time/"): round(float(value), 4)
        for key, value in trainer.callback_metrics.items()
        if key.startswith("monitor/time/")
    }


both = pytest.mark.parametrize("is_lean", [False, True], ids=["stock", "lean"])


@both
def test_each_part_gets_what_was_spent_in_it(is_lean: bool) -> None:
    breakdown = TimeBreakdown()
    trainer = fit(
        breakdown, is_lean=is_lean, data=1, transfer=2, forward=3, backward=4, optimizer=5,
        callback=6, other=7, validation=8, saving=9,
    )  # fmt: skip
    assert breakdown.times.count == BATCHES
    found = logged(trainer)
    # A validation of six batches, which are moved to the device too, after six steps; one save.
    assert found == {
        "waiting_s": 1, "transfer_s": 2, "forward_s": 3, "backward_s": 4, "optimizer_s": 5,
        "callbacks_s": 6, "other_s": 7, "validation_s": 10, "checkpointing_s": 1.5,
        "step_s": 28, "step_p50_s": 28, "step_p90_s": 28, "step_p99_s": 28,
    }  # fmt: skip


@both
@pytest.mark.parametrize(
    ("spent", "verdict"),
    [
        ({"data": 6.2, "forward": 3.8}, "input-bound: 62 % of the step waits for data; try "),
        ({"data": 1, "forward": 2, "backward": 4, "optimizer": 1},
         "compute-bound: 88 % of the step computes (forward 25 %, backward 50 %, optimizer 12 %)"),
        ({"callback": 5, "forward": 3}, "callback-bound: 62 % of the step is in callbacks, most in "
         "Spends; let it act less often"),
        ({"transfer": 5, "forward": 3}, "transfer-bound: 62 % of the step moves batches"),
        ({"data": 1, "forward": 2, "validation": 99, "saving": 99}, "compute-bound: 67 %"),
    ],
)  # fmt: skip
def test_a_verdict_is_right_on_a_program_built_for_it(
    spent: dict[str, Any], verdict: str, is_lean: bool, caplog: pytest.LogCaptureFixture
) -> None:
    breakdown = TimeBreakdown()
    with caplog.at_level("INFO"):
        trainer = fit(breakdown, is_lean=is_lean, **spent)
    assert breakdown.verdict is not None
    assert breakdown.verdict.startswith(verdict)
    assert f"epoch 1: {verdict}" in caplog.text
    (path,) = Path(trainer.default_root_dir).glob("events-*.jsonl")
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(each["kind"], each["epoch"], each["steps"]) for each in events] == [
        ("time", 1, BATCHES), ("time", 2, BATCHES)
    ]  # fmt: skip
    assert events[1]["verdict"] == breakdown.verdict
    assert events[1]["percentiles_s"]["forward"]["p99"] == pytest.approx(spent["forward"]) or (
        spent["forward"] == 0
    )


def test_what_is_said_where_the_loop_takes_most_depends_on_the_loop() -> None:
    said = []
    for is_lean in (False, True):
        breakdown = TimeBreakdown()
        fit(breakdown, is_lean=is_lean, other=5, forward=1)
        said.append(breakdown.verdict)
    assert said[0] is not None
    assert said[1] is not None
    assert "try lean(trainer), or larger batches" in said[0]
    assert said[1].endswith("try larger batches")


def test_manual_optimization_has_the_same_parts() -> None:
    class Manual(Module):
        automatic_optimization = False

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            optimizer: Any = self.optimizers()
            optimizer.zero_grad()
            self.manual_backward(super().training_step(batch, batch_idx))
            optimizer.step()

    for is_lean in (False, True):
        trainer = fit(
            TimeBreakdown(), is_lean=is_lean, module=Manual, data=1, forward=3, backward=4
        )
        found = logged(trainer)
        assert (found["waiting_s"], found["forward_s"], found["backward_s"]) == (1, 3, 4)


def test_a_filter_picks_the_epochs() -> None:
    breakdown = TimeBreakdown(filter=EventFilter(once=1))
    trainer = fit(breakdown, forward=1)
    (path,) = Path(trainer.default_root_dir).glob("events-*.jsonl")
    assert [json.loads(line)["epoch"] for line in path.read_text().splitlines()] == [1]


def test_a_profiler_of_the_users_own_is_kept_and_this_refused() -> None:
    profiler = SimpleProfiler()
    trainer = pl.Trainer(**QUIET, max_epochs=1, profiler=profiler, callbacks=[TimeBreakdown()])
    with pytest.raises(ValueError, match="there is a SimpleProfiler already: leave one"):
        trainer.fit(Trains(Clock()), DataLoader(Data(Clock(), 0.0)))
    assert trainer.profiler is profiler  # type: ignore[attr-defined]


@pytest.mark.parametrize("fails", [False, True])
def test_the_profiler_is_given_back(fails: bool) -> None:
    module = Trains(Clock())
    module.fail_at = 2 if fails else None
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[TimeBreakdown()])
    if fails:
        with pytest.raises(RuntimeError, match="cursed"):
            trainer.fit(module, DataLoader(Data(Clock(), 0.0)))
    else:
        trainer.fit(module, DataLoader(Data(Clock(), 0.0)))
    assert type(trainer.profiler) is PassThroughProfiler  # type: ignore[attr-defined]


def test_steps_of_a_rate_finder_are_no_epochs() -> None:
    breakdown, finder = TimeBreakdown(), LearningRateFinder(num_training_steps=5, update_attr=False)
    callbacks = [Spends(Clock(), 1.0), breakdown, finder]
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=callbacks, default_root_dir="root")
    trainer.fit(PlainModule(), PlainData())
    assert breakdown.times.count == trainer.num_training_batches


class Device:
    """A device that is two steps behind the host, and twice as slow."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.waits = clock, 0

    def now(self) -> float:
        return 2 * self.clock.time

    def has_come(self, moment: float) -> bool:
        return 2 * self.clock.time >= moment + 2 * self.behind

    def seconds(self, begin: float, end: float) -> float:
        return end - begin

    behind = 0.0


@pytest.mark.parametrize("behind", [0.0, 15.0])
def test_on_a_device_computing_is_the_devices_time_and_read_late(
    behind: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    device = Device(clock)
    device.behind = behind
    monkeypatch.setattr(module_under_test, "device_clock", lambda _: device)
    breakdown = TimeBreakdown()
    breakdown._host = PartTimes(clock.now)
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[breakdown])
    trainer.fit(Trains(clock, forward=1, backward=2), DataLoader(Data(clock, 4.0)))
    found = logged(trainer)
    # Of a step of 7 s the device computes 6, for it began while the host waited.
    assert (found["waiting_s"], found["forward_s"], found["backward_s"]) == (4, 2, 4)
    assert breakdown.times.count == (BATCHES if behind == 0 else BATCHES - 3)


def test_ranks_are_compared_by_what_each_takes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def gathered(trainer: pl.Trainer, values: list[float]) -> torch.Tensor:
        slow = list(values)
        # Waiting for data, which the others then wait for in their backward pass.
        slow[0], slow[3] = values[0] + 3, values[3] - 3
        return torch.tensor([values, slow, values])

    monkeypatch.setattr(module_under_test, "_gathered", gathered)
    breakdown = TimeBreakdown()
    fit(breakdown, data=1, forward=2, backward=4)
    assert breakdown.verdict is not None
    assert breakdown.verdict.endswith("; rank 1 is slowest, by 3e+03 ms a step")
