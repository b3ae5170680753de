"""Row 41: ``class ProductionEngine: serve(self, input_data)``: answers from a trained run."""

from typing import Any

import numpy as np
import torch
from conftest import Run
from ignite.engine import Engine
from programs.plain import PlainData, PlainModule

from lightning_kit.artefact import Artefact
from lightning_kit.runs.directory import RunDirectory


class ProductionEngine:
    """The article's: an Ignite engine around the trained model."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model.eval()
        self.engine = Engine(self._inference_step)

    def _inference_step(self, engine: Engine, batch: Any) -> Any:
        with torch.no_grad():
            return self.model(batch)

    def serve(self, input_data: Any) -> Any:
        return self.engine.run([input_data], max_epochs=1).output


def test_an_artefact_answers_as_the_articles_engine_does(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--trainer.max_epochs", "1") == 0
    run = RunDirectory.latest("small")
    assert kit("export", str(run.path)) == 0

    model = PlainModule()
    model.load_state_dict(torch.load(run.best(), weights_only=True)["state_dict"])
    input = PlainData().rows.tensors[0]
    wanted = ProductionEngine(model).serve(input)
    found = Artefact.open(run.path / "artefact").answer({"input": input.numpy()})["output"]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
