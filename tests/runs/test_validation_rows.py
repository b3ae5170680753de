from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from lightning_kit.datamodules.exact import wrapped
from lightning_kit.export.errors import ExportError
from lightning_kit.runs import validation_rows
from lightning_kit.runs.validation_rows import as_array, taken_apart, validation_samples

BATCHES = [(torch.full((2, 3), float(n)), torch.tensor([n, n])) for n in range(4)]


def test_batches_become_rows_by_name_with_their_targets() -> None:
    samples = validation_samples([BATCHES])
    assert samples.rows["input"].shape == (8, 3)  # type: ignore[union-attr]
    np.testing.assert_array_equal(samples.target, [0, 0, 1, 1, 2, 2, 3, 3])


def test_a_dict_keeps_its_names_and_rows_without_target_have_none() -> None:
    samples = validation_samples([[{"left": torch.ones(2, 1), "right": torch.zeros(2)}]])
    assert set(samples.rows) == {"left", "right"}
    assert samples.target is None


def test_no_more_rows_are_read_than_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_rows, "MOST_ROWS", 3)
    read: list[int] = []

    def loader() -> Any:
        for place, batch in enumerate(BATCHES):
            read.append(place)
            yield batch

    assert len(validation_samples(loader())) == 3
    assert read == [0, 1]


def test_of_batches_of_several_lengths_those_like_the_first_are_taken() -> None:
    batches = [torch.ones(2, 5), torch.ones(2, 7), torch.ones(1, 5)]
    assert validation_samples([batches]).rows["input"].shape == (3, 5)  # type: ignore[union-attr]


@pytest.mark.parametrize("several", [[BATCHES, []], {"first": BATCHES, "second": []}])
def test_of_several_loaders_the_first_is_read(several: Any) -> None:
    assert len(validation_samples(several)) == 8


def test_a_datamodule_with_encoders_gives_raw_cells() -> None:
    data = SimpleNamespace(
        encoders=[{"kind": "number", "column": "size"}],
        raw_rows=lambda part: {"size": [f"{part}{n}" for n in range(3)]},
        load=lambda part: (None, torch.tensor([1.0, 2.0, 3.0])),
    )
    samples = validation_samples([], data)
    assert samples.rows == {"size": ["val0", "val1", "val2"]}
    np.testing.assert_array_equal(samples.target, [1, 2, 3])
    del data.raw_rows
    with pytest.raises(ExportError, match="has encoders, so it must have raw_rows"):
        validation_samples([], data)


def test_what_else_a_datamodule_calls_encoders_is_let_be() -> None:
    data = SimpleNamespace(encoders=torch.nn.ModuleList([torch.nn.ReLU()]))
    assert len(validation_samples(iter(BATCHES), data)) == 8


@pytest.mark.parametrize("nothing", [[], None, [[]], {}])
def test_no_rows_are_refused(nothing: Any) -> None:
    with pytest.raises(ExportError, match="there is no validation data"):
        validation_samples(nothing)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ((torch.ones(1), torch.ones(1), torch.ones(1)), "got tuple of 3"),
        ("text", "got str for 'input'"),
        ({"words": ["a"]}, "got list for 'words'"),
    ],
)
def test_a_batch_of_another_kind_is_refused(batch: Any, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        validation_samples([[batch]])


def test_what_is_held_exact_is_taken_out() -> None:
    input, target = taken_apart(wrapped((torch.ones(1), torch.zeros(1))))
    assert torch.equal(input, torch.ones(1))
    assert torch.equal(target, torch.zeros(1))
    assert as_array(torch.ones(1, dtype=torch.bfloat16)).dtype == np.float32
