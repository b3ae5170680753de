"""Whoever puts something in place of a part is heard, when and wherever that happens."""

import pickle
from typing import Any
from unittest import mock

import pytest
import pytorch_lightning as pl
import torch
from programs.lean_pairs import Adversaries, Program, loader, pair
from programs.traced import QUIET
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.strategies import SingleDeviceStrategy

from lightning_kit.loops import lean


def counted(calls: list[str], name: str, function: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return function(*args, **kwargs)

    return call


def both(
    module: type[pl.LightningModule], prepare: Any = None, callback: Any = None, **options: Any
) -> list[list[str]]:
    """Return the calls that were counted on Lightning's loop and on the lean one."""
    found: list[list[str]] = []
    for is_lean in (False, True):
        calls: list[str] = []
        trainer = pl.Trainer(max_epochs=2, **{**QUIET, **options})
        if is_lean:
            lean(trainer)
        if callback is not None:
            trainer.callbacks.append(callback(calls))  # type: ignore[attr-defined]
        if prepare is not None:
            prepare(trainer, calls)
        trainer.fit(module(), loader(), loader(8))
        found.append([*calls, f"steps {trainer.global_step}"])
    return found


@pytest.mark.parametrize("name", ["run", "_optimizer_step", "_training_step"])
def test_on_the_loop_of_optimization(name: str) -> None:
    def prepare(trainer: pl.Trainer, calls: list[str]) -> None:
        loop = trainer.fit_loop.epoch_loop.automatic_optimization
        setattr(loop, name, counted(calls, name, getattr(loop, name)))

    stock, lean_calls = both(Program, prepare)
    assert stock == lean_calls
    assert stock.count(name) == 8


def test_on_the_logger_connector() -> None:
    def prepare(trainer: pl.Trainer, calls: list[str]) -> None:
        connector = trainer._logger_connector
        vars(connector)["on_batch_end"] = counted(calls, "end", connector.on_batch_end)

    stock, lean_calls = both(Program, prepare)
    assert stock == lean_calls
    assert "end" in stock


class Strategy(SingleDeviceStrategy):
    """Has a hook of its own, and says that it accumulates by itself."""

    handles_gradient_accumulation = True
    calls: list[str]

    def on_train_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        self.calls.append("start")


def test_a_strategys_own_hook_and_accumulation() -> None:
    found: list[Any] = []
    for is_lean in (False, True):
        strategy = Strategy("cpu")
        strategy.calls = []
        options = {key: value for key, value in QUIET.items() if key != "accelerator"}
        trainer = pl.Trainer(
            max_epochs=2, strategy=strategy, accumulate_grad_batches=3, accelerator="cpu", **options
        )
        (lean(trainer) if is_lean else trainer).fit(Program(), loader(), loader(8))
        found.append((strategy.calls, trainer.global_step, trainer.fit_loop.state_dict()))
    assert found[0] == found[1]
    assert found[0][0] == ["start"] * 8


@pytest.mark.parametrize(
    "name",
    ["optimizer_step", "configure_gradient_clipping", "optimizer_zero_grad", "backward",
     "on_after_batch_transfer", "transfer_batch_to_device", "log", "training_step"],
)  # fmt: skip
def test_on_the_module_in_mid_epoch_and_for_good(name: str) -> None:
    class Patches(pl.Callback):
        def __init__(self, calls: list[str]) -> None:
            self.calls = calls

        def on_train_batch_end(self, trainer: Any, module: Any, *args: Any) -> None:
            if trainer.global_step == 2:
                setattr(module, name, counted(self.calls, name, getattr(module, name)))

    stock, lean_calls = both(Program, callback=Patches, gradient_clip_val=1.0)
    assert stock == lean_calls
    assert name in stock


def test_on_an_optimizer_in_mid_epoch() -> None:
    class Patches(pl.Callback):
        def __init__(self, calls: list[str]) -> None:
            self.calls = calls

        def on_train_batch_end(self, trainer: Any, module: Any, *args: Any) -> None:
            if trainer.global_step == 2:
                optimizer = module.optimizers()[0]
                optimizer.step = counted(self.calls, "step", optimizer.step)

    stock, lean_calls = both(Adversaries, callback=Patches)
    assert stock == lean_calls
    assert stock.count("step") == 7


def test_an_optimizer_wrapper_of_ones_own() -> None:
    calls: list[str] = []

    class Own(LightningOptimizer):
        def step(self, *args: Any, **kwargs: Any) -> Any:
            calls.append("step")
            return super().step(*args, **kwargs)

    class Wraps(Program):
        def configure_optimizers(self) -> Any:
            return Own(torch.optim.SGD(self.parameters(), 0.1))

    stock, lean_run = pair(Wraps)
    assert stock == lean_run
    assert len(calls) == 16


class Kept:
    """Batches that are there once and for all."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Any:
        return iter(self.batches)


def test_a_step_that_changes_its_batch_leaves_the_loaders_own() -> None:
    class Edits(Program):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            batch[0] = batch[0] * 2
            return super().training_step(batch, batch_idx)

        def validation_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
            batch["x"] = batch["x"] * 2
            super().validation_step((batch["x"], batch["y"]), batch_idx)

    def fit(trainer: pl.Trainer, module: pl.LightningModule) -> None:
        kept = Kept([{"x": x, "y": y} for x, y in loader(8)])
        trainer.fit(module, Kept([list(batch) for batch in loader()]), kept)

    stock, lean_run = pair(Edits, fit=fit, max_epochs=3)
    assert not stock["error"]
    assert stock == lean_run


def test_a_value_that_inference_mode_made() -> None:
    class Infers(Program):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            with torch.inference_mode(batch_idx == 0):
                self.log("a", torch.tensor(float(batch_idx)), on_epoch=True)
            return super().training_step(batch, batch_idx)

    stock, lean_run = pair(Infers)
    assert not stock["error"]
    assert stock == lean_run


def test_a_number_beside_a_double() -> None:
    class Mixes(Program):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            value = torch.tensor(0.1, dtype=torch.float64) if batch_idx == 0 else 0.1
            self.log("mixed", value, on_epoch=True)
            return super().training_step(batch, batch_idx)

    stock, lean_run = pair(Mixes)
    assert stock == lean_run


@pytest.mark.parametrize("owner", ["module", "metric"])
def test_a_patch_of_logging_is_heard_in_validation_too(owner: str) -> None:
    from pytorch_lightning.trainer.connectors.logger_connector.result import _ResultMetric

    calls: list[str] = []
    target, name = {"module": (pl.LightningModule, "log"), "metric": (_ResultMetric, "update")}[
        owner
    ]
    counts = []
    for is_lean in (False, True):
        trainer = pl.Trainer(max_epochs=1, **QUIET)
        if is_lean:
            lean(trainer)
        calls.clear()
        function = getattr(target, name)

        def noting(this: Any, *args: Any, function: Any = function, **kwargs: Any) -> Any:
            calls.append("log")
            return function(this, *args, **kwargs)

        with mock.patch.object(target, name, noting):
            trainer.fit(Program(), loader(), loader(8))
        counts.append(len(calls))
    assert counts[0] == counts[1] > 0


def test_callbacks_that_are_mocks_or_have_no_hook() -> None:
    class Without(pl.Callback):
        on_train_batch_start = None  # type: ignore[assignment]

    heard = []
    for is_lean in (False, True):
        double = mock.MagicMock(spec=pl.Callback, state_key="double")
        double.state_dict.return_value = {}
        trainer = pl.Trainer(max_epochs=1, callbacks=[Without()], **QUIET)
        trainer.callbacks.append(double)  # type: ignore[attr-defined]
        (lean(trainer) if is_lean else trainer).fit(Program(), loader(), loader(8))
        heard.append([call[0] for call in double.method_calls])
    assert heard[0] == heard[1]
    assert heard[0].count("on_train_batch_start") == 4


def test_a_trainer_can_be_pickled_after_a_run() -> None:
    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    trainer.fit(Program(), loader(), loader(8))
    assert pickle.loads(pickle.dumps(trainer.fit_loop.epoch_loop)).plan is None
