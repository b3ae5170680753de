"""The finder is the parent unless asked for groups; what it borrows comes back."""

import subprocess
import sys
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from pytorch_lightning.tuner import lr_finder as engine

from lightning_kit.callbacks import LearningRateFinder


class Grouped(PlainModule):
    """Two groups, the second with a tenth of the first's rate."""

    def __init__(self, schedule: bool = False) -> None:
        torch.manual_seed(0)
        super().__init__(lr=0.1, dropout=0.5)
        self.schedule = schedule

    def configure_optimizers(self) -> Any:
        linear: Any = self.net[1]
        groups = [
            {"params": [linear.weight], "lr": self.lr},
            {"params": [linear.bias], "lr": self.lr / 10},
        ]
        optimizer = torch.optim.SGD(groups, momentum=0.9)
        if not self.schedule:
            return optimizer
        return [optimizer], [torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1.0)]


class Lookout(pl.Callback):
    """What stands when training starts and at each batch, and which rows come."""

    def __init__(self) -> None:
        self.rows: list[torch.Tensor] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        groups = trainer.optimizers[0].param_groups
        self.weights = {k: v.clone() for k, v in pl_module.state_dict().items()}
        self.rates = [group["lr"] for group in groups]
        self.state = len(trainer.optimizers[0].state)
        self.random = torch.get_rng_state()
        self.steps = trainer.global_step

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self.rows.append(batch[0])


def fit(
    *parts: pl.Callback, module: pl.LightningModule | None = None, **options: Any
) -> tuple[Lookout, Any]:
    module, lookout = module or Grouped(), Lookout()
    torch.manual_seed(1)
    callbacks = [*parts, lookout]
    trainer = pl.Trainer(**{**QUIET, "max_epochs": 8, "callbacks": callbacks, **options})
    trainer.fit(module, PlainData())
    return lookout, module


def test_without_options_it_is_the_parent() -> None:
    ours, theirs = LearningRateFinder(num_training_steps=20), pl.callbacks.LearningRateFinder(
        num_training_steps=20
    )  # fmt: skip
    found, module = fit(ours)
    wanted, reference = fit(theirs)
    assert ours.optimal_lr is not None
    assert theirs.optimal_lr is not None
    assert ours.optimal_lr.results == theirs.optimal_lr.results
    assert found.rates == wanted.rates
    assert module.lr == reference.lr
    torch.testing.assert_close(module.state_dict(), reference.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize(
    "arguments", [{"keep_ratio": True}, {"preset": "ignite"}, {"max_lr": [1.0, 0.5]}]
)
def test_a_search_that_is_not_used_leaves_no_trace(arguments: Any) -> None:
    part = LearningRateFinder(**arguments, num_training_steps=20, update_attr=False)
    found, module = fit(part)
    plain, reference = fit()
    torch.testing.assert_close(found.weights, plain.weights, rtol=0, atol=0)
    assert found.rates == plain.rates == [0.1, 0.01]
    assert (found.state, found.steps) == (0, 0)
    assert torch.equal(found.random, plain.random)
    torch.testing.assert_close(found.rows, plain.rows, rtol=0, atol=0)
    torch.testing.assert_close(module.state_dict(), reference.state_dict(), rtol=0, atol=0)
    assert engine._LRFinder.__name__ == "_LRFinder"
    assert engine._LRCallback.__name__ == "_LRCallback"


def test_groups_keep_their_proportions() -> None:
    part = LearningRateFinder(1e-4, 1.0, 30, keep_ratio=True)
    found, module = fit(part)
    first, second = found.rates
    assert first != 0.1
    assert second == pytest.approx(first / 10)
    assert module.lr == first
    assert part.optimal_lr is not None
    assert first in part.optimal_lr.results["lr"]


def test_each_group_from_its_own_list() -> None:
    part = LearningRateFinder([1e-4, 1e-2], [1.0, 2.0], 30, mode="linear")
    found, _ = fit(part)
    assert part.optimal_lr is not None
    first, second = found.rates
    share = (first - 1e-4) / (1.0 - 1e-4)
    assert second == pytest.approx(1e-2 + share * (2.0 - 1e-2))


def test_a_schedule_starts_from_what_was_found() -> None:
    found, _ = fit(LearningRateFinder(1e-4, 1.0, 30, keep_ratio=True), module=Grouped(True))
    after = Lookout()

    class Late(pl.Callback):
        def on_train_end(self, trainer: pl.Trainer, *args: Any) -> None:
            after.rates = [group["lr"] for group in trainer.optimizers[0].param_groups]

    found, _ = fit(LearningRateFinder(1e-4, 1.0, 30, keep_ratio=True), Late(), module=Grouped(True))
    # LambdaLR, always 1: Lightning's own finder is undone after the first epoch.
    assert after.rates == found.rates != [0.1, 0.01]


def test_a_module_without_a_rate_of_its_own() -> None:
    module = Grouped()
    module.configure_optimizers = lambda: torch.optim.SGD(module.parameters(), lr=0.1)  # type: ignore[method-assign]
    del module.lr
    module.hparams.pop("lr")
    found, _ = fit(LearningRateFinder(1e-4, [1.0], 30), module=module)
    assert found.rates != [0.1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preset": "fastai"}, "preset must be 'ignite' or None"),
        ({"keep_ratio": True, "min_lr": [0.1]}, "keep_ratio has no effect beside a rate"),
        ({"min_lr": [0.1], "max_lr": [1.0, 1.0]}, "must be of one length"),
        ({"min_lr": [0.1, 1.0], "max_lr": 0.5}, "above 0 and below max_lr"),
        ({"min_lr": [0.0, 0.1]}, "above 0 and below max_lr"),
        ({"min_lr": []}, "above 0 and below max_lr"),
        ({"min_lr": 1, "max_lr": 0.1}, "above 0 and below max_lr, got 1 and 0.1"),
        ({"min_lr": 0.0}, "above 0 and below max_lr"),
        ({"min_lr": "small"}, "above 0 and below max_lr, got small"),
        ({"num_training_steps": 0}, "num_training_steps must be .*at least 1"),
    ],
)
def test_bad_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LearningRateFinder(**arguments)


def test_refused_when_the_fit_starts() -> None:
    with pytest.raises(ValueError, match="max_lr must hold 2 rates, one for each parameter group"):
        # Without a word on Lightning's search, which would have to restore: a warning is an error.
        fit(LearningRateFinder(max_lr=[1.0, 1.0, 1.0]))
    # The configured 0.01 of the second group is not below its highest.
    with pytest.raises(ValueError, match="above 0 and below max_lr"):
        fit(LearningRateFinder(max_lr=[1.0, 0.001], preset="ignite", num_training_steps=5))
    assert engine._LRFinder.__name__ == "_LRFinder"


def test_the_presets_steps_are_the_runs() -> None:
    part = LearningRateFinder(preset="ignite", early_stop_threshold=None)
    fit(part, max_epochs=3)
    assert part.optimal_lr is not None
    assert len(part.optimal_lr.results["loss"]) == 15


def test_a_linear_search_may_begin_at_0_as_the_parents() -> None:
    LearningRateFinder(min_lr=0.0, mode="linear")


MISSING = """
import pytorch_lightning as pl
from pytorch_lightning.tuner import lr_finder as engine
from pytorch_lightning.utilities import exceptions
for name in ("_LRCallback", "_determine_lr_attr_name"):
    delattr(engine, name)
# The stock finder holds a reference of its own.
del exceptions._TunerExitException
from lightning_kit.callbacks import LearningRateFinder
LearningRateFinder()
try:
    LearningRateFinder(keep_ratio=True)
except ValueError as error:
    print(error)
"""


def test_without_lightnings_search_the_rest_is_there() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MISSING], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (
        "keep_ratio and preset must be left out: this Lightning has no _LRCallback" in done.stdout
    )
    assert "no search of rates for groups" in done.stderr
