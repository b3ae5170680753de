"""A validation within training changes nothing but what it measures."""

import csv
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger

from lightning_kit.callbacks.actions import Validate
from lightning_kit.callbacks.event_handlers import EventHandlers
from lightning_kit.callbacks.fire import fire
from lightning_kit.callbacks.on_event import OnEvent

pytestmark = pytest.mark.filterwarnings("ignore:Found 1 module.s. in eval mode")
AWKWARD = ["started", "iteration_started", "backward_completed", "iteration_completed", "completed"]


class Noting(Traced):
    """Note how often it validated, and what it logged of training."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[str, int]] = []
        self.rows: list[int] = []

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        assert self.trainer.training
        loss = super().training_step(batch, batch_idx)
        self.log("train/mean", loss, on_step=False, on_epoch=True, batch_size=4)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        assert not self.training
        assert not torch.is_grad_enabled()
        super().validation_step(batch, batch_idx)
        self.rows.append(len(batch[1]))

    def on_validation_end(self) -> None:
        self.noted.append(("validated", self.trainer.fit_loop.total_batch_idx + 1))


def fit(callbacks: list[pl.Callback], **settings: Any) -> tuple[Noting, pl.Trainer]:
    module = Noting()
    module.dropout.eval()
    settings = {**QUIET, "max_epochs": 2, "accumulate_grad_batches": 4, **settings}
    trainer = pl.Trainer(**settings, callbacks=callbacks)
    trainer.fit(module, loader(), loader(8))
    return module, trainer


@pytest.mark.parametrize("event", AWKWARD)
def test_training_goes_on_as_without(event: str) -> None:
    once = 1 if event in ("started", "completed") else 5
    plain, reference = fit([])
    module, trainer = fit([OnEvent(Validate(), event, once=once)])
    torch.testing.assert_close(module.net.weight, plain.net.weight, rtol=0, atol=0)
    assert trainer.callback_metrics["train/mean"] == reference.callback_metrics["train/mean"]
    assert trainer.callback_metrics["train/loss"] == reference.callback_metrics["train/loss"]
    at = {"started": 0, "completed": 12}.get(event, 5)
    assert module.noted == sorted([*plain.noted, ("validated", at)], key=lambda note: note[1])
    assert not module.dropout.training, "the mode of each part is given back"
    assert module.net.training


def test_it_is_beside_the_intervals() -> None:
    module, _ = fit([OnEvent(Validate(), "iteration_completed", once=3)], check_val_every_n_epoch=2)
    assert module.noted == [("validated", 3), ("validated", 12)]


def other() -> Any:
    return loader(3, batch_size=3)


def test_on_other_loaders() -> None:
    module, trainer = fit([OnEvent(Validate(other, "other"), "epoch_completed", once=2)])
    # Two validations of two batches of four, and three other rows.
    assert module.rows == [4, 4, 4, 4, 3]
    held: Any = trainer.val_dataloaders
    assert held.batch_size == 4


class Monitors(pl.Callback):
    """Any callback that watches a key."""

    monitor = "val/loss"

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seen.append(float(trainer.callback_metrics["val/loss"]))


class Listens(pl.Callback):
    seen = 0

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seen += 1


def test_scores_of_other_loaders_stand_apart(tmp_path: Path) -> None:
    def monitors() -> list[Any]:
        return [
            Monitors(),
            EarlyStopping("val/loss", patience=9),
            ModelCheckpoint(tmp_path / str(len(list(tmp_path.iterdir()))), monitor="val/loss"),
        ]

    def logged(name: str) -> list[dict[str, str]]:
        with (tmp_path / name / "metrics.csv").open() as file:
            return list(csv.DictReader(file))

    said: list[Any] = []
    for name, more in (
        ("plain", []),
        ("more", [OnEvent(Validate(other, "fixed"), "iteration_completed", every=3)]),
    ):
        watching, listens = monitors(), Listens()
        _, trainer = fit(
            [*watching, listens, *more],
            logger=CSVLogger(tmp_path, "", name),
            enable_checkpointing=True,
            log_every_n_steps=1,
        )
        held = {key: float(value) for key, value in trainer.callback_metrics.items()}
        apart = {key for key in held if key.startswith("fixed/")}
        assert apart == ({"fixed/val/loss"} if more else set())
        assert listens.seen == (6 if more else 2)
        assert {key for key in trainer.logged_metrics if "fixed" in key} == apart
        rows = [row["fixed/val/loss"] for row in logged(name) if row.get("fixed/val/loss")]
        assert len(rows) == (4 if more else 0)
        said.append(
            (
                watching[0].seen,
                watching[1].state_dict(),
                {Path(path).name: score for path, score in watching[2].best_k_models.items()},
                {key: value for key, value in held.items() if key not in apart},
                [row["val/loss"] for row in logged(name) if row["val/loss"]],
            )
        )
    assert said[0] == said[1]


def test_a_prefix_and_loaders_need_each_other() -> None:
    with pytest.raises(ValueError, match="prefix must name .*, got None"):
        Validate(other)
    with pytest.raises(ValueError, match="prefix has no effect without dataloaders, got 'other'"):
        Validate(prefix="other")
    with pytest.raises(ValueError, match="prefix must name .*, got 3"):
        Validate(other, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("event", ["validation_started", "validation_completed"])
def test_no_validation_within_another(event: str) -> None:
    with pytest.raises(ValueError, match=f"Validate has no effect at '{event}'"):
        OnEvent(Validate(), event)
    with pytest.raises(ValueError, match=f"Validate has no effect at '{event}'"):
        EventHandlers().on(event)(Validate(lambda: loader(4), prefix="x"))


def test_where_it_cannot_run() -> None:
    class Within(Noting):
        def on_validation_start(self) -> None:
            fire(self.trainer, "mine")

    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[OnEvent(Validate(), "own:mine")])
    with pytest.raises(RuntimeError, match="needs a trainer that is training, got one in validat"):
        trainer.fit(Within(), loader(), loader(8))
    with pytest.raises(RuntimeError, match="this fit has not all of them"):
        fit([OnEvent(Validate(), "iteration_completed")], limit_val_batches=0)
