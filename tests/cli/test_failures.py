"""Wrong input is told from a run that failed."""

import pickle
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from conftest import Run
from lightning_fabric.utilities.exceptions import MisconfigurationException

from lightning_kit.callbacks import EndEpoch
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.failures import input_error
from lightning_kit.datamodules import DataError


@pytest.fixture
def trainer() -> pl.Trainer:
    stopping = pl.callbacks.EarlyStopping("val/los")
    return pl.Trainer(accelerator="cpu", logger=False, callbacks=[stopping])


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def by_the_kit() -> Exception:
    from lightning_kit.datamodules import SyntheticDataModule

    try:
        SyntheticDataModule(batch_size=0)
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("as it is"), "as it is"),
        (
            RuntimeError("Early stopping conditioned on metric `val/los` which"),
            "'val/los' is never",
        ),
        (MisconfigurationException("two\nlines"), "two"),
        (pickle.UnpicklingError("Weights only load failed"), "--weights_only false"),
        (
            RuntimeError("Error(s) in loading state_dict for M:\n size mismatch"),
            "does not fit this",
        ),
    ],
)
def test_wrong_input(trainer: pl.Trainer, error: Exception, line: str) -> None:
    found = input_error(raised(error), trainer)
    assert found is not None
    assert line in str(found)


def test_a_first_layer_of_another_size_is_wrong_input(trainer: pl.Trainer) -> None:
    with pytest.raises(RuntimeError) as error:
        torch.nn.Linear(3, 2)(torch.ones(8, 4))
    found = input_error(error.value, trainer)
    assert "the model takes 3 features and gets 4: set its in_features" in str(found)


def test_the_kits_own_checks_are_wrong_input(trainer: pl.Trainer) -> None:
    assert "batch_size must be at least 1" in str(input_error(by_the_kit(), trainer))


@pytest.mark.parametrize("error", [RuntimeError("shapes"), ValueError("a user's"), KeyError("x")])
def test_a_failure_is_none(trainer: pl.Trainer, error: Exception) -> None:
    assert input_error(raised(error), trainer) is None


def test_bad_data_names_its_place() -> None:
    error = DataError("must be a number", file="a.csv", row=3, column="age", value="x")
    assert str(error) == "a.csv, row 3, column 'age': must be a number, got 'x'"


def test_a_callbacks_check_of_the_run_names_the_callback(trainer: pl.Trainer) -> None:
    with pytest.raises(ValueError, match="filter must say") as error:
        EndEpoch().setup(trainer, pl.LightningModule(), "fit")
    line = str(input_error(error.value, trainer))
    assert line.startswith("EndEpoch: filter must say when to end an epoch, got None")


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        ("--callbacks.EndEpoch={}", "EndEpoch: filter must say"),
        (
            "--callbacks.ParamScheduler={target: optimizer.lrr, schedule: {class_path: "
            "Exponential, init_args: {start: 0.1, gamma: 0.9}}}",
            "ParamScheduler: target",
        ),
    ],
)
def test_on_the_command_line(kit: Run, recipe: str, capsys: Any, flag: str, line: str) -> None:
    for verb in ("check", "fit"):
        assert kit(verb, "-c", recipe, flag) == 2
        assert f": {line}" in capsys.readouterr().err
