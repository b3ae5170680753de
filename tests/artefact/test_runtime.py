"""A graph runs quietly, and what it cannot run is one line."""

import sys
from pathlib import Path

import numpy as np
import pytest
from programs.artefacts import write_table

from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.runtime import OnnxRuntime


@pytest.fixture
def runtime(tmp_path: Path) -> OnnxRuntime:
    return OnnxRuntime(write_table(tmp_path / "small") / "model.onnx")


def test_outputs_have_names(runtime: OnnxRuntime) -> None:
    outputs = runtime({"input": np.zeros((2, 3), np.float32)})
    np.testing.assert_allclose(outputs["probabilities"], np.full((2, 3), 1 / 3), rtol=1e-6)
    assert outputs["prediction"].tolist() == [0, 0]
    assert (runtime.input_names, runtime.output_names) == (["input"], list(outputs))


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"x": np.zeros((1, 3), "f")},
        {"input": np.zeros((1, 4), "f")},
        {"input": np.zeros((1, 3))},
    ],
)
def test_wrong_inputs_are_one_line(
    runtime: OnnxRuntime, inputs: dict[str, np.ndarray], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ArtefactError) as caught:
        runtime(inputs)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_what_is_no_graph_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "torn.onnx").write_bytes(b"\x08\x0a torn")
    with pytest.raises(ArtefactError, match=r"torn\.onnx: onnxruntime .* cannot run it"):
        OnnxRuntime(tmp_path / "torn.onnx")
    with pytest.raises(ArtefactError, match=r"gone\.onnx: there is no such file"):
        OnnxRuntime(tmp_path / "gone.onnx")
    assert capfd.readouterr() == ("", "")


def test_threads_are_at_least_one() -> None:
    with pytest.raises(ValueError, match="threads must be at least 1, got 0"):
        OnnxRuntime("model.onnx", threads=0)


def test_without_onnxruntime_one_line_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "model.onnx").touch()
    with pytest.raises(ImportError, match=r"pip install 'lightning_kit\[export\]'"):
        OnnxRuntime(tmp_path / "model.onnx")
