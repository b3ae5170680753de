"""Averages are right at each step, logged when the Trainer logs, and survive a restart."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from programs.ranks import two_ranks
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger

from lightning_kit.callbacks import RunningAverages
from lightning_kit.callbacks.running_averages import Usage
from lightning_kit.meters import EventFilter


class Returns(PlainModule):
    """Return the number of the batch, and twice that, beside a loss that is the same."""

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        count = float(self.trainer.fit_loop.total_batch_idx + 1)
        loss = super().training_step(batch, batch_idx)
        return {"loss": loss * 0 + count, "twice": 2 * count, "words": "many"}


class Nothing(Returns):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        returned = super().training_step(batch, batch_idx)
        return None if batch_idx == 1 else returned


class Record(pl.Callback):
    def __init__(self, averages: RunningAverages) -> None:
        self.source = averages
        self.averages: list[dict[str, float]] = []
        self.bars: list[float] = []

    def on_train_batch_end(self, trainer: Any, *args: Any) -> None:
        self.averages.append(self.source.averages)
        self.bars.append(trainer.progress_bar_metrics.get("train/loss_running"))


def fit(
    part: RunningAverages, module: pl.LightningModule | None = None, **options: Any
) -> tuple[Record, pl.Trainer]:
    record = Record(part)
    path = options.pop("ckpt_path", None)
    callbacks = [part, record, *options.pop("callbacks", [])]
    trainer = pl.Trainer(**{**QUIET, "max_epochs": 2, "callbacks": callbacks, **options})
    trainer.fit(module or Returns(), PlainData(), ckpt_path=path)
    return record, trainer


@pytest.mark.parametrize("accumulated", [1, 4])
def test_the_loss_over_the_run(accumulated: int) -> None:
    record, _ = fit(RunningAverages(alpha=0.5), accumulate_grad_batches=accumulated)
    found = [each["loss"] for each in record.averages]
    # 1, (1 + 2) / 2, (1.5 + 3) / 2, ...
    assert found[:4] == [1.0, 1.5, 2.25, 3.125]
    assert len(found) == 10


def test_anew_in_each_epoch() -> None:
    record, _ = fit(RunningAverages(alpha=0.5, usage="epoch"))
    assert [each["loss"] for each in record.averages][4:7] == [4.0625, 6.0, 6.5]


def test_over_the_means_of_epochs() -> None:
    part = RunningAverages(alpha=0.5, usage="epochwise")
    _, trainer = fit(part)
    # Means 3 and 8 of 1..5 and 6..10.
    assert part.averages == {"loss": 5.5}
    assert trainer.callback_metrics["train/loss_running"] == 5.5


def test_keys_functions_and_a_filter() -> None:
    part = RunningAverages(["loss", "twice"], alpha=0.5, filter=EventFilter(every=5))
    record, _ = fit(part, accumulate_grad_batches=2)
    assert record.averages[3] == {}
    assert part.averages == {"loss": 7.5, "twice": 15.0}

    squares = {"square": lambda outputs: outputs["loss"] ** 2, "words": lambda outputs: 1}
    part = RunningAverages(squares, alpha=0.5, log_as="mine/{key}")
    _, trainer = fit(part, accumulate_grad_batches=4, log_every_n_steps=1, max_epochs=1)
    # 1, 2.5, 5.75, 10.875, 17.9375
    assert part.averages == {"square": 17.9375, "words": 1.0}
    assert trainer.callback_metrics["mine/square"] == 17.9375


@pytest.mark.filterwarnings("ignore:.training_step. returned .None.")
def test_a_batch_that_the_step_skipped_is_no_value() -> None:
    record, _ = fit(RunningAverages(alpha=0.5), Nothing(), max_epochs=1)
    assert [each["loss"] for each in record.averages[:3]] == [1.0, 1.0, 2.0]


def test_loggers_get_it_when_the_trainer_logs(tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path, flush_logs_every_n_steps=1)
    part = RunningAverages(alpha=0.5)
    fit(part, logger=logger, log_every_n_steps=4)
    rows = (Path(logger.log_dir) / "metrics.csv").read_text().splitlines()
    column = rows[0].split(",").index("train/loss_running")
    found = [row.split(",")[column] for row in rows[1:]]
    # After batches 4 and 8.
    assert [float(value) for value in found if value] == [3.125, 7.0078125]


def test_the_bar_shows_every_batch_and_only_where_asked() -> None:
    record, _ = fit(RunningAverages(alpha=0.5, prog_bar=True))
    assert record.bars[:3] == [1.0, 1.5, 2.25]
    record, _ = fit(RunningAverages(alpha=0.5))
    assert set(record.bars) == {None}


def test_manual_optimization() -> None:
    class Manual(Returns):
        automatic_optimization = False

    record, _ = fit(RunningAverages(["loss", "twice"], alpha=0.5), Manual(), max_epochs=1)
    assert record.averages[1] == {"loss": 1.5, "twice": 3.0}


USAGES: list[Usage] = ["run", "epoch", "epochwise"]


@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`")
@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before")
@pytest.mark.parametrize("step", [3, 5, 10], ids=["mid-epoch", "epoch's last", "run's last"])
@pytest.mark.parametrize("usage", USAGES)
def test_a_resumed_run_goes_on_with_its_averages(usage: Usage, step: int, tmp_path: Path) -> None:
    keep = ModelCheckpoint(tmp_path, every_n_train_steps=1, save_top_k=-1, filename="{step}")
    # With alpha 0.5 the mean over both epochs would do for that of their means.
    whole = RunningAverages(alpha=0.75, usage=usage)
    fit(whole, callbacks=[keep], enable_checkpointing=True)
    rest = RunningAverages(alpha=0.75, usage=usage)
    fit(rest, ckpt_path=str(tmp_path / f"step={step}.ckpt"))
    assert rest.averages == whole.averages
    anew = rest
    fit(anew)
    assert anew.averages == whole.averages


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keys": []}, "keys must be a list"),
        ({"keys": "loss"}, "keys must be a list.*got 'loss'"),
        ({"keys": ["loss", "loss"]}, "different keys"),
        ({"usage": "batch"}, "usage must be one of run, epoch, epochwise, got 'batch'"),
        ({"alpha": 0}, "alpha must be"),
        ({"log_as": ""}, "log_as must"),
        ({"keys": ["loss", "twice"], "log_as": "x"}, "log_as must hold {key}"),
    ],
)
def test_bad_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RunningAverages(**arguments)


@pytest.mark.parametrize(
    ("key", "message"),
    [("acc", "got 'acc'; it returned loss, twice, words"), ("words", "one number each, 'words'")],
)
def test_what_the_step_did_not_return(key: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(RunningAverages([key]))


PROGRAM = """
import pytorch_lightning as pl
import torch
from callbacks.test_running_averages import QUIET, PlainData, Returns
from lightning_kit.callbacks import RunningAverages, running_averages

class Ranked(Returns):
    def training_step(self, batch, batch_idx):
        returned = super().training_step(batch, batch_idx)
        return {**returned, "twice": returned["twice"] * (1 + 2 * rank)}

reduced, original = [], running_averages._mean_over_ranks

def mean(trainer, value):
    reduced.append(trainer.fit_loop.total_batch_idx + 1)
    return original(trainer, value)

running_averages._mean_over_ranks = mean
part = RunningAverages(["twice"], alpha=0.5)
trainer = pl.Trainer(
    **{**QUIET, "devices": 2, "strategy": "ddp", "max_epochs": 2, "log_every_n_steps": 3},
    callbacks=[part],
)
trainer.fit(Ranked(), PlainData())
tell(
    mean=float(trainer.callback_metrics["train/twice_running"]),
    own=part.averages["twice"], reduced=reduced,
)
"""


def test_what_is_logged_is_the_mean_over_ranks_and_only_then_exchanged(tmp_path: Path) -> None:
    first, second = two_ranks(PROGRAM, tmp_path / "ranks")
    # Three batches a rank and epoch; the values are 2n on rank 0, 6n on rank 1, their mean 4n.
    own = 1.0
    for n in range(2, 7):
        own = (own + n) / 2
    assert (first["own"], second["own"]) == (2 * own, 6 * own)
    assert first["mean"] == second["mean"] == 4 * own
    assert first["reduced"] == second["reduced"] == [3, 6]
