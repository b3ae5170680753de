import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from programs.exported import Calls, Dictionary
from torch import Tensor, nn

from lightning_kit.export.formats.torchscript import DEPRECATION, JIT, TorchScript
from lightning_kit.export.formats.unsupported import Unsupported
from lightning_kit.export.graph import AnswerGraph


def test_torch_alone_opens_it_and_gets_a_tuple(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "model.ts"
    example = {"b": torch.rand(2, 3), "a": torch.zeros(2, 3)}
    graph = AnswerGraph.of(None, Dictionary(), None, example)
    TorchScript().write(graph, example, {}, path)
    assert DEPRECATION in caplog.text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        module = JIT.load(path)
    both, same = module(torch.ones(5, 3), torch.zeros(5, 3))
    assert (both.tolist(), same.tolist()) == ([[1.0] * 3] * 5, [[0.0] * 3] * 5)


@pytest.mark.parametrize(
    "function", [lambda x: x * x.sum().item(), lambda x: x if len(x) > 2 else -x]
)
def test_what_a_trace_would_freeze_is_refused(function: object, tmp_path: Path) -> None:
    graph = AnswerGraph(None, Calls(function), output_names=["output"])  # type: ignore[arg-type]
    with pytest.raises(Unsupported, match=r"\(test_torchscript.py, line"):
        TorchScript().write(graph, {"input": torch.ones(2, 2)}, {}, tmp_path / "model.ts")
    assert list(tmp_path.iterdir()) == []


def test_layers_of_torch_that_check_their_input_are_taken(tmp_path: Path) -> None:
    graph = AnswerGraph(None, nn.LSTM(3, 2), Calls(lambda found: found[0]), output_names=["output"])
    TorchScript().write(graph, {"input": torch.ones(2, 4, 3)}, {}, tmp_path / "model.ts")


def test_the_deprecation_says_what_to_take_instead() -> None:
    assert "deprecated" in DEPRECATION
    assert "prefer pt2 or onnx" in DEPRECATION


def test_a_lightning_module_without_a_trainer_is_traced(tmp_path: Path) -> None:
    class Net(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(4, 2)

        def forward(self, input: Tensor) -> Any:
            return self.net(input)

    module = Net()
    example = {"input": torch.randn(2, 4)}
    graph = AnswerGraph.of(None, module, None, example)
    TorchScript().write(graph, example, {}, tmp_path / "model.ts")
    found = TorchScript().open(tmp_path / "model.ts")({"input": example["input"].numpy()})
    np.testing.assert_allclose(found["output"], module(example["input"]).detach(), rtol=1e-6)
    assert "_jit_is_scripting" not in vars(module)
