"""Row 25: ``to_onnx("model.onnx", torch.randn(1, 3, 224, 224), export_params=True)``."""

from pathlib import Path

import numpy as np
import pytest
import torch
from origin.exported import ImageClassifier

from lightning_kit.artefact.runtime import OnnxRuntime
from lightning_kit.export import export


# What torch's exporter says of a module in training mode, and of what else is installed.
@pytest.mark.filterwarnings("ignore")
def test_an_image_model_gives_the_answers_of_the_articles_file(tmp_path: Path) -> None:
    model, pictures = ImageClassifier().eval(), torch.randn(6, 3, 224, 224)
    model.to_onnx(
        tmp_path / "model.onnx", torch.randn(1, 3, 224, 224), export_params=True, dynamo=True,
        input_names=["input"], output_names=["output"],
    )  # fmt: skip
    theirs = OnnxRuntime(tmp_path / "model.onnx")
    # As printed the file takes one picture at a time.
    wanted = [theirs({"input": picture[None].numpy()})["output"] for picture in pictures]

    artefact = export(model, tmp_path / "artefact", samples=pictures)
    found = artefact.answer({"input": pictures.numpy()})["output"]
    np.testing.assert_allclose(found, np.concatenate(wanted), rtol=1e-4, atol=1e-5)
    assert artefact.manifest.inputs[0].shape == ("batch", 3, 224, 224)
