"""Row 26: ``opset_version=11``: an ONNX file of the opset that is asked for."""

from pathlib import Path

import onnx
import pytest
import torch
from origin.exported import Classifier

from lightning_kit.export import ExportError, export


@pytest.mark.parametrize("opset", [18, 20])
def test_the_file_has_the_opset(tmp_path: Path, opset: int) -> None:
    samples = torch.randn(300, 784)
    artefact = export(Classifier(), tmp_path / "a", samples=samples, formats=["onnx"], opset=opset)
    file = artefact.path / artefact.manifest.formats["onnx"]["file"]
    (imported,) = [each for each in onnx.load(file).opset_import if each.domain in ("", "ai.onnx")]
    assert imported.version == opset
    assert artefact.manifest.formats["onnx"]["opset"] == opset


def test_an_opset_that_torch_no_longer_writes_is_refused(tmp_path: Path) -> None:
    samples = torch.randn(300, 784)
    with pytest.raises(ExportError, match="opset"):
        export(Classifier(), tmp_path / "a", samples=samples, formats=["onnx"], opset=11)
