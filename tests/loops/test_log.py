"""``self.log`` keeps Lightning's answers and errors, and a module keeps its own ``log``."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from programs.lean_pairs import Program, loader, pair
from programs.traced import QUIET
from torchmetrics.classification import MulticlassAccuracy

from lightning_kit.compat import validate_apart
from lightning_kit.loops import lean
from lightning_kit.loops.log import LeanLog


class Changes(Program):
    """Logs one name in two ways in one hook, which Lightning refuses."""

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = super().training_step(batch, batch_idx)
        self.log("twice", loss, on_step=batch_idx == 0, on_epoch=True)
        return loss


class Nests(Program):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = super().training_step(batch, batch_idx)
        self.log("nested", loss if batch_idx == 0 else {"a": loss})  # type: ignore[arg-type]
        return loss


class Grows(Program):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = super().training_step(batch, batch_idx)
        self.log("grown", torch.ones(1 + batch_idx))
        return loss


@pytest.mark.parametrize("module", [Changes, Nests, Grows])
def test_what_lightning_refuses_later_is_refused_later(module: type[Program]) -> None:
    stock, lean_run = pair(module)
    assert stock["error"]
    assert stock == lean_run


class Kinds(Program):
    """Logs values of many kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.accuracy = MulticlassAccuracy(2)
        self.other = MulticlassAccuracy(2)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = super().training_step(batch, batch_idx)
        self.accuracy(self.net(batch[0]), batch[1])
        self.other.update(self.net(batch[0]), batch[1])
        self.log("accuracy", self.accuracy, on_step=True, on_epoch=True)
        self.log("other", self.other, on_step=False, on_epoch=True)
        for name, value in {
            "int": batch_idx, "float": 0.1 * batch_idx, "double": loss.double(),
            "half": loss.half(), "one": loss[None].float(), "graph": loss * 1,
        }.items():  # fmt: skip
            self.log(name, value, on_step=True, on_epoch=True, prog_bar=True)
            self.log(f"sum_{name}", value, on_epoch=True, reduce_fx="sum")
        self.log("kept", loss, enable_graph=True, on_epoch=True)
        self.log("sized", loss, batch_size=batch_idx + 1, on_epoch=True)
        self.log("unlogged", loss, logger=False)
        return loss

    def on_train_batch_end(self, *args: Any) -> None:
        self.log("at_the_end", 1.0, on_epoch=True)

    def on_before_optimizer_step(self, optimizer: Any) -> None:
        self.log("norm", torch.tensor(2.0), on_epoch=True)


@pytest.mark.filterwarnings("ignore:You called `self.log")
def test_every_kind_of_value_reaches_the_same_places() -> None:
    stock, lean_run = pair(Kinds, max_epochs=3)
    assert not stock["error"]
    assert stock == lean_run


def test_a_log_of_ones_own_is_called_unchanged() -> None:
    names: list[str] = []

    class Own(Program):
        def log(self, name: str, *args: Any, **kwargs: Any) -> None:
            names.append(name)
            super().log(name, *args, **kwargs)

    stock, lean_run = pair(Own)
    assert stock == lean_run
    assert names[: len(names) // 2] == names[len(names) // 2 :]


def test_it_is_given_back_and_copies_have_their_own() -> None:
    copies: list[Any] = []

    class Copies(pl.Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *args: Any) -> None:
            assert isinstance(vars(module)["log"], LeanLog)
            copies.append(copy.deepcopy(vars(module)["log"], {id(module): Program()}))
            vars(module)["_trainer"], kept = None, vars(module)["_trainer"]
            copies.append(pickle.loads(pickle.dumps(module)).log)
            vars(module)["_trainer"] = kept
            trainer.should_stop = True

    module = Program()
    trainer = lean(pl.Trainer(max_epochs=1, callbacks=Copies(), **QUIET))
    trainer.fit(module, loader(), loader())
    assert "log" not in vars(module)
    for each in copies:
        assert each.__func__ is pl.LightningModule.log
        assert each.__self__ is not module


def test_it_is_given_back_after_an_exception() -> None:
    class Fails(Program):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            raise RuntimeError("cursed")

    module = Fails()
    with pytest.raises(RuntimeError, match="cursed"):
        lean(pl.Trainer(max_epochs=1, **QUIET)).fit(module, loader(), loader())
    assert "log" not in vars(module)


def test_a_validation_on_other_loaders_logs_to_its_own_results() -> None:
    class Apart(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            if trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:
                validate_apart(trainer, loader(5), "other")

    stock, lean_run = pair(Program, lambda: [Apart()])
    assert not stock["error"]
    assert {"val_loss", "other/val_loss"} <= stock["callback_metrics"].keys()
    assert stock == lean_run


@pytest.mark.parametrize("nested_is_lean", [False, True])
@pytest.mark.parametrize("gives_back", [False, True])
def test_a_trainer_within_a_run_has_its_own_values(nested_is_lean: bool, gives_back: bool) -> None:
    found: list[Any] = []

    class Asks(pl.Callback):
        def on_validation_epoch_end(self, trainer: pl.Trainer, module: Any) -> None:
            inner = pl.Trainer(**QUIET)
            if nested_is_lean:
                lean(inner)
            hook = module._current_fx_name
            found.append(inner.validate(module, loader(5), verbose=False))
            if gives_back:
                module.trainer, module._current_fx_name = trainer, hook

    stock, lean_run = pair(Program, lambda: [Asks()], num_sanity_val_steps=0)
    assert stock["error"] == lean_run["error"]
    assert stock == lean_run
    assert found[: len(found) // 2] == found[len(found) // 2 :]
    assert found[0][0].keys() == {"val_loss"}


SIZES = {
    "bytes": [torch.tensor(n, dtype=torch.uint8) for n in (200, 180, 220, 190)],
    "numpy": list(np.array([200, 180, 220, 190], dtype=np.uint8)),
    "tensors": [torch.tensor(3), torch.tensor(4), torch.tensor(2.5), torch.tensor(1.0)],
    "fractions": [0.1, 7, 0.3, 5],
    "mixed": [3, 0.1, 16777217, 1],
    "truths": [True, False, True, True],
}


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_number_of_samples_of_any_kind(kind: str) -> None:
    class Weighs(Program):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            loss = super().training_step(batch, batch_idx)
            size = SIZES[kind][batch_idx]
            self.log("weighed", loss * batch_idx, on_step=False, on_epoch=True, batch_size=size)
            return loss

    stock, lean_run = pair(Weighs)
    assert not stock["error"]
    assert stock == lean_run
