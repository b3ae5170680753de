"""Row 40: ``self.example_input_array = torch.randn(1, 3, 224, 224)``, ``export_model``."""

from pathlib import Path

import numpy as np
import torch
from origin.exported import ImageClassifier

from lightning_kit.export import export


class Exported(ImageClassifier):
    def __init__(self) -> None:
        super().__init__()
        # As the article says it; smaller, for 256 random rows like it are drawn.
        self.example_input_array = torch.randn(1, 3, 32, 32)


def test_a_modules_own_example_is_enough_to_export_it(tmp_path: Path) -> None:
    model = Exported()
    artefact = export(model, tmp_path / "artefact")
    pictures = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        wanted = model.eval()(pictures)
    found = artefact.answer({"input": pictures.numpy()})["output"]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    verified = artefact.manifest.verification
    assert verified["samples"] == 256
    assert any("random rows like" in remark for remark in verified["remarks"])
