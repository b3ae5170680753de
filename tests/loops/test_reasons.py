"""What the lean loop does not cover runs as Lightning has it, and one line says why."""

from collections.abc import Iterator
from typing import Any

import pytest
import pytorch_lightning as pl
from programs.lean_pairs import Program, loader, pair, rows
from programs.traced import QUIET, Traced
from pytorch_lightning.loops.optimization.automatic import _AutomaticOptimization
from pytorch_lightning.strategies import SingleDeviceStrategy

from lightning_kit.loops import lean


class Fetches(Traced):
    def training_step(  # type: ignore[override]
        self, dataloader_iter: Iterator[Any]
    ) -> Any:
        batch, _, _ = next(dataloader_iter)
        return self.loss(batch)


def said(trainer: pl.Trainer, module: Any, caplog: pytest.LogCaptureFixture) -> str:
    with caplog.at_level("INFO", "lightning_kit.loops"):
        trainer.fit(module, loader(), loader())
    return caplog.text


@pytest.mark.filterwarnings(
    "ignore:Found `dataloader_iter`", "ignore:You are using the `dataloader_iter`"
)
def test_a_step_that_fetches_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    class Regresses(Fetches):
        def loss(self, batch: Any) -> Any:
            return super().loss((batch[0], batch[1].float()))

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            """Do nothing."""

    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    assert "the step takes dataloader_iter" in said(trainer, Regresses(), caplog)


def test_a_patched_loop(caplog: pytest.LogCaptureFixture) -> None:
    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    loop: Any = trainer.fit_loop.epoch_loop
    calls: list[str] = []
    update = loop.update_lr_schedulers

    def noting(interval: str, **kwargs: Any) -> None:
        calls.append(interval)
        update(interval, **kwargs)

    loop.update_lr_schedulers = noting
    assert "update_lr_schedulers of the loop was replaced" in said(trainer, Program(), caplog)
    assert calls


@pytest.mark.parametrize(
    ("owner", "name"), [("fit_loop", "_should_accumulate"), ("profiler", "profile")]
)
def test_a_patched_fit_loop_or_profiler(
    owner: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    part = getattr(trainer, owner)
    calls: list[str] = []
    stock = getattr(part, name)

    def noting(*args: Any) -> Any:
        calls.append(name)
        return stock(*args)

    setattr(part, name, noting)
    words = f"{name} of the {owner.replace('_', ' ')} was replaced"
    assert words in said(trainer, Program(), caplog)
    assert len(calls) >= 4


def test_another_optimization(caplog: pytest.LogCaptureFixture) -> None:
    class Own(_AutomaticOptimization):
        """Lightning's under another name."""

    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    trainer.fit_loop.epoch_loop.automatic_optimization = Own(trainer)
    assert "automatic optimization is a Own" in said(trainer, Program(), caplog)


def test_a_patched_lightning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    backward = SingleDeviceStrategy.backward
    calls: list[str] = []

    def noting(*args: Any, **kwargs: Any) -> Any:
        calls.append("backward")
        return backward(*args, **kwargs)

    monkeypatch.setattr(SingleDeviceStrategy, "backward", noting)
    assert "SingleDeviceStrategy.backward was replaced" in said(trainer, Program(), caplog)
    assert len(calls) == 4


def test_a_patched_strategy_or_precision_is_called_as_it_is() -> None:
    """On an instance, each part goes Lightning's way alone."""
    calls: dict[bool, list[str]] = {True: [], False: []}
    for is_lean in (True, False):
        trainer = pl.Trainer(max_epochs=1, **QUIET)
        for owner, names in {
            trainer.strategy: ("training_step", "validation_step", "backward", "optimizer_step",
                               "batch_to_device"),
            trainer.precision_plugin: ("convert_input", "_after_closure", "pre_backward"),
        }.items():  # fmt: skip
            for name in names:
                stock = getattr(owner, name)

                def noting(
                    *args: Any, name: str = name, stock: Any = stock, here: Any = calls[is_lean],
                    **kwargs: Any,
                ) -> Any:  # fmt: skip
                    here.append(name)
                    return stock(*args, **kwargs)

                vars(owner)[name] = noting
        (lean(trainer) if is_lean else trainer).fit(Program(), loader(), loader(8))
    assert calls[True] == calls[False]
    assert len(set(calls[True])) == 8


def test_a_loader_of_nothing() -> None:
    stock, lean_run = pair(Program, train=[], max_epochs=1)
    assert stock == lean_run
    assert len(rows()) == 14


def test_what_is_covered_is_covered_in_every_epoch_and_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    planned: list[bool] = []

    class Looks(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            loop: Any = trainer.fit_loop.epoch_loop
            planned.append(loop.plan is not None and loop.automatic_optimization.plan is loop.plan)

        def on_validation_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            loop: Any = trainer.fit_loop.epoch_loop.val_loop
            planned.append(loop.plan is not None)

    trainer = lean(pl.Trainer(max_epochs=3, callbacks=Looks(), **QUIET))
    assert said(trainer, Program(), caplog).count("Lightning's own") == 0
    trainer.fit_loop.max_epochs = 5
    assert said(trainer, Program(), caplog).count("Lightning's own") == 0
    assert len(planned) == 5 * 8
    assert all(planned)
