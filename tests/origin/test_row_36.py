"""Row 36: `CosineAnnealingLR(T_max=10)` with a monitor, and the loss in the progress bar."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET, build
from torch import Tensor, nn, optim
from torch.nn import functional

from lightning_kit.callbacks import ParamScheduler
from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.schedules import Cosine

GENERATOR = torch.Generator().manual_seed(0)
INPUT = torch.randn(24, 8, generator=GENERATOR)
TARGET = torch.randint(0, 3, (24,), generator=GENERATOR)


def loader() -> BatchLoader:
    return BatchLoader(INPUT, TARGET, batch_size=8, shuffle=False, seed=0)


class EnterpriseModel(pl.LightningModule):
    """As printed, around the smallest model; `interval` is what the kit's row adds."""

    def __init__(self, interval: str) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.model = nn.Linear(8, 3)

    def configure_optimizers(self) -> Any:
        optimizer = optim.Adam(self.parameters(), fused=True)
        scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
        settings = {
            "scheduler": scheduler,
            "monitor": "val_loss",
            "interval": self.hparams["interval"],
        }
        return {"optimizer": optimizer, "lr_scheduler": settings}

    def _compute_loss(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return functional.cross_entropy(self.model(batch[0]), batch[1])

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        loss = self._compute_loss(batch)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.log("val_loss", self._compute_loss(batch))


class Record(pl.Callback):
    """Learning rate and progress bar after every step."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.bars: list[dict[str, Any]] = []

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        self.rates.append(trainer.optimizers[0].param_groups[0]["lr"])
        self.bars.append(dict(trainer.progress_bar_metrics))


@pytest.mark.parametrize("interval", ["epoch", "step"])
def test_rates_and_progress_bar_are_the_articles(interval: str, tmp_path: Path) -> None:
    articles, kits = Record(), Record()
    pl.seed_everything(0, verbose=False)
    module = EnterpriseModel(interval)
    pl.Trainer(max_epochs=4, callbacks=[articles], **QUIET).fit(module, loader(), loader())

    cosine = "torch.optim.lr_scheduler.CosineAnnealingLR"
    model = {
        "class_path": "lightning_kit.tasks.ClassificationTask",
        "init_args": {
            "num_classes": 3,
            "model": {
                "class_path": "torch.nn.Linear",
                "init_args": {"in_features": 8, "out_features": 3},
            },
            # jsonargparse keeps the default AdamW's weight decay when the class changes.
            "optimizer": {"class_path": "torch.optim.Adam", "init_args": {"weight_decay": 0.0}},
            "lr_scheduler": {"class_path": cosine, "init_args": {"T_max": 10}},
            "lr_scheduler_interval": interval,
            "lr_scheduler_monitor": "val/loss",
        },
    }
    cli = build(model, tmp_path, max_epochs=4)
    cli.trainer.callbacks.append(kits)  # type: ignore[attr-defined]
    cli.trainer.fit(cli.model, loader(), loader())

    assert kits.rates == articles.rates
    assert len(set(kits.rates)) > 4
    wanted = [bar["train_loss"] for bar in articles.bars]
    assert [bar["train/loss_step"] for bar in kits.bars] == wanted
    assert cli.trainer.lr_scheduler_configs[0].monitor == "val/loss"
    assert torch.equal(cli.model.model.weight, module.model.weight)
    with torch.no_grad():
        whole = functional.cross_entropy(module.model(INPUT), TARGET)
    torch.testing.assert_close(cli.trainer.callback_metrics["val/loss"], whole)


class Rates(pl.Callback):
    """Learning rate of every batch."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        self.rates.append(trainer.optimizers[0].param_groups[0]["lr"])


class Started(Rates):
    """The same where Lightning moves the rate before ``on_train_batch_end``."""

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        super().on_train_batch_end(trainer)

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None: ...


@pytest.mark.parametrize(
    ("interval", "event"), [("epoch", "epoch_started"), ("step", "iteration_started")]
)
def test_the_kits_cosine_without_a_scheduler_gives_the_same_rates(
    interval: str, event: str
) -> None:
    articles, kits = Started(), Rates()
    module = EnterpriseModel(interval)
    pl.Trainer(max_epochs=3, callbacks=[articles], **QUIET).fit(module, loader(), loader())

    class Bare(EnterpriseModel):
        def configure_optimizers(self) -> Any:
            return super().configure_optimizers()["optimizer"]

    cosine: Any = ParamScheduler("optimizer.lr", Cosine(1e-3, 0.0, 10), event)  # type: ignore[arg-type]
    pl.Trainer(max_epochs=3, callbacks=[cosine, kits], **QUIET).fit(
        Bare(interval), loader(), loader()
    )
    # Within T_max: torch goes up again after ten, the kit's starts over.
    assert kits.rates == pytest.approx(articles.rates, rel=1e-12)
    assert len(set(kits.rates)) == (3 if interval == "epoch" else 9)
