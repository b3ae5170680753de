import pytest
import torch

from lightning_kit.tasks.step import input_of, split

INPUT, TARGET = torch.zeros(2, 3), torch.ones(2)


@pytest.mark.parametrize("batch", [(INPUT, TARGET), [INPUT, TARGET]])
def test_a_pair_is_taken_apart(batch: object) -> None:
    input, target = split(batch)
    assert input is INPUT
    assert target is TARGET


@pytest.mark.parametrize(
    ("batch", "found"),
    [(INPUT, "Tensor"), ((INPUT,), "tuple of 1"), ({"input": INPUT}, "dict of 1")],
)
def test_what_is_no_pair_is_named(batch: object, found: str) -> None:
    with pytest.raises(ValueError, match=rf"\(input, target\), got {found}"):
        split(batch)


def test_prediction_takes_input_bare_alone_or_with_its_target() -> None:
    structured = {"left": INPUT, "right": INPUT}
    for batch in (INPUT, (INPUT,), [INPUT], (INPUT, TARGET), [INPUT, TARGET]):
        assert input_of(batch) is INPUT
    assert input_of(structured) is structured


def test_prediction_refuses_longer_tuples() -> None:
    with pytest.raises(ValueError, match="got tuple of 3: put an input of several parts"):
        input_of((INPUT, INPUT, INPUT))
