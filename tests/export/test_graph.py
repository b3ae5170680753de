from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from lightning_kit.datamodules.preprocess import Scale
from lightning_kit.export.errors import ExportError
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.models import MLP, ClassAnswer


class Sum(nn.Module):
    def forward(self, input: Mapping[str, Tensor]) -> Tensor:
        return input["a"] + 10 * input["b"]


class Keywords(nn.Module):
    def forward(self, b: Tensor, a: Tensor, more: float = 0) -> Tensor:
        return a + 10 * b + more


class Twice(nn.Module):
    def forward(self, input: Tensor) -> tuple[Tensor, Tensor]:
        return input, 2 * input


def test_the_parts_run_one_after_another() -> None:
    network = MLP(4, 3, hidden=[5], dropout=0.9).train()
    example = {"input": torch.rand(2, 4)}
    graph = AnswerGraph.of(Scale(16), network, ClassAnswer(), example)
    assert network.training
    assert graph.output_names == ("probabilities", "prediction", "confidence")
    x = torch.rand(5, 4)
    expected = ClassAnswer()(network.eval()(x / 16))
    torch.testing.assert_close(graph(x), expected, rtol=0, atol=0)


@pytest.mark.parametrize("network", [Sum(), Keywords()])
def test_inputs_go_by_name(network: nn.Module) -> None:
    example = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([3.0, 4.0])}
    graph = AnswerGraph.of(None, network, None, example)
    assert graph.input_names == ("a", "b")
    assert graph(*example.values())["output"].tolist() == [31.0, 42.0]


def test_answers_keep_the_order_they_were_named_in() -> None:
    graph = AnswerGraph(None, Twice(), output_names=("output_1", "output_0"))
    assert list(graph(torch.ones(2))) == ["output_1", "output_0"]


def test_names_must_differ() -> None:
    with pytest.raises(ExportError, match=r"must be different names, got \['a', 'a'\]"):
        AnswerGraph(None, nn.Identity(), input_names=("a", "a"))
    with pytest.raises(ExportError, match="must not share a name, got 'a'"):
        AnswerGraph(None, nn.Identity(), input_names=("a",), output_names=("a",))


@pytest.mark.parametrize(
    ("network", "said"),
    [(nn.Flatten(0), "one row for each input"), (nn.LSTM(3, 2), "'output_1' must be a tensor")],
)
def test_what_is_no_answer_is_refused(network: nn.Module, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        AnswerGraph.of(None, network, None, {"input": torch.ones(2, 3)})
