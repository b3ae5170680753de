import pytest
import torch

from lightning_kit.models import ClassAnswer, RegressionAnswer


def test_multiclass_answers_by_hand() -> None:
    # exp(ln 3) = 3 and exp(0) = 1: 3/4 and 1/4.
    answer = ClassAnswer()(torch.tensor([[0.0, torch.tensor(3.0).log()], [1.0, 1.0]]))
    torch.testing.assert_close(answer["probabilities"], torch.tensor([[0.25, 0.75], [0.5, 0.5]]))
    assert answer["prediction"].tolist() == [1, 0]
    assert answer["prediction"].dtype == torch.int64
    torch.testing.assert_close(answer["confidence"], torch.tensor([0.75, 0.5]))


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_binary_answers_are_two_columns(shape: tuple[int, ...]) -> None:
    logits = torch.tensor([-200.0, 0.0, 50.0]).reshape(shape)
    answer = ClassAnswer("binary")(logits)
    assert answer["probabilities"].shape == (3, 2)
    assert answer["prediction"].tolist() == [0, 0, 1]
    # 1 - sigmoid(50) is 0 in float32; the probability of class 0 is not.
    assert answer["probabilities"][2, 0].item() == pytest.approx(1.9287e-22, rel=1e-3)


def test_multilabel_answers_are_a_column_a_label() -> None:
    answer = ClassAnswer("multilabel")(torch.tensor([[-1.0, 2.0]]))
    assert answer["prediction"].tolist() == [[0, 1]]
    torch.testing.assert_close(
        answer["confidence"], torch.tensor([[0.7311, 0.8808]]), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("kind", ["multiclass", "binary", "multilabel"])
def test_half_precision_is_answered_in_float32(kind: str) -> None:
    logits = torch.randn(4, 1 if kind == "binary" else 3, dtype=torch.bfloat16)
    answer = ClassAnswer(kind)(logits)  # type: ignore[arg-type]
    assert answer["probabilities"].dtype == torch.float32


def test_regression_answers_in_the_targets_units_and_back() -> None:
    answer = RegressionAnswer(2)
    answer.mean.copy_(torch.tensor([10.0, -1.0]))
    answer.std.copy_(torch.tensor([2.0, 0.5]))
    values = answer(torch.tensor([[1.0, 2.0]]))["prediction"]
    assert values.tolist() == [[12.0, 0.0]]
    assert answer.standardise(values).tolist() == [[1.0, 2.0]]


def test_one_target_loses_its_column() -> None:
    assert RegressionAnswer()(torch.zeros(3, 1))["prediction"].shape == (3,)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_units_keep_their_digits_in_a_model_of_few(dtype: torch.dtype) -> None:
    answer = RegressionAnswer()
    answer.mean.fill_(2015.3)
    cast = torch.nn.Sequential(torch.nn.Linear(1, 1), answer).to(dtype)
    assert cast(torch.zeros(1, 1, dtype=dtype))["prediction"].dtype == torch.float32
    assert answer.mean.item() == pytest.approx(2015.3, rel=1e-7)
    assert answer.double().mean.dtype == torch.float64


def test_the_units_are_in_the_state_from_the_start() -> None:
    assert set(RegressionAnswer().state_dict()) == {"mean", "std"}


@pytest.mark.parametrize("module", [ClassAnswer("multiclass"), RegressionAnswer(3)])
def test_answers_export_with_a_free_batch(module: torch.nn.Module) -> None:
    batch = torch.export.Dim("batch")
    program = torch.export.export(module, (torch.randn(2, 3),), dynamic_shapes=({0: batch},))
    input = torch.randn(5, 3)
    torch.testing.assert_close(program.module()(input), module(input))
