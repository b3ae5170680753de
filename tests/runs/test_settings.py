"""Changed settings win over what a checkpoint brings back; equal ones leave it alone."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.plain import PlainData, PlainModule
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader

from lightning_kit.runs.settings import KEY, SettingsKeeper

# A resumed run has a directory of its own.
pytestmark = pytest.mark.filterwarnings("ignore:The dirpath has changed")


class Rates(Callback):
    """Keep the rate that each epoch begins with."""

    def __init__(self) -> None:
        self.seen: list[float] = []
        self.decay: list[float] = []

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        group = trainer.optimizers[0].param_groups[0]
        self.seen.append(group["lr"])
        self.decay.append(group["weight_decay"])


def fit(
    module: pl.LightningModule,
    epochs: int,
    path: Path | None = None,
    ckpt: Path | None = None,
    keep: bool = True,
    patience: int = 9,
    data: PlainData | None = None,
) -> tuple[pl.Trainer, Rates, EarlyStopping]:
    rates, stopping = Rates(), EarlyStopping("val/loss", patience=patience)
    checkpoint = ModelCheckpoint(path or "later", save_top_k=-1, filename="{epoch}")
    keeper = SettingsKeeper(resuming=ckpt is not None)
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[stopping, rates, *([keeper] * keep), checkpoint],
    )
    if keep:
        keeper.listen(module)
    torch.manual_seed(0)
    trainer.fit(module, datamodule=data or PlainData(), ckpt_path=ckpt, weights_only=True)
    return trainer, rates, stopping


def module(**arguments: Any) -> PlainModule:
    torch.manual_seed(1)
    return PlainModule(**arguments)


def test_an_unchanged_configuration_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = module(step_size=1, dropout=0.5)
    fit(whole, 4, tmp_path / "whole")
    resumed = module(step_size=1, dropout=0.5)
    fit(resumed, 4, ckpt=tmp_path / "whole" / "epoch=1.ckpt")
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name])


def test_stock_lightning_ignores_a_new_rate(tmp_path: Path) -> None:
    fit(module(lr=0.5), 1, tmp_path)
    _, rates, _ = fit(module(lr=0.1), 2, ckpt=tmp_path / "epoch=0.ckpt", keep=False)
    assert set(rates.seen) == {0.5}, "Lightning has this right now: SettingsKeeper can go"


def test_a_new_rate_and_decay_are_written_back(tmp_path: Path) -> None:
    fit(module(lr=0.5), 1, tmp_path)
    changed = module(lr=0.1, weight_decay=0.25)
    _, rates, _ = fit(changed, 2, ckpt=tmp_path / "epoch=0.ckpt")
    assert set(rates.seen) == {0.1}
    assert set(rates.decay) == {0.25}


def test_a_new_rate_goes_on_where_its_schedule_stands(tmp_path: Path) -> None:
    fit(module(lr=0.8, step_size=1), 2, tmp_path)
    _, rates, _ = fit(module(lr=0.4, step_size=1), 4, ckpt=tmp_path / "epoch=1.ckpt")
    # Two epochs have halved it twice.
    assert sorted(set(rates.seen), reverse=True) == pytest.approx([0.1, 0.05])


def test_a_new_schedule_argument_is_as_if_it_had_been_so_from_the_start(tmp_path: Path) -> None:
    fit(module(lr=0.8, step_size=1), 2, tmp_path)
    _, rates, _ = fit(module(lr=0.8, step_size=2), 4, ckpt=tmp_path / "epoch=1.ckpt")
    assert set(rates.seen) == {0.4}


def test_a_checkpoint_without_a_record_is_judged_by_its_state(tmp_path: Path) -> None:
    fit(module(lr=0.8, step_size=1), 2, tmp_path, keep=False)
    path = tmp_path / "epoch=1.ckpt"
    assert KEY not in torch.load(path, weights_only=True)
    _, same, _ = fit(module(lr=0.8, step_size=1), 3, ckpt=path)
    assert set(same.seen) == {0.2}
    changed = module(lr=0.4, step_size=1, weight_decay=0.5)
    _, other, _ = fit(changed, 3, tmp_path / "other", ckpt=path)
    assert set(other.seen) == {0.1}
    assert set(other.decay) == {0.5}


def test_patience_comes_from_this_run(tmp_path: Path) -> None:
    fit(module(), 1, tmp_path, patience=2)
    _, _, stopping = fit(module(), 2, ckpt=tmp_path / "epoch=0.ckpt", patience=7)
    assert stopping.patience == 7


def test_an_equal_patience_leaves_what_the_run_made_of_it(tmp_path: Path) -> None:
    """A callback that moved its own setting goes on with the moved one."""
    fit(module(), 1, tmp_path, patience=2)
    path = tmp_path / "epoch=0.ckpt"
    content = torch.load(path, weights_only=True)
    next(v for k, v in content["callbacks"].items() if "EarlyStopping" in k)["patience"] = 5
    torch.save(content, path)
    _, _, stopping = fit(module(), 2, ckpt=path, patience=2)
    assert stopping.patience == 5


class Plateau(PlainModule):
    def __init__(self, factor: float = 0.1, lr: float = 1.0) -> None:
        super().__init__(lr=lr)
        self.factor = factor

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=self.lr)
        # A threshold that nothing beats: every epoch after the first lowers the rate.
        schedule = lr_scheduler.ReduceLROnPlateau(
            optimizer, patience=0, factor=self.factor, threshold=1e9, threshold_mode="abs"
        )
        return {"optimizer": optimizer, "lr_scheduler": schedule, "monitor": "val/loss"}


def test_a_plateau_keeps_its_count_and_takes_the_new_factor(tmp_path: Path) -> None:
    # Lightning steps a plateau after the epoch's checkpoint: this one has seen one halving.
    fit(Plateau(0.5), 3, tmp_path)
    trainer, rates, _ = fit(Plateau(0.1), 5, ckpt=tmp_path / "epoch=2.ckpt")
    schedule = trainer.lr_scheduler_configs[0].scheduler
    assert isinstance(schedule, lr_scheduler.ReduceLROnPlateau)
    assert schedule.factor == 0.1
    assert rates.seen[0] == pytest.approx(0.5)
    assert rates.seen[-1] == pytest.approx(0.05)


class Other(PlainModule):
    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.8, momentum=0.9)
        return [optimizer], [lr_scheduler.ExponentialLR(optimizer, 0.1)]


def test_another_schedule_class_starts_where_it_would_stand(tmp_path: Path) -> None:
    fit(module(lr=0.8, step_size=1), 2, tmp_path)
    _, rates, _ = fit(Other(), 3, ckpt=tmp_path / "epoch=1.ckpt")
    assert rates.seen == pytest.approx([0.008] * len(rates.seen))


class Shuffled(PlainData):
    def train_dataloader(self) -> Any:
        return DataLoader(self.rows, batch_size=8, shuffle=True)

    def val_dataloader(self) -> Any:
        return DataLoader(self.rows, batch_size=8)


def test_an_ordinary_shuffled_loader_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = module()
    fit(whole, 4, tmp_path / "whole", data=Shuffled())
    resumed = module()
    fit(resumed, 4, ckpt=tmp_path / "whole" / "epoch=1.ckpt", data=Shuffled())
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name])


def test_another_seed_is_another_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit(module(), 2, tmp_path / "whole", data=Shuffled())
    path = tmp_path / "whole" / "epoch=1.ckpt"
    one, other = module(), module()
    fit(one, 4, tmp_path / "one", ckpt=path, data=Shuffled())
    monkeypatch.setenv("PL_GLOBAL_SEED", "77")
    fit(other, 4, tmp_path / "other", ckpt=path, data=Shuffled())
    before, after = one.state_dict(), other.state_dict()
    assert not torch.equal(before["net.1.weight"], after["net.1.weight"])


def test_a_new_rate_under_a_plateau_keeps_what_it_was_lowered_by(tmp_path: Path) -> None:
    fit(Plateau(0.5), 3, tmp_path)
    _, rates, _ = fit(Plateau(0.5, lr=4.0), 4, ckpt=tmp_path / "epoch=2.ckpt")
    assert rates.seen[0] == pytest.approx(2.0)


def test_an_unchanged_plateau_without_a_record_stays_lowered(tmp_path: Path) -> None:
    fit(Plateau(0.5), 3, tmp_path, keep=False)
    _, rates, _ = fit(Plateau(0.5), 4, ckpt=tmp_path / "epoch=2.ckpt")
    assert rates.seen[0] == pytest.approx(0.5)


class Chained(PlainModule):
    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=self.lr)
        halved = lr_scheduler.ExponentialLR(optimizer, 0.5)
        same = lr_scheduler.ConstantLR(optimizer, 1.0)
        return [optimizer], [lr_scheduler.ChainedScheduler([halved, same])]


def test_a_chained_schedule_goes_on_with_a_new_rate(tmp_path: Path) -> None:
    fit(Chained(lr=0.8), 2, tmp_path)
    _, rates, _ = fit(Chained(lr=0.4), 3, ckpt=tmp_path / "epoch=1.ckpt")
    assert rates.seen == pytest.approx([0.1] * len(rates.seen))


class Still(PlainModule):
    """Trains nothing by itself: two optimizers by hand, or none."""

    def __init__(self, optimizers: int, lr: float = 0.5) -> None:
        super().__init__(lr=lr)
        self.optimizers_wanted = optimizers
        self.automatic_optimization = optimizers == 0

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        for optimizer in self.optimizers() if self.optimizers_wanted else ():  # type: ignore[union-attr]
            optimizer.step()
        return None

    def configure_optimizers(self) -> Any:
        parameters = list(self.parameters())
        return [torch.optim.SGD(parameters, lr=self.lr) for _ in range(self.optimizers_wanted)]


@pytest.mark.filterwarnings("ignore:`training_step` returned `None`")
def test_two_optimizers_by_hand_take_the_new_rate(tmp_path: Path) -> None:
    fit(Still(2), 1, tmp_path)
    trainer, _, _ = fit(Still(2, lr=0.1), 2, ckpt=tmp_path / "epoch=0.ckpt")
    assert [o.param_groups[0]["lr"] for o in trainer.optimizers] == [0.1, 0.1]


class OneCycle(PlainModule):
    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)
        schedule = lr_scheduler.OneCycleLR(optimizer, max_lr=self.lr, total_steps=20)
        settings = {"scheduler": schedule, "interval": "step"}
        return {"optimizer": optimizer, "lr_scheduler": settings}


def test_one_cycle_goes_on_from_a_checkpoint_without_a_record(tmp_path: Path) -> None:
    whole, resumed = OneCycle(), OneCycle()
    _, rates, _ = fit(whole, 4, tmp_path, keep=False)
    _, later, _ = fit(resumed, 4, ckpt=tmp_path / "epoch=1.ckpt")
    assert later.seen == rates.seen[10:]
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name])


def test_a_schedule_taken_away_gives_the_rate_back(tmp_path: Path) -> None:
    fit(module(lr=0.8, step_size=1), 2, tmp_path)
    path = tmp_path / "epoch=1.ckpt"
    _, rates, _ = fit(module(lr=0.8), 4, tmp_path / "without", ckpt=path)
    assert set(rates.seen) == {0.8}
    # What then moves the rate otherwise is left alone.
    _, again, _ = fit(module(lr=0.8), 5, ckpt=tmp_path / "without" / "epoch=3.ckpt")
    assert set(again.seen) == {0.8}


def test_a_plateau_taken_away_gives_the_rate_back(tmp_path: Path) -> None:
    fit(Plateau(0.5), 3, tmp_path)
    _, rates, _ = fit(module(lr=1.0), 4, ckpt=tmp_path / "epoch=2.ckpt")
    assert set(rates.seen) == {1.0}


class Adam(PlainModule):
    """AdamW, with the schedule that :class:`PlainModule` has."""

    plateau = False

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.lr, betas=(0.8, 0.9))
        if self.plateau:
            schedule = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5)
            return {"optimizer": optimizer, "lr_scheduler": schedule, "monitor": "val/loss"}
        if self.step_size is None:
            return optimizer
        return [optimizer], [lr_scheduler.StepLR(optimizer, self.step_size, gamma=0.5)]


@pytest.mark.parametrize("recorded", [True, False])
def test_another_optimizer_starts_fresh_with_its_own_settings(
    tmp_path: Path, recorded: bool, caplog: pytest.LogCaptureFixture
) -> None:
    fit(module(lr=0.5, weight_decay=0.25), 2, tmp_path, keep=recorded)
    caplog.set_level("INFO")
    trainer, rates, _ = fit(Adam(lr=0.1), 3, ckpt=tmp_path / "epoch=1.ckpt")
    (optimizer,) = trainer.optimizers
    assert set(rates.seen) == {0.1}
    assert optimizer.param_groups[0]["betas"] == (0.8, 0.9)
    assert "dampening" not in optimizer.param_groups[0]
    # Its own count of steps: one epoch.
    assert {float(state["step"]) for state in optimizer.state.values()} == {5.0}
    assert any("optimizer 0 (AdamW) starts afresh" in line for line in caplog.messages)


@pytest.mark.parametrize("recorded", [True, False])
def test_another_optimizer_goes_on_where_its_schedule_stands(
    tmp_path: Path, recorded: bool
) -> None:
    fit(module(lr=0.8, step_size=1), 2, tmp_path, keep=recorded)
    path = tmp_path / "epoch=1.ckpt"
    _, same, _ = fit(Adam(lr=0.8, step_size=1), 4, tmp_path / "same", ckpt=path)
    assert sorted(set(same.seen), reverse=True) == pytest.approx([0.2, 0.1])
    _, lower, _ = fit(Adam(lr=0.4, step_size=1), 4, tmp_path / "lower", ckpt=path)
    assert sorted(set(lower.seen), reverse=True) == pytest.approx([0.1, 0.05])


def test_another_optimizer_keeps_what_a_plateau_lowered(tmp_path: Path) -> None:
    fit(Plateau(0.5), 3, tmp_path)
    changed = Adam(lr=0.1)
    changed.plateau = True
    _, rates, _ = fit(changed, 4, ckpt=tmp_path / "epoch=2.ckpt")
    # One halving is in the checkpoint.
    assert rates.seen[0] == pytest.approx(0.05)


def test_the_same_optimizer_keeps_its_state(tmp_path: Path) -> None:
    fit(Adam(), 2, tmp_path)
    trainer, _, _ = fit(Adam(), 3, ckpt=tmp_path / "epoch=1.ckpt")
    states = trainer.optimizers[0].state.values()
    assert {float(state["step"]) for state in states} == {15.0}
