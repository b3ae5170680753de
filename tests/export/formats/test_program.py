import pytest
import torch
from programs.exported import Calls, Tokens
from torch import nn

from lightning_kit.export.formats.program import program_of
from lightning_kit.export.formats.unsupported import Unsupported
from lightning_kit.export.graph import AnswerGraph

BATCH = {"input": {0: "batch"}}
ROWS = {"input": torch.rand(2, 3)}


def test_a_module_in_training_mode_is_taken_in_evaluation_mode() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.9), nn.BatchNorm1d(2)).train()
    program = program_of(AnswerGraph.of(None, network, None, ROWS), ROWS, BATCH).module()
    assert network.training
    x = torch.rand(5, 3)
    torch.testing.assert_close(program(x)["output"], network.eval()(x))


def test_a_length_gets_the_range_that_the_model_takes() -> None:
    network = Tokens(positions=16).eval()
    example = {"input": torch.ones(2, 5, dtype=torch.long)}
    graph = AnswerGraph.of(None, network, None, example)
    dynamic = {"input": {0: "batch", 1: "length"}}
    program = program_of(graph, example, dynamic).module()
    for length in (2, 16):
        x = torch.ones(1, length, dtype=torch.long)
        torch.testing.assert_close(program(x)["output"], network(x))
    with pytest.raises(AssertionError, match="16"):
        program(torch.ones(1, 17, dtype=torch.long))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: x.reshape(2, 3), r"fixes the batch at 2, and a file must take any"),
        (lambda x: x if len(x) > 2 else -x, "fixes the batch at 2"),
        (lambda x: torch.cdist(x, x), r"batch = input 0.size\(\)\[0\] in the specified range"),
        (lambda x: torch.from_numpy(x.numpy()), r"numpy\(\) is not supported .* \(test_program.py"),
        (lambda x: x * int(x.sum()), "control flow or a size depends on the values of the input"),
    ],
)
def test_a_model_that_is_no_program_names_its_line(
    function: object, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    graph = AnswerGraph(None, Calls(function), output_names=["output"])  # type: ignore[arg-type]
    with pytest.raises(Unsupported, match=said):
        program_of(graph, ROWS, BATCH)
    assert capfd.readouterr() == ("", "")
