"""Whatever is put on an object in the middle of an epoch is heard as soon as by Lightning."""

from collections.abc import Callable
from typing import Any

import pytest
import pytorch_lightning as pl
from programs.lean_pairs import HOOKS, Adversaries, Program, loader, pair
from programs.traced import QUIET

from lightning_kit.loops import lean
from lightning_kit.loops.watch import Watch

OWNERS: dict[str, Callable[[Any], Any]] = {
    "datamodule": lambda trainer: trainer.datamodule,
    "module": lambda trainer: trainer.lightning_module,
    "strategy": lambda trainer: trainer.strategy,
    "precision": lambda trainer: trainer.precision_plugin,
    "optimizer": lambda trainer: trainer.strategy._lightning_optimizers[0],
    "loop": lambda trainer: trainer.fit_loop.epoch_loop,
    "val_loop": lambda trainer: trainer.fit_loop.epoch_loop.val_loop,
    "fit_loop": lambda trainer: trainer.fit_loop,
    "connector": lambda trainer: trainer._logger_connector,
    "profiler": lambda trainer: trainer.profiler,
}
AUTOMATIC = [
    *(f"datamodule.{name}" for name in (
        "on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")),
    *(f"module.{name}" for name in (
        "_on_before_batch_transfer", "_apply_batch_transfer_handler", "optimizer_step", "log")),
    *(f"strategy.{name}" for name in (
        "training_step", "validation_step", "batch_to_device", "backward", "pre_backward",
        "post_backward", "optimizer_step", "post_training_step")),
    *(f"precision.{name}" for name in (
        "convert_input", "backward", "pre_backward", "post_backward", "optimizer_step",
        "_wrap_closure", "_after_closure", "_clip_gradients", "clip_gradients",
        "train_step_context", "val_step_context", "forward_context")),
    *(f"loop.{name}" for name in (
        "update_lr_schedulers", "_should_accumulate", "_num_ready_batches_reached",
        "_accumulated_batches_reached", "_build_kwargs", "_save_loggers_on_train_batch_end",
        "_should_check_val_fx", "on_advance_end", "advance")),
    *(f"connector.{name}" for name in (
        "on_batch_start", "on_batch_end", "update_train_step_metrics", "log_metrics",
        "update_eval_step_metrics", "should_reset_tensors")),
    "optimizer.step", "fit_loop._should_accumulate", "val_loop._build_kwargs",
]  # fmt: skip
MANUAL = [
    "strategy.backward", "strategy.optimizer_step", "strategy.training_step", "optimizer.step",
    "precision.backward", "precision._after_closure", "module.manual_backward",
    "loop._build_kwargs",
]  # fmt: skip


class Data(pl.LightningDataModule):
    def train_dataloader(self) -> Any:
        return loader()

    def val_dataloader(self) -> Any:
        return loader(8)


def fit(trainer: pl.Trainer, module: pl.LightningModule) -> None:
    trainer.fit(module, datamodule=Data())


class Patches(pl.Callback):
    """Puts something in a method's place once, when a hook of its own is called."""

    def __init__(self, target: str, hook: str, calls: list[str]) -> None:
        self.owner, self.name = target.split(".")
        self.calls, self.is_done = calls, False
        setattr(self, hook, self.patch)

    def patch(self, trainer: pl.Trainer, module: Any, *args: Any) -> None:
        if self.is_done or args[-1] != 1:
            return
        self.is_done = True
        owner = OWNERS[self.owner](trainer)
        stock = getattr(owner, self.name)

        def noting(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(f"{self.name} {trainer.fit_loop.epoch_loop.batch_progress.total}")
            return stock(*args, **kwargs)

        setattr(owner, self.name, noting)


def same_calls(module: type[pl.LightningModule], target: str, hook: str, **options: Any) -> None:
    heard: list[list[str]] = []

    def patches() -> list[pl.Callback]:
        heard.append([])
        return [Patches(target, hook, heard[-1])]

    stock, lean_run = pair(
        module, patches, of_callback=HOOKS[:12], fit=fit, num_sanity_val_steps=0, **options
    )
    assert stock["error"] == lean_run["error"] == ""
    assert heard[0] == heard[1]
    assert heard[0]
    assert stock == lean_run


@pytest.mark.parametrize("target", AUTOMATIC)
def test_after_a_batch_of_training(target: str) -> None:
    same_calls(Program, target, "on_train_batch_end", gradient_clip_val=0.5)


@pytest.mark.parametrize(
    "target",
    ["strategy.training_step", "strategy.backward", "fit_loop._should_accumulate",
     "loop.update_lr_schedulers", "connector.on_batch_end", "optimizer.step"],
)  # fmt: skip
def test_before_a_batch_of_training(target: str) -> None:
    same_calls(Program, target, "on_train_batch_start")


@pytest.mark.parametrize(
    "target",
    ["strategy.validation_step", "strategy.batch_to_device", "connector.on_batch_end",
     "connector.update_eval_step_metrics", "datamodule.on_after_batch_transfer",
     "val_loop._build_kwargs", "loop.update_lr_schedulers", "module.log", "connector.log_metrics"],
)  # fmt: skip
@pytest.mark.parametrize("hook", ["on_validation_batch_start", "on_validation_batch_end"])
def test_in_a_validation(target: str, hook: str) -> None:
    same_calls(Program, target, hook, limit_val_batches=2, val_check_interval=2)


@pytest.mark.parametrize("target", MANUAL)
def test_in_manual_optimization(target: str) -> None:
    same_calls(Adversaries, target, "on_train_batch_end")


@pytest.mark.parametrize("name", ["training_step", "validation_step"])
def test_a_step_that_takes_no_index_from_now_on(name: str) -> None:
    class Shortens(pl.Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *args: Any) -> None:
            if args[-1] == 1 and name not in vars(module):
                stock = getattr(module, name)
                setattr(module, name, lambda batch: stock(batch, 0))

    stock, lean_run = pair(Program, lambda: [Shortens()], fit=fit, val_check_interval=2)
    assert stock["error"] == ""
    assert stock == lean_run


def test_a_profiler_is_heard_from_the_next_batch_on() -> None:
    def late(calls: list[str]) -> list[str]:
        return [call for call in calls if not call.startswith("profile _ProcessedTracker(ready=2")]

    heard: list[list[str]] = []

    def patches() -> list[pl.Callback]:
        heard.append([])
        return [Patches("profiler.profile", "on_train_batch_end", heard[-1])]

    pair(Program, patches, fit=fit, num_sanity_val_steps=0)
    assert late(heard[0]) == late(heard[1])
    assert late(heard[0])


def test_a_module_that_was_given_another_trainer_for_good() -> None:
    class Leaves(pl.Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *args: Any) -> None:
            if args[-1] == 1:
                pl.Trainer(**QUIET).validate(module, loader(5), verbose=False)

    stock, lean_run = pair(Program, lambda: [Leaves()])
    assert stock == lean_run


def test_attributes_that_come_and_go_are_no_methods() -> None:
    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    found: list[bool] = []

    class Looks(pl.Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *args: Any) -> None:
            watch = Watch(trainer, trainer.fit_loop.epoch_loop)
            module.mine = trainer.strategy.mine = 1
            found.append(watch.is_out_of_date)
            del module.mine
            module.backward = module.backward
            found.append(watch.is_out_of_date)
            del module.backward, trainer.strategy.mine
            found.append(watch.is_out_of_date)
            trainer.should_stop = True

    trainer.callbacks.append(Looks())  # type: ignore[attr-defined]
    trainer.fit(Program(), loader(), loader(8))
    assert found == [False, True, False]
