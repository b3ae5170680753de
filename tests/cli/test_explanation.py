"""What a class says of itself, and the YAML that names it."""

import collections

import pyarrow
import pytest
import pytorch_lightning as pl
import torch
import yaml

from lightning_kit.cli.classes import class_path
from lightning_kit.cli.explanation import arguments, summary, text


class Told:
    def __init__(self, size: int, *, shape: tuple[int, ...] = (1, 2)) -> None:
        """Say it in the constructor.

        Args:
            size: How large.
            shape: How wide and high,
                on two lines.
        """


def test_arguments_with_defaults_and_words() -> None:
    size, shape = arguments(Told)
    assert (size.name, size.type, size.default, size.line) == ("size", "int", None, "How large.")
    assert (shape.type, shape.default) == ("tuple[int, ...]", "(1, 2)")
    assert shape.line == "How wide and high, on two lines."


def test_a_class_that_speaks_in_its_constructor_is_heard() -> None:
    assert summary(Told) == "Say it in the constructor."
    assert "Abstract base class" not in summary(pl.callbacks.ModelPruning)


def test_required_arguments_stand_in_the_yaml() -> None:
    shown = text(torch.nn.Linear)
    entry = yaml.safe_load(shown.partition("\nYAML:\n")[2])
    assert entry["class_path"] == "torch.nn.Linear"
    assert set(entry["init_args"]) == {"in_features", "out_features"}


def test_a_callback_is_shown_in_its_place() -> None:
    entry = yaml.safe_load(text(pl.callbacks.Timer).partition("\nYAML:\n")[2])
    assert entry["trainer"]["callbacks"][0]["class_path"] == "pytorch_lightning.callbacks.Timer"


def test_a_lambda_default_is_shown_as_written() -> None:
    from lightning_kit.tasks import RegressionTask

    assert "lambda params: torch.optim.AdamW(params, lr=1e-3)" in text(RegressionTask)


@pytest.mark.parametrize("cls", [collections.OrderedDict, pyarrow.Schema])
def test_a_class_without_a_signature_is_explained_without_its_arguments(cls: type) -> None:
    shown, _, entry = text(cls).partition("\nYAML:\n")
    assert summary(cls) in shown
    assert "arguments: not known" in shown
    assert yaml.safe_load(entry) == {"class_path": class_path(cls)}
