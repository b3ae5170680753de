"""A module's step is called within the precision's context, with the current hook set."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.lean_pairs import Adversaries, Program, loader, pair, run
from pytorch_lightning.strategies import SingleDeviceStrategy

from lightning_kit.loops import lean


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "bf16-true", "64-true"])
def test_the_same_arithmetic(precision: Any) -> None:
    seen: list[Any] = []

    class Notes(Program):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            enabled = torch.is_autocast_enabled("cpu")
            seen.append((enabled, torch.get_default_dtype(), self._current_fx_name))
            return super().training_step(batch, batch_idx)

    stock, lean_run = pair(Notes, precision=precision)
    assert stock == lean_run
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]
    assert seen[0][0] == (precision == "bf16-mixed")


@pytest.mark.parametrize("module", [Program, Adversaries])
def test_what_a_strategy_does_behind_a_step(module: Any) -> None:
    calls: list[int] = []

    class Following(SingleDeviceStrategy):
        def post_training_step(self) -> None:
            calls.append(1)

    for is_lean in (False, True):
        run(is_lean, module, strategy=Following(device="cpu"))
    half = len(calls) // 2
    assert half > 1
    assert calls == [1] * 2 * half


def test_a_compiled_module_logs_the_same() -> None:
    """Lightning leads a compiled module's step on by itself; ``eager`` needs no compiler."""

    def fit(trainer: pl.Trainer, module: pl.LightningModule) -> None:
        trainer.fit(torch.compile(module, backend="eager"), loader(), loader())  # type: ignore[arg-type]

    class Quiet(Program):
        """Logs nothing in the step: Lightning 2.6.6 cannot (#21836)."""

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, *args: Any) -> None:
            """Do nothing."""

    stock, lean_run = pair(Quiet, fit=fit, max_epochs=1)
    assert stock == lean_run
    assert callable(lean)
