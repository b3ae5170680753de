import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from programs.exported import Calls
from torch import nn

from lightning_kit.export.errors import ExportError
from lightning_kit.export.formats import Onnx, Unsupported
from lightning_kit.export.graph import AnswerGraph

ROWS = {"pixels": torch.rand(2, 3)}
BATCH = {"pixels": {0: "batch"}}


class Named(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.inner(pixels)
        return answer


@pytest.mark.parametrize("opset", [18, 20, None])
def test_one_file_with_names_and_the_opset(opset: int | None, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    network = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 2))
    graph = AnswerGraph.of(None, Named(network), None, ROWS)
    format = Onnx(opset)
    format.write(graph, ROWS, BATCH, path)
    assert [found.name for found in tmp_path.iterdir()] == ["model.onnx"]
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert {entry.version for entry in model.opset_import if not entry.domain} == {opset or 20}
    assert format.opset == (opset or 20)
    ends = (model.graph.input[0], "pixels", 3), (model.graph.output[0], "output", 2)
    for value, name, width in ends:
        batch, columns = value.type.tensor_type.shape.dim
        assert (value.name, batch.dim_param, columns.dim_value) == (name, "batch", width)
    x = np.random.default_rng(0).random((5, 3), np.float32)
    expected = network(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(
        format.open(path)({"pixels": x})["output"], expected, rtol=1e-5, atol=1e-6
    )


def test_an_operation_that_onnx_lacks_is_named(tmp_path: Path) -> None:
    graph = AnswerGraph(None, Calls(torch.special.i0), output_names=["output"])
    with pytest.raises(Unsupported, match="^ONNX has no operation for prims::bessel_i0"):
        Onnx().write(graph, {"input": torch.rand(2, 3)}, {"input": {0: "batch"}}, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_an_opset_that_is_not_there_yet_is_refused_and_nothing_else_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    example = {"input": torch.randn(2, 3)}
    graph = AnswerGraph.of(None, nn.Linear(3, 2), None, example)
    with pytest.raises(ExportError, match="opset must be one that this exporter writes, got 99"):
        Onnx(99).write(graph, example, {"input": {0: "batch"}}, tmp_path / "model.onnx")
    assert not [each for each in caplog.records if each.name.startswith("onnx")]


def test_an_old_opset_is_refused() -> None:
    with pytest.raises(ExportError, match="opset must be at least 18, .* got 17"):
        Onnx(17)


@pytest.mark.parametrize("missing", ["onnx", "onnxscript"])
def test_a_missing_package_names_its_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    graph = AnswerGraph(None, nn.Identity(), output_names=["output"])
    with pytest.raises(ImportError, match=rf"need {missing}, .* 'lightning_kit\[export\]'"):
        Onnx().write(graph, {}, {}, Path("model.onnx"))


def test_formats_are_chosen_without_importing_them() -> None:
    code = (
        "import sys; from lightning_kit.export.formats import FORMATS; "
        "print(sorted({'onnx', 'onnxscript', 'onnxruntime', 'safetensors'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
