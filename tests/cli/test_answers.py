"""Predictions become a table with a row a sample."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch

from lightning_kit.cli.answers import write_answers
from lightning_kit.cli.errors import InputError


def rows(batches: list[Any], classes: list[str] | None = None) -> list[list[str]]:
    path = Path("answers.csv")
    assert write_answers(path, batches, classes) == sum(len(_first(batch)) for batch in batches)
    return list(csv.reader(path.read_text().splitlines()))


def _first(batch: Any) -> torch.Tensor:
    found: torch.Tensor = next(iter(batch.values())) if isinstance(batch, dict) else batch
    return found


def test_tensors() -> None:
    assert rows([torch.tensor([1, 2]), torch.tensor([3])]) == [["prediction"], ["1"], ["2"], ["3"]]


def test_named_answers_and_class_names() -> None:
    batch = {"prediction": torch.tensor([1, 0]), "p": torch.tensor([[0.25, 0.75], [0.5, 0.5]])}
    assert rows([batch], ["no", "yes"]) == [
        ["prediction", "p_no", "p_yes"], ["yes", "0.25", "0.75"], ["no", "0.5", "0.5"],
    ]  # fmt: skip


def test_half_precision() -> None:
    assert rows([torch.tensor([0.5], dtype=torch.bfloat16)])[1] == ["0.5"]


@pytest.mark.parametrize("batches", [[], [[1, 2]], [{"a": 1}], [torch.tensor(1.0)]])
def test_what_is_no_table(batches: list[Any]) -> None:
    with pytest.raises(InputError):
        write_answers(Path("answers.csv"), batches)


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        (
            [torch.ones(1, 8, 8), torch.ones(1, 8, 8), torch.ones(1, 8, 9)],
            r"'prediction' must have one shape a row for one table, got \(8, 8\), \(8, 9\): ",
        ),
        ([{"map": torch.ones(1, 2)}, {"map": torch.ones(1)}], r"'map' must .* got \(2,\), \(\): "),
        ([{"a": torch.ones(1)}, {"b": torch.ones(1)}], r"the same outputs .* got a, then b: "),
        ([torch.ones(1), {"b": torch.ones(1)}], r"the same outputs .* got prediction, then b: "),
        ([{"a": torch.ones(3), "b": torch.ones(2)}], r"as many rows .* got a 3, b 2: "),
    ],
)
def test_answers_of_several_shapes_are_one_line(batches: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        write_answers(Path("answers.csv"), batches)
    assert not Path("answers.csv").exists()


def test_what_cannot_be_written_is_one_line() -> None:
    with pytest.raises(InputError, match=r"the answers cannot be written \(No such file"):
        write_answers(Path("no") / "answers.csv", [torch.ones(1)])
    with pytest.raises(InputError, match=r"the classes are not this model's"):
        write_answers(Path("answers.csv"), [torch.tensor([3])], ["no", "yes"])


def test_nothing_is_overwritten() -> None:
    Path("answers.csv").write_text("mine")
    with pytest.raises(FileExistsError):
        write_answers(Path("answers.csv"), [torch.ones(1)])
