"""Row 24: ``model.to_torchscript()`` saved as ``model_scripted.pt``: TorchScript on request."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from origin.exported import Classifier

from lightning_kit.export import export
from lightning_kit.export.formats import FORMATS

# TorchScript is deprecated as a whole, in torch and in Lightning.
pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch\\.jit\\..*is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*to_torchscript.*deprecated"),
]


def test_torchscript_gives_the_answers_of_the_articles_file(tmp_path: Path) -> None:
    model = Classifier()
    input = torch.randn(300, 784)
    script = model.to_torchscript(file_path=tmp_path / "model_scripted.pt", method="script")
    assert isinstance(script, torch.jit.ScriptModule)
    load: Any = torch.jit.load
    wanted = load(str(tmp_path / "model_scripted.pt"))(input)

    artefact = export(model, tmp_path / "artefact", samples=input, formats=["torchscript"])
    assert set(artefact.manifest.formats) == {"torchscript"}
    file = artefact.path / artefact.manifest.formats["torchscript"]["file"]
    found = FORMATS["torchscript"]().open(file)({"input": input.numpy()})["output"]
    np.testing.assert_allclose(found, wanted.detach(), rtol=1e-5, atol=1e-6)
