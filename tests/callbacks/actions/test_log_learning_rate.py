"""The rates of all optimizers and groups reach all loggers."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader
from pytorch_lightning.loggers import CSVLogger

from lightning_kit.callbacks.actions import LogLearningRate
from lightning_kit.callbacks.on_event import OnEvent


class Several(Traced):
    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.automatic_optimization = form != "optimizers"

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        return super().training_step(batch, batch_idx) if self.automatic_optimization else None

    def configure_optimizers(self) -> Any:
        weight, bias = self.net.weight, self.net.bias
        if self.form == "groups":
            named: dict[str, Any] = {"params": [bias], "lr": 0.2, "name": "biases"}
            groups: list[dict[str, Any]] = [{"params": [weight]}, named]
            return torch.optim.SGD(groups, lr=0.1)
        return [torch.optim.SGD([weight], lr=0.1), torch.optim.Adam([bias], lr=0.2)]


@pytest.mark.parametrize(
    ("module", "keys"),
    [
        (Traced(lr=0.1), {"rate": 0.1}),
        (Several("groups"), {"rate/0": 0.1, "rate/biases": 0.2}),
        (Several("optimizers"), {"rate/0": 0.1, "rate/1": 0.2}),
    ],
)
def test_keys(module: pl.LightningModule, keys: dict[str, float], tmp_path: Path) -> None:
    loggers = [CSVLogger(tmp_path / "a"), CSVLogger(tmp_path / "b")]
    log = OnEvent(LogLearningRate("rate"), "iteration_completed", every=2)
    trainer = pl.Trainer(**{**QUIET, "logger": loggers}, max_epochs=1, callbacks=[log])
    trainer.fit(module, loader(), loader())
    for logger in loggers:
        rows = [r for r in logger.experiment.metrics if keys.keys() & r.keys()]
        assert len(rows) == 0, "written, and forgotten"
        text = Path(logger.log_dir, "metrics.csv").read_text().splitlines()
        head, *lines = [line.split(",") for line in text]
        found = [dict(zip(head, line, strict=True)) for line in lines]
        for key, value in keys.items():
            assert [float(row[key]) for row in found if row[key]] == [value] * 3


def test_a_name_is_needed() -> None:
    with pytest.raises(ValueError, match="name must be a key"):
        LogLearningRate("")
