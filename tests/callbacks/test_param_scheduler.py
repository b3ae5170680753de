"""Values are those of the schedule at each batch or epoch, also after a resume, also from YAML."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import pytorch_lightning as pl
import torch
import yaml
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import LightningCLI
from torch.utils.data import DataLoader

from lightning_kit.callbacks import LearningRateFinder, ParamScheduler
from lightning_kit.meters import EventFilter
from lightning_kit.schedules import Exponential, Linear, Piecewise

pytestmark = [
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`"),
    pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before"),
]
EPOCH: Any = "epoch_started"


class Seen(pl.Callback):
    """What holds while each batch is trained."""

    def __init__(self, read: Callable[[pl.Trainer, Any], float]) -> None:
        self.read = read
        self.values: list[float] = []

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: Any, *args: Any) -> None:
        self.values.append(self.read(trainer, pl_module))


def rate(trainer: pl.Trainer, module: Any) -> float:
    return float(trainer.optimizers[0].param_groups[0]["lr"])


def dropout(trainer: pl.Trainer, module: Any) -> float:
    return float(module.net[0].p)


def batch_size_now(trainer: Any, module: Any) -> float:
    return float(trainer.train_dataloader.batch_size)


def fit(
    *parts: pl.Callback,
    module: pl.LightningModule | None = None,
    data: pl.LightningDataModule | None = None,
    ckpt_path: str | None = None,
    **options: Any,
) -> pl.Trainer:
    trainer = pl.Trainer(**{**QUIET, "max_epochs": 2, "callbacks": list(parts), **options})
    trainer.fit(module or PlainModule(), data or PlainData(), ckpt_path=ckpt_path)
    return trainer


def test_every_batch_has_its_value_and_the_history_has_all() -> None:
    part = ParamScheduler("optimizer.lr", lambda k: 0.1 / (k + 1), history=True)
    seen = Seen(rate)
    # Counts are of batches, not of optimizer steps.
    fit(part, seen, accumulate_grad_batches=2)
    assert seen.values == [0.1 / (k + 1) for k in range(10)]
    assert part.param_history == list(zip(range(1, 11), seen.values, strict=True))


def test_an_epoch_has_one_value_and_no_history_is_kept_unasked() -> None:
    part, seen = ParamScheduler("model.net.0.p", Exponential(0.5, 0.5), EPOCH), Seen(dropout)
    fit(part, seen)
    assert seen.values == [0.5] * 5 + [0.25] * 5
    assert part.param_history == []


def test_only_picked_events_count() -> None:
    part = ParamScheduler("optimizer.lr", Linear(1, 0, 8), filter=EventFilter(every=4))
    seen = Seen(rate)
    fit(part, seen)
    # Picked are 4 and 8: f(0) = 1, f(1) = 0.75; before the first the module's own rate holds.
    assert seen.values == [0.1] * 3 + [1.0] * 4 + [0.75] * 3


def warm_up_and_then(target: str) -> list[pl.Callback]:
    warm_up = ParamScheduler(target, Piecewise([(0, 0.0), (9, 0.9)]), filter=EventFilter(before=11))
    by_epoch = ParamScheduler(target, Exponential(0.8, 0.5), EPOCH, filter=EventFilter(after=2))
    # The order in the list must not matter.
    return [by_epoch, warm_up]


WARM = [k / 10 for k in range(10)]


@pytest.mark.parametrize("target", ["optimizer.lr", "model.net.0.p"])
def test_a_warm_up_by_iteration_then_a_schedule_by_epoch(target: str) -> None:
    seen = Seen(rate if target == "optimizer.lr" else dropout)
    fit(*warm_up_and_then(target), seen, max_epochs=4)
    torch.testing.assert_close(seen.values, [*WARM, *[0.8] * 5, *[0.4] * 5])


@pytest.mark.parametrize("step", [3, 10, 13])
def test_a_resumed_run_goes_on_where_it_was(step: int, tmp_path: Path) -> None:
    keep = ModelCheckpoint(tmp_path, every_n_train_steps=1, save_top_k=-1, filename="{step}")
    loud: Any = {"max_epochs": 4, "enable_checkpointing": True}
    whole, rest = Seen(dropout), Seen(dropout)
    fit(*warm_up_and_then("model.net.0.p"), whole, keep, **loud)
    # From the last batch of an epoch, 10, Lightning goes on without the next one's
    # `on_train_epoch_start`.
    path = str(tmp_path / f"step={step}.ckpt")
    fit(*warm_up_and_then("model.net.0.p"), rest, ckpt_path=path, max_epochs=4)
    torch.testing.assert_close(rest.values, whole.values[step:])


def test_a_value_in_force_comes_back_before_the_first_batch(tmp_path: Path) -> None:
    def part() -> ParamScheduler:
        return ParamScheduler(
            "model.net.0.p", lambda k: 0.25, filter=EventFilter(once=2), history=True
        )

    keep = ModelCheckpoint(tmp_path, every_n_train_steps=1, save_top_k=-1, filename="{step}")
    fit(part(), keep, max_epochs=1, enable_checkpointing=True)
    seen, again = Seen(dropout), part()
    fit(seen, again, ckpt_path=str(tmp_path / "step=3.ckpt"), max_epochs=1)
    assert seen.values == [0.25] * 2
    assert again.param_history == []


class Sized(PlainData):
    """Remember the batch size of each loader."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[str, int]] = []

    def train_dataloader(self) -> DataLoader[Any]:
        self.sizes.append(("train", self.batch_size))
        return super().train_dataloader()

    def val_dataloader(self) -> DataLoader[Any]:
        self.sizes.append(("val", self.batch_size))
        return super().train_dataloader()


class Asks(PlainModule):
    """Its schedule's length is asked for before any hook of the fit."""

    def configure_optimizers(self) -> Any:
        assert self.trainer.estimated_stepping_batches
        return super().configure_optimizers()


def batch_size(schedule: Callable[[int], float] = lambda k: 4 * 2**k) -> ParamScheduler:
    return ParamScheduler("datamodule.batch_size", schedule, EPOCH, history=True)


@pytest.mark.parametrize("module", [PlainModule, Asks])
def test_a_batch_size_holds_for_the_loaders_of_its_epoch(module: type[PlainModule]) -> None:
    data, rows, part = Sized(), Seen(lambda trainer, module: 0), batch_size()
    fit(part, rows, module=module(), data=data, max_epochs=3, reload_dataloaders_every_n_epochs=1)
    assert [size for stage, size in data.sizes if stage == "train"] == [4, 8, 16]
    # The first epoch validates with the loader of the sanity check.
    assert [size for stage, size in data.sizes if stage == "val"] == [4, 8, 16]
    # 40 rows: 10, 5 and 3 batches, no row is dropped.
    assert len(rows.values) == 18
    assert part.param_history == [(1, 4.0), (2, 8.0), (3, 16.0)]
    assert not {"train_dataloader", "val_dataloader"} & set(vars(data))


@pytest.mark.parametrize(
    ("end", "module", "limit"),
    [
        ("validation", PlainModule, {"max_epochs": 3}),
        ("train", PlainModule, {"max_epochs": 3}),
        ("train", Asks, {"max_epochs": 3}),
        ("validation", Asks, {"max_steps": 18}),
        ("train", PlainModule, {"max_steps": 18}),
    ],
)
def test_a_resumed_run_has_the_batch_size_of_its_epoch(
    end: str, module: type[PlainModule], limit: dict[str, int], tmp_path: Path
) -> None:
    every: Any = {"reload_dataloaders_every_n_epochs": 1, "max_epochs": -1, **limit}
    keep = ModelCheckpoint(
        tmp_path, save_top_k=-1, filename="{epoch}", save_on_train_epoch_end=end == "train"
    )
    fit(batch_size(), keep, module=module(), data=Sized(), enable_checkpointing=True, **every)
    data, rows = Sized(), Seen(batch_size_now)
    path = str(tmp_path / "epoch=0.ckpt")
    fit(rows, batch_size(), module=module(), data=data, ckpt_path=path, **every)
    assert rows.values == [8] * 5 + [16] * 3


def test_two_attributes_of_a_datamodule_and_an_exception() -> None:
    data = Sized()
    data.other = 1.0  # type: ignore[attr-defined]
    second = ParamScheduler("datamodule.other", lambda k: k + 0.5, EPOCH)
    with pytest.raises(RuntimeError, match="cursed"):
        fit(
            batch_size(), second, module=PlainModule(fail_at=12), data=data,
            reload_dataloaders_every_n_epochs=1,
        )  # fmt: skip
    assert (data.batch_size, data.other) == (8, 1.5)  # type: ignore[attr-defined]
    assert not {"train_dataloader", "val_dataloader"} & set(vars(data))


def test_a_batch_size_is_rounded_and_must_be_a_row() -> None:
    data = Sized()
    every: Any = {"reload_dataloaders_every_n_epochs": 1}
    fit(batch_size(lambda k: 4.5 + k), data=data, **every)
    assert [size for stage, size in data.sizes if stage == "train"] == [5, 6]
    with pytest.raises(ValueError, match="batch_size of at least 1 row, got 0.25 for k = 0"):
        fit(batch_size(lambda k: 0.25), **every)


def test_a_batch_size_without_reloading_is_refused() -> None:
    with pytest.raises(ValueError, match="reload_dataloaders_every_n_epochs=1\\), got 0"):
        fit(batch_size())
    with pytest.raises(ValueError, match="event='epoch_started', got 'iteration_started'"):
        ParamScheduler("datamodule.batch_size", Linear(1, 2, 4))
    trainer = pl.Trainer(
        **QUIET, callbacks=[batch_size()], max_epochs=1, reload_dataloaders_every_n_epochs=1
    )
    with pytest.raises(ValueError, match="needs a datamodule"):
        trainer.fit(PlainModule(), PlainData().train_dataloader(), PlainData().val_dataloader())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "lr"}, "target must be"),
        ({"schedule": 3}, "schedule must be"),
        ({"event": "iteration_completed"}, "event must be one of iteration_started, epoch_started"),
        ({"groups": []}, "groups must be"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ParamScheduler(**{"target": "optimizer.lr", "schedule": Linear(1, 2, 4), **arguments})


@pytest.mark.parametrize(
    ("target", "module", "message"),
    [
        ("optimizer.mometum", PlainModule(), "did you mean 'momentum'"),
        ("model.net.0.q", PlainModule(), "has no 'q'; it has p, inplace"),
        ("optimizer.lr", PlainModule(step_size=1), "moved by StepLR"),
    ],
)
def test_refused_when_the_fit_starts(target: str, module: PlainModule, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(ParamScheduler(target, Linear(1, 2, 4)), module=module)


@pytest.mark.parametrize("kind", [LearningRateFinder, pl.callbacks.LearningRateFinder])
def test_a_rate_that_is_searched_for_is_refused(kind: Any) -> None:
    part = ParamScheduler("optimizer.lr", Linear(1, 2, 4))
    with pytest.raises(ValueError, match=r"'optimizer.lr' is set by LearningRateFinder as well"):
        fit(part, kind())
    fit(part, kind(num_training_steps=2, update_attr=False))
    fit(ParamScheduler("optimizer.momentum", lambda k: 0.5), kind(num_training_steps=2))


def test_a_momentum_that_a_cycle_moves_is_refused_and_another_key_is_not() -> None:
    class Cycled(PlainModule):
        def configure_optimizers(self) -> Any:
            optimizer = super().configure_optimizers()
            cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=99)
            return [optimizer], [cycle]

    fit(ParamScheduler("optimizer.weight_decay", lambda k: 0.0), module=Cycled())
    with pytest.raises(ValueError, match="moved by OneCycleLR"):
        fit(ParamScheduler("optimizer.momentum", lambda k: 0.5), module=Cycled())


def test_a_schedule_must_give_numbers() -> None:
    with pytest.raises(ValueError, match="schedule must give a number, got str 'x' for k = 0"):
        fit(ParamScheduler("optimizer.lr", lambda k: "x"))  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match=r"number, got Tensor of shape \(2,\) for k = 0"):
        fit(ParamScheduler("optimizer.lr", lambda k: torch.ones(2)))  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="finite values, got nan for k = 0"):
        fit(ParamScheduler("optimizer.lr", lambda k: float("nan")))


def test_a_second_trainer_starts_anew() -> None:
    part, seen = ParamScheduler("optimizer.lr", lambda k: 1 + k, history=True), Seen(rate)
    for _ in range(2):
        seen.values.clear()
        fit(part, seen, max_epochs=1)
        assert seen.values == [1.0, 2.0, 3.0, 4.0, 5.0]
        assert len(part.param_history) == 5


def test_nested_schedules_from_yaml(tmp_path: Path) -> None:
    kit = "lightning_kit"
    cosine = {"start": 1.0, "end": 0.0, "cycle_size": 4}
    warmup = {
        "then": {"class_path": f"{kit}.schedules.Cosine", "init_args": cosine},
        "start": 0.0,
        "duration": 3,
    }
    scheduler = {
        "target": "optimizer.lr",
        "schedule": {"class_path": f"{kit}.schedules.Warmup", "init_args": warmup},
        "filter": {"after": 2},
        "history": True,
    }
    callback = {"class_path": f"{kit}.callbacks.ParamScheduler", "init_args": scheduler}
    settings = {
        "seed_everything": 3,
        "model": {"class_path": "programs.plain.PlainModule"},
        "data": {"class_path": "programs.plain.PlainData"},
        "trainer": {**QUIET, "max_epochs": 2, "callbacks": [callback]},
    }
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(settings))
    with mock.patch("sys.argv", ["train"]):
        cli = LightningCLI(
            pl.LightningModule,
            pl.LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            save_config_callback=None,
            run=False,
            args=["-c", str(path)],
        )
    cli.trainer.fit(cli.model, cli.datamodule)
    (part,) = (each for each in cli.trainer.callbacks if isinstance(each, ParamScheduler))  # type: ignore[attr-defined]
    # Up to 1.0 in three events, then half a cosine of four.
    wanted = [0.0, 0.5, 1.0, 0.853553, 0.5, 0.146447, 1.0, 0.853553]
    torch.testing.assert_close(
        [value for _, value in part.param_history], wanted, atol=1e-6, rtol=0
    )
    assert [count for count, _ in part.param_history] == list(range(3, 11))


def test_two_on_one_target_have_two_states() -> None:
    first, second = warm_up_and_then("optimizer.lr")
    assert first.state_key != second.state_key


def early(count: int) -> bool:
    return count < 3


def late(count: int) -> bool:
    return count >= 3


def test_two_with_functions_for_filters_are_told_apart() -> None:
    first, second = (
        ParamScheduler("optimizer.lr", Exponential(1.0, 0.5), filter=EventFilter(when=when))
        for when in (early, late)
    )
    assert first.state_key != second.state_key
    assert "early" in first.state_key
    pl.Trainer(callbacks=[first, second], logger=False, enable_checkpointing=False)
    # Those without one keep the key that their checkpoints have.
    assert "when" not in ParamScheduler("optimizer.lr", Exponential(1.0, 0.5)).state_key
