import torch
from torch import Tensor, nn

from lightning_kit.export.graph import AnswerGraph
from lightning_kit.export.specs import input_specs, output_specs


class Tokens(nn.Module):
    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        scores = tokens.float()[:, :, None].expand(-1, -1, 3)
        return {"scores": scores, "best": scores.argmax(-1), "total": scores.sum((1, 2))}


def test_sizes_that_change_with_a_dynamic_one_are_called_as_that_is() -> None:
    example = {"tokens": torch.ones(2, 5, dtype=torch.int64)}
    dynamic = {"tokens": {0: "batch", 1: "length"}}
    graph = AnswerGraph.of(None, Tokens(), None, example)
    assert [str(spec) for spec in input_specs(example, dynamic)] == ["tokens (batch, length) int64"]
    assert [str(spec) for spec in output_specs(graph, example, dynamic)] == [
        "scores (batch, length, 3) float32", "best (batch, length) int64", "total (batch) float32",
    ]  # fmt: skip


def test_a_fixed_size_is_a_number_also_where_it_is_that_of_the_batch() -> None:
    example = {"input": torch.ones(2, 2)}
    dynamic = {"input": {0: "batch"}}
    graph = AnswerGraph.of(None, nn.Identity(), None, example)
    assert input_specs(example, dynamic)[0].shape == ("batch", 2)
    assert output_specs(graph, example, dynamic)[0].shape == ("batch", 2)
