from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from lightning_kit.datamodules import AbstractDataModule
from lightning_kit.datamodules.base import Part
from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.datamodules.preprocess import Standardise


class Numbers(AbstractDataModule):
    """Twelve rows whose targets are their numbers; prediction has inputs alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"batch_size": 4, "seed": 0} | options))
        self.preprocess = Standardise(1)

    def load(self, part: Part) -> tuple[Tensor, Tensor | None]:
        input = torch.arange(12.0).unsqueeze(1)
        return input, None if part == "predict" else torch.arange(12.0)


class Listener(pl.LightningModule):
    """Keeps the batches that reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.seen: list[Any] = []

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        self.seen.append(batch)
        loss: Tensor = self.layer(batch[0]).sum()
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.seen.append(batch)

    def predict_step(self, batch: Any, batch_idx: int) -> Any:
        self.seen.append(batch)
        return self.layer(batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def trainer(**options: Any) -> pl.Trainer:
    quiet: dict[str, Any] = {
        "accelerator": "cpu",
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "max_epochs": 1,
    }
    return pl.Trainer(**(quiet | options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1 row, got 0"),
        ({"seed": -1}, "seed must not be negative, got -1"),
    ],
)
def test_arguments_out_of_range_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Numbers(**options)


def test_training_is_shuffled_and_the_rest_in_order() -> None:
    datamodule = Numbers()
    order = [target for _, batch in datamodule.train_dataloader() for target in batch.tolist()]
    assert sorted(order) == list(range(12))
    assert order != sorted(order)
    for loader in (datamodule.val_dataloader(), datamodule.test_dataloader()):
        assert [target for _, batch in loader for target in batch.tolist()] == list(range(12))
    assert all(isinstance(batch, Tensor) for batch in datamodule.predict_dataloader())


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_batches_are_pinned_where_the_trainer_has_a_cuda_device(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def build(*tensors: Any, pin: bool, **options: Any) -> BatchLoader:
        asked.append(pin)
        return BatchLoader(*tensors, **options)

    monkeypatch.setattr("lightning_kit.datamodules.base.BatchLoader", build)
    datamodule = Numbers()
    datamodule.preprocess = None
    datamodule.train_dataloader()
    datamodule.trainer = trainer()
    monkeypatch.setattr(type(datamodule.trainer.strategy), "root_device", torch.device(device))
    datamodule.train_dataloader()
    assert asked == [False, device == "cuda"]


def test_inputs_go_through_preprocess_and_targets_stay_raw() -> None:
    datamodule, module = Numbers(), Listener()
    preprocess = datamodule.preprocess
    assert isinstance(preprocess, Standardise)
    preprocess.fit(torch.arange(12.0).unsqueeze(1))
    trainer().validate(module, datamodule, verbose=False)
    torch.testing.assert_close(module.seen[0][0], preprocess(torch.arange(4.0).unsqueeze(1)))
    torch.testing.assert_close(module.seen[0][1], torch.arange(4.0))
    trainer().predict(module, datamodule)
    torch.testing.assert_close(module.seen[-1], preprocess(torch.arange(8.0, 12).unsqueeze(1)))


@pytest.mark.parametrize("precision", ["64-true", "bf16-true"])
def test_preprocess_gives_the_precision_that_the_model_takes(precision: str) -> None:
    module = Listener()
    trainer(precision=precision, fast_dev_run=True).fit(module, Numbers())
    dtype = torch.float64 if precision == "64-true" else torch.bfloat16
    assert all(batch[0].dtype == dtype for batch in module.seen)


@pytest.mark.parametrize("precision", ["bf16-true", "16-true"])
def test_no_precision_rounds_what_is_raw(precision: str) -> None:
    class Years(Numbers):
        def load(self, part: Part) -> tuple[Tensor, Tensor | None]:
            years = 2001 + torch.arange(12.0)
            return years.unsqueeze(1), None if part == "predict" else years

    datamodule, module = Years(), Listener()
    assert isinstance(datamodule.preprocess, Standardise)
    datamodule.preprocess.fit(2001 + torch.arange(12.0).unsqueeze(1))
    wanted = datamodule.preprocess(2001 + torch.arange(12.0).unsqueeze(1))
    trainer(precision=precision).validate(module, datamodule, verbose=False)
    inputs, targets = (torch.cat(parts) for parts in zip(*module.seen, strict=True))
    assert torch.equal(inputs, wanted.to(module.layer.weight.dtype))
    assert torch.equal(targets, 2001 + torch.arange(12.0))
    module.seen.clear()
    trainer(precision=precision).predict(module, datamodule)
    assert torch.equal(torch.cat(module.seen), inputs)
    # Without a trainer a loader gives tensors, as anywhere else.
    assert all(isinstance(batch, Tensor) for batch in Years().predict_dataloader())


def test_overfitting_takes_the_same_rows_each_epoch_without_a_warning() -> None:
    module = Listener()
    trainer(overfit_batches=1, max_epochs=3).fit(module, Numbers())
    assert len(module.seen) >= 3
    assert all(batch[1].tolist() == [0, 1, 2, 3] for batch in module.seen)


def test_what_was_fitted_comes_back_from_a_checkpoint(tmp_path: Path) -> None:
    first, again = Numbers(), Numbers()
    assert isinstance(first.preprocess, Standardise)
    first.preprocess.fit(torch.arange(12.0).unsqueeze(1))
    first.classes, first.class_counts = ["a", "b"], [3, 4]
    first.target_mean, first.encoders = torch.tensor([1.5]), [{"kind": "number"}]
    torch.save(first.state_dict(), tmp_path / "state.pt")
    again.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert isinstance(again.preprocess, Standardise)
    assert torch.equal(again.preprocess.mean, first.preprocess.mean)
    assert (again.classes, again.class_counts) == (["a", "b"], [3, 4])
    assert (again.target_mean, again.encoders) == (torch.tensor([1.5]), [{"kind": "number"}])


def test_a_preprocess_that_was_added_later_keeps_its_own_values() -> None:
    first, again = Numbers(), Numbers()
    first.preprocess = None
    again.load_state_dict(first.state_dict())
    assert isinstance(again.preprocess, Standardise)
    assert again.preprocess.mean.tolist() == [0]
