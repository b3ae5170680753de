"""A resumed fit counts and starts its epochs as one that was never interrupted."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader, rows
from pytorch_lightning.callbacks import ModelCheckpoint as StockCheckpoint

from lightning_kit.callbacks import (
    EpochOutputs,
    EventHandlers,
    Events,
    ExceptionPolicy,
    ModelCheckpoint,
    OnEvent,
    ParamScheduler,
    RunningAverages,
)
from lightning_kit.callbacks.actions import SaveCheckpoint
from lightning_kit.compat import logged_step, mend_resume
from lightning_kit.datamodules import BatchLoader
from lightning_kit.loops import lean
from lightning_kit.schedules import Linear

pytestmark = [
    pytest.mark.filterwarnings("ignore:Checkpoint directory"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
    pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before"),
]


class Mends(pl.Callback):
    """Any callback of the kit; twice, for there may be several."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)
        mend_resume(trainer)


class Notes(pl.Callback):
    """Iteration, epoch, batch and log step of each batch, and the epochs that started."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, int, int, int]] = []
        self.epochs: list[int] = []
        self.validations: list[int] = []

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.epochs.append(trainer.current_epoch + 1)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.validations.append(trainer.current_epoch + 1)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        iteration = trainer.fit_loop.total_batch_idx + 1
        step = logged_step(trainer)
        self.batches.append((iteration, trainer.current_epoch + 1, batch_idx, step))


class BreakOff(Exception):
    pass


class Breaks(Traced):
    """Raise in an iteration, before or after its batch was counted as started."""

    def __init__(self, at: int, early: bool = False, error: type[BaseException] = BreakOff) -> None:
        super().__init__()
        self.at, self.early, self.error = at, early, error

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        if self.early and self.trainer.fit_loop.total_batch_idx + 1 == self.at:
            raise self.error

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        if self.trainer.fit_loop.total_batch_idx + 1 == self.at:
            raise self.error
        return super().training_step(batch, batch_idx)


class Decays(Breaks):
    """Has a learning rate an epoch too."""

    def configure_optimizers(self) -> Any:
        optimizer = super().configure_optimizers()
        return [optimizer], [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)]


class Pairs(Breaks):
    """Take a batch of each of two loaders."""

    def loss(self, batch: Any) -> torch.Tensor:
        if not isinstance(batch, dict):
            return super().loss(batch)
        return super().loss(batch["long"]) + super().loss(
            (batch["short"][0], 0.5 * batch["short"][1])
        )

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        if self.trainer.fit_loop.total_batch_idx + 1 == self.at:
            raise self.error
        return self.loss(batch)


class Begins(pl.Callback):
    """Raise between the fetch of a batch and the count of it."""

    def on_fit_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
        pl_module.on_before_batch_transfer = partial(self.at_transfer, trainer)

    def at_transfer(self, trainer: pl.Trainer, batch: Any, dataloader_idx: int) -> Any:
        if trainer.training and trainer.fit_loop.total_batch_idx + 2 == 4:
            raise BreakOff
        return batch


class CountsAtFetch:
    """A foreign loader that keeps its position, as torchdata's does."""

    def __init__(self) -> None:
        self.rows, self.position = list(loader()), 0

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Any:
        start, self.position = self.position % len(self.rows), 0
        for position in range(start, len(self.rows)):
            self.position = position + 1
            yield self.rows[position]

    def state_dict(self) -> dict[str, int]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.position = state["position"]


def kit_loader(num: int = 24) -> BatchLoader:
    return BatchLoader(*rows(num).tensors, batch_size=4, shuffle=True, seed=0)


def fit(
    *callbacks: pl.Callback,
    module: Any = None,
    ckpt_path: Any = None,
    batches: Any = None,
    **settings: Any,
) -> tuple[Notes, Any]:
    """Six batches an epoch, two epochs."""
    notes, module = Notes(), module or Traced()
    saves = any(isinstance(each, pl.callbacks.Checkpoint) for each in callbacks)
    settings = {**QUIET, "max_epochs": 2, "enable_checkpointing": saves, **settings}
    is_lean = settings.pop("is_lean", False)
    trainer = pl.Trainer(**settings, callbacks=[*callbacks, notes])
    if is_lean:
        lean(trainer)
    trainer.fit(module, batches or loader(), loader(4), ckpt_path=ckpt_path)
    return notes, module


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize(
    ("at", "settings"),
    [
        (4, {}),
        (6, {}),  # the epoch's last
        (7, {}),  # the epoch's first
        (4, {"val_check_interval": 3}),  # behind a validation
        (6, {"accumulate_grad_batches": 2}),
        (4, {"max_steps": 12}),
    ],
)
def test_a_batch_that_an_exception_broke_off_is_counted_once(
    tmp_path: Path, at: int, early: bool, settings: dict[str, Any]
) -> None:
    whole, reference = fit(**settings)
    # Lightning's own callback, which knows of no mend.
    saving = StockCheckpoint(tmp_path, save_on_exception=True, save_top_k=0)
    with pytest.raises(BreakOff):
        fit(saving, module=Breaks(at, early), **settings)
    (saved,) = tmp_path.glob("*.ckpt")
    resumed, module = fit(Mends(), ckpt_path=saved, **settings)
    assert resumed.batches == whole.batches[at - 1 :]
    assert resumed.epochs == ([2] if at <= 6 else [])
    if at == 7:
        # Within an epoch the loader, which cannot be resumed, gives other rows.
        torch.testing.assert_close(module.net.weight, reference.net.weight)


@pytest.mark.parametrize("at", [4, 6, 7, 9])
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("is_lean", [False, True])
def test_a_loader_that_keeps_its_position_gives_such_a_batch_again(
    tmp_path: Path, at: int, early: bool, is_lean: bool
) -> None:
    whole, reference = fit(batches=kit_loader())
    saving = StockCheckpoint(tmp_path, save_on_exception=True, save_top_k=0)
    with pytest.raises(BreakOff):
        fit(saving, module=Breaks(at, early), batches=kit_loader(), is_lean=is_lean)
    (saved,) = tmp_path.glob("*.ckpt")
    resumed, module = fit(Mends(), ckpt_path=saved, batches=kit_loader(), is_lean=is_lean)
    assert resumed.batches == whole.batches[at - 1 :]
    assert resumed.validations == whole.validations[at > 6 :]
    assert torch.equal(module.net.weight, reference.net.weight)


@pytest.mark.parametrize("at", [4, 5, 6, 11, 12])
def test_so_does_a_shorter_one_beside_it_in_its_second_round(tmp_path: Path, at: int) -> None:
    def both() -> dict[str, BatchLoader]:
        return {"long": kit_loader(), "short": kit_loader(num=16)}

    whole, reference = fit(module=Pairs(99), batches=both())
    saving = StockCheckpoint(tmp_path, save_on_exception=True, save_top_k=0)
    with pytest.raises(BreakOff):
        fit(saving, module=Pairs(at), batches=both())
    (saved,) = tmp_path.glob("*.ckpt")
    resumed, module = fit(Mends(), module=Pairs(99), ckpt_path=saved, batches=both())
    assert resumed.batches == whole.batches[at - 1 :]
    assert torch.equal(module.net.weight, reference.net.weight)


def test_so_does_one_that_was_asked_for_a_batch_that_did_not_begin(tmp_path: Path) -> None:
    whole, reference = fit(batches=kit_loader())
    saving = StockCheckpoint(tmp_path, save_on_exception=True, save_top_k=0)
    with pytest.raises(BreakOff):
        fit(saving, Begins(), batches=kit_loader())
    (saved,) = tmp_path.glob("*.ckpt")
    resumed, module = fit(Mends(), ckpt_path=saved, batches=kit_loader())
    assert resumed.batches == whole.batches[3:]
    assert torch.equal(module.net.weight, reference.net.weight)


@pytest.mark.parametrize(
    "settings",
    [{}, {"check_val_every_n_epoch": 2}, {"limit_val_batches": 0}, {"accumulate_grad_batches": 3}],
)
@pytest.mark.parametrize("at", [4, 6, 7, 12])
@pytest.mark.parametrize("is_lean", [False, True])
def test_behind_a_batch_that_a_loader_cannot_give_again_the_fit_counts_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, at: int, settings: Any, is_lean: bool
) -> None:
    def run(*callbacks: Any, **options: Any) -> tuple[Notes, Any]:
        options |= {"max_epochs": 3, "is_lean": is_lean, **settings}
        return fit(*callbacks, batches=CountsAtFetch(), **options)

    whole, reference = run(module=Decays(99))
    saving = StockCheckpoint(tmp_path, save_on_exception=True, save_top_k=0)
    with pytest.raises(BreakOff):
        run(saving, module=Decays(at))
    (saved,) = tmp_path.glob("*.ckpt")
    resumed, module = run(Mends(), module=Decays(99), ckpt_path=saved)
    assert resumed.batches == whole.batches[at:]
    assert resumed.epochs == [epoch for epoch in whole.epochs if epoch > (at + 5) // 6]
    assert resumed.validations == [epoch for epoch in whole.validations if epoch > (at - 1) // 6]
    rates = [each.trainer.optimizers[0].param_groups[0]["lr"] for each in (module, reference)]
    assert rates[0] == rates[1]
    (told,) = [each.getMessage() for each in caplog.records if "not trained again" in each.msg]
    assert "CountsAtFetch" in told


@pytest.mark.parametrize("settings", [{}, {"check_val_every_n_epoch": 2}, {"max_steps": 18}])
def test_an_epoch_behind_the_last_batch_of_another_starts(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    settings = {"max_epochs": 3, **settings}
    whole, reference = fit(**settings)
    fit(StockCheckpoint(tmp_path, "{step}", every_n_train_steps=6, save_top_k=-1), **settings)
    resumed, module = fit(Mends(), ckpt_path=tmp_path / "step=6.ckpt", **settings)
    assert resumed.epochs == [2, 3]
    assert [note[:3] for note in resumed.batches] == [note[:3] for note in whole.batches[6:]]
    torch.testing.assert_close(module.net.weight, reference.net.weight)


def test_a_save_in_an_epoch_that_followed_such_a_start_resumes_there(tmp_path: Path) -> None:
    """Twice resumed: Lightning takes the second epoch as over, though two batches of it ran."""
    saving: dict[str, Any] = {"every_n_train_steps": 2, "save_top_k": -1}
    fit(StockCheckpoint(tmp_path / "1", "{step}", **saving))
    fit(
        Mends(), StockCheckpoint(tmp_path / "2", "{step}", **saving),
        ckpt_path=tmp_path / "1" / "step=6.ckpt",
    )  # fmt: skip
    notes, _ = fit(Mends(), ckpt_path=tmp_path / "2" / "step=8.ckpt")
    assert notes.epochs == []
    assert [note[:3] for note in notes.batches] == [(9, 2, 2), (10, 2, 3), (11, 2, 4), (12, 2, 5)]


@pytest.mark.parametrize(
    "kit",
    [
        lambda: OnEvent(print, "exception_raised"),
        lambda: RunningAverages(),
        lambda: ParamScheduler("optimizer.lr", lambda k: 0.05),
        lambda: EpochOutputs(),
        lambda: ExceptionPolicy([]),
        lambda: ModelCheckpoint(save_top_k=0),
    ],
)
def test_callbacks_of_the_kit_mend_it(tmp_path: Path, kit: Any) -> None:
    saving = StockCheckpoint(tmp_path, save_on_exception=True, save_top_k=0)
    with pytest.raises(BreakOff):
        fit(saving, module=Breaks(4))
    (saved,) = tmp_path.glob("*.ckpt")
    assert [note[0] for note in fit(kit(), ckpt_path=saved)[0].batches] == [*range(4, 13)]


def test_schedules_and_filters_go_on_behind_ctrl_c(tmp_path: Path) -> None:
    """Lightning alone gives the fourth batch the fifth rate and reaches 13 of 12."""

    def rates() -> ParamScheduler:
        return ParamScheduler("optimizer.lr", Linear(0.1, 0.01, 24), history=True)

    whole = rates()
    fit(whole)
    fit(rates(), ExceptionPolicy([], str(tmp_path)), module=Breaks(4, error=KeyboardInterrupt))
    resumed, seen = rates(), EventHandlers()
    counts: list[int] = []
    seen.on(Events.ITERATION_COMPLETED(every=4))(
        lambda trainer: counts.append(trainer.fit_loop.total_batch_idx + 1)
    )
    fit(resumed, seen, ckpt_path=tmp_path / "interrupted.ckpt")
    assert resumed.param_history == whole.param_history[3:]
    assert counts == [4, 8, 12]


def test_an_epochs_own_begin_anew_behind_another_ones_last_batch(tmp_path: Path) -> None:
    def run(ckpt_path: Any = None) -> tuple[list[tuple[str, int]], list[float], int]:
        heard: list[tuple[str, int]] = []
        values: list[float] = []
        events, averages, outputs = EventHandlers(), RunningAverages(usage="epoch"), EpochOutputs()

        def note(event: str, trainer: pl.Trainer) -> None:
            heard.append((event, trainer.current_epoch))

        for event in (Events.EPOCH_STARTED, Events.EPOCH_COMPLETED):
            events.on(event)(partial(note, event))
        events.on(Events.ITERATION_COMPLETED)(lambda: values.append(averages.averages["loss"]))
        path = str(tmp_path / "{iteration}.ckpt")
        # Before its batch's average; the file is the one of an epoch's last batch.
        saving = OnEvent(SaveCheckpoint(path), "iteration_completed")
        fit(averages, events, outputs, saving, ckpt_path=ckpt_path)
        return heard, values, len(outputs.outputs)

    heard, values, num_outputs = run()
    assert run(tmp_path / "6.ckpt") == (heard[2:], values[6:], num_outputs)
    assert num_outputs == 6


class SavesStarts(pl.Callback):
    """Save as an epoch starts, and as it ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.save_checkpoint(self.folder / f"start_{trainer.current_epoch + 1}.ckpt")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.save_checkpoint(self.folder / f"end_{trainer.current_epoch + 1}.ckpt")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"max_steps": 18},
        {"check_val_every_n_epoch": 2},
        {"accumulate_grad_batches": 4},
        {"val_check_interval": 3},
    ],
    ids=str,
)
def test_an_epoch_that_was_saved_at_its_start_is_trained_whole(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    settings = {"max_epochs": 3, **settings}
    whole, reference = fit(SavesStarts(tmp_path), **settings)
    assert len(whole.batches) == 18
    for epoch in (1, 2, 3):
        # Saved anew as it goes on, from where it goes on once more.
        again = tmp_path / f"from_{epoch}"
        starts = [(tmp_path / f"start_{epoch}.ckpt", epoch)]
        if epoch == 2:
            starts += [(tmp_path / "end_2.ckpt", 3)]
            starts += [(again / "start_3.ckpt", 3), (again / "end_2.ckpt", 3)]
        for path, first in starts:
            resumed, module = fit(Mends(), SavesStarts(again), ckpt_path=path, **settings)
            assert resumed.epochs == [1, 2, 3][first - 1 :]
            assert resumed.batches == whole.batches[6 * (first - 1) :]
            torch.testing.assert_close(module.net.weight, reference.net.weight, rtol=0, atol=0)


def test_an_epoch_whose_start_an_exception_broke_off_is_trained_whole(tmp_path: Path) -> None:
    class Starts(Traced):
        def on_train_epoch_start(self) -> None:
            if self.current_epoch:
                raise KeyboardInterrupt

    whole, reference = fit()
    fit(ExceptionPolicy([], str(tmp_path)), module=Starts())
    resumed, module = fit(ExceptionPolicy([]), ckpt_path=tmp_path / "interrupted.ckpt")
    assert (resumed.epochs, resumed.batches) == ([2], whole.batches[6:])
    torch.testing.assert_close(module.net.weight, reference.net.weight, rtol=0, atol=0)


def test_without_the_loops_marks_a_resume_is_lightnings_own(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = pl.Trainer(**QUIET)
    monkeypatch.delattr(type(trainer.fit_loop), "restarted_mid_epoch")
    with caplog.at_level(logging.WARNING, "lightning_kit.compat"):
        mend_resume(trainer)
    assert "no restarted_mid_epoch" in caplog.text
