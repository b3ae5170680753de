from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from lightning_kit.datamodules import DigitsDataModule
from lightning_kit.export.errors import ExportError
from lightning_kit.runs.exported import (
    dealt_training_rows,
    measure_of,
    to_export,
    training_rows,
    validation_loader,
)
from lightning_kit.tasks import ClassificationTask


class Net(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(3, 2)

    def forward(self, input: Tensor) -> Any:
        return self.net(input)


def test_a_task_gets_its_own_answers_rows_and_measure() -> None:
    data, task = DigitsDataModule(), ClassificationTask(nn.Linear(64, 10), 10)
    data.setup("fit")
    pipeline, samples = to_export(task, data, data.val_dataloader())
    assert samples is not None
    assert (len(samples), pipeline.classes) == (270, [str(digit) for digit in range(10)])
    assert pipeline.network is task.model
    assert pipeline.answer is not None
    answers = pipeline.answer(samples.rows)
    measured = measure_of(task)(answers, samples.target)
    assert set(measured) == {"accuracy", "f1", "auroc"}
    right = np.mean(answers["prediction"] == samples.target)
    assert measured["accuracy"] == pytest.approx(right)


def test_any_module_is_exported_from_its_forward() -> None:
    module = Net()
    pipeline, samples = to_export(module, None, iter([(torch.ones(2, 3), torch.ones(2))]))
    assert samples is not None
    assert pipeline.answer is not None
    assert pipeline.answer(samples.rows)["output"].shape == (2, 2)
    assert measure_of(module) is None


def test_a_target_that_is_no_tensor_counts_in_no_metric() -> None:
    batches = [[(torch.ones(2, 3), {"boxes": torch.ones(2)})]]
    pipeline, samples = to_export(Net(), None, batches)
    assert samples is not None
    assert samples.target is None
    assert pipeline.answers(samples.rows)["output"].shape == (2, 2)


def test_an_example_of_its_own_stands_in_for_data_that_nobody_gave() -> None:
    module = Net()
    with pytest.raises(ExportError, match="no validation data, and Net has no example: give data"):
        to_export(module)
    module.example_input_array = torch.ones(1, 3)
    assert to_export(module)[1] is None


def test_a_datamodule_without_validation_is_named_or_the_example_stands_in() -> None:
    module, data = Net(), pl.LightningDataModule()
    assert validation_loader(data, module) is None
    with pytest.raises(ExportError, match="give LightningDataModule a val_dataloader"):
        to_export(module, data, None)
    module.example_input_array = torch.ones(1, 3)
    assert to_export(module, data, None)[1] is None


def test_the_first_owner_with_a_loader_gives_it() -> None:
    rows = TensorDataset(torch.ones(4, 3))
    data = pl.LightningDataModule.from_datasets(val_dataset=rows)
    assert validation_loader(data, Net()).dataset is rows
    assert validation_loader(None, data).dataset is rows
    assert validation_loader(pl.LightningDataModule.from_datasets(train_dataset=rows)) is None


def test_a_module_without_forward_is_refused() -> None:
    with pytest.raises(ExportError, match="LightningModule must have a forward"):
        to_export(pl.LightningModule(), None, iter([torch.ones(1)]))


def test_training_rows_are_those_that_a_datamodule_has_at_hand() -> None:
    data = DigitsDataModule()
    data.setup("validate")
    rows = training_rows(data)
    assert rows is not None
    assert np.asarray(rows["input"]).shape == (1257, 64)
    assert training_rows(None) is None
    assert training_rows(pl.LightningDataModule()) is None
    data.__dict__["encoders"] = {}
    assert training_rows(data) is not None


def test_training_data_that_is_gone_or_dealt_otherwise_is_no_fault() -> None:
    data = DigitsDataModule(seed=1)
    data.setup("fit")
    other = DigitsDataModule(seed=2)
    other.setup("validate")
    other.load_state_dict(data.state_dict())
    assert training_rows(other) is None


def test_a_datamodule_of_ones_own_deals_its_training_rows() -> None:
    class Own(pl.LightningDataModule):
        def train_dataloader(self) -> Any:
            rows = TensorDataset(torch.ones(3000, 3), torch.ones(3000))
            return DataLoader(rows, batch_size=100)

    found = dealt_training_rows(Own())
    assert found is not None
    assert np.asarray(found["input"]).shape == (2048, 3)


def test_training_rows_that_cannot_be_dealt_are_none() -> None:
    class Unprepared(pl.LightningDataModule):
        def train_dataloader(self) -> Any:
            raise AttributeError("train_set")

    class Odd(pl.LightningDataModule):
        def train_dataloader(self) -> Any:
            return [("words", 1)]

    # The kit's own say themselves which rows they were trained on.
    for data in (None, pl.LightningDataModule(), Unprepared(), Odd(), DigitsDataModule()):
        assert dealt_training_rows(data) is None
