"""A module that drives its optimizers by itself is served as by Lightning, and left as it was."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.lean_pairs import HOOKS, Adversaries, loader, pair
from programs.traced import QUIET
from torch.nn.functional import cross_entropy

from lightning_kit.loops import lean


class Closures(Adversaries):
    """Steps with closures, accumulates, and passes arguments to backward."""

    def training_step(self, batch: Any, batch_idx: int) -> None:
        optimizers: Any = self.optimizers()
        one, two = optimizers

        def closure() -> torch.Tensor:
            one.zero_grad()
            loss = cross_entropy(self.one(batch[0]), batch[1])
            self.manual_backward(loss, retain_graph=True)
            return loss

        one.step(closure=closure)
        with two.toggle_model(sync_grad=batch_idx % 2 == 1):
            self.manual_backward(cross_entropy(self.two(batch[0]), batch[1]))
            if batch_idx % 2:
                two.step()
                two.zero_grad()


class Raw(Adversaries):
    """Uses torch's optimizers themselves, which Lightning does not count."""

    def training_step(self, batch: Any, batch_idx: int) -> None:
        for optimizer in self.optimizers(use_pl_optimizer=False):  # type: ignore[union-attr]
            optimizer.zero_grad()
        loss: Any = cross_entropy(self.one(batch[0]), batch[1])
        loss.backward()
        for optimizer in self.optimizers(use_pl_optimizer=False):  # type: ignore[union-attr]
            optimizer.step()


@pytest.mark.parametrize("module", [Adversaries, Closures, Raw])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_the_same_steps(module: type[Adversaries], precision: Any) -> None:
    stock, lean_run = pair(module, of_callback=HOOKS, precision=precision)
    assert not stock["error"]
    assert stock["global_step"] == {Adversaries: 16, Closures: 12, Raw: 0}[module]
    assert stock == lean_run


def test_it_is_given_back() -> None:
    module = Adversaries()
    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    trainer.fit(module, loader(), loader())
    assert "manual_backward" not in vars(module)
    assert all("step" not in vars(each) for each in trainer.strategy._lightning_optimizers)


@pytest.mark.parametrize("gives_back", [False, True])
def test_a_trainer_within_a_run_calls_its_own_hooks(gives_back: bool) -> None:
    heard: list[str] = []

    class Hears(pl.Callback):
        def __init__(self, name: str) -> None:
            self.name = name

        def on_before_backward(self, *args: Any) -> None:
            heard.append(f"{self.name} backward")

        def on_before_optimizer_step(self, *args: Any) -> None:
            heard.append(f"{self.name} step")

    class Nests(Adversaries):
        def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
            outer: Any = self.trainer
            names = [getattr(each, "name", "") for each in outer.callbacks]
            if batch_idx == 1 and "outer" in names:
                inner = pl.Trainer(max_epochs=1, callbacks=Hears("inner"), **QUIET)
                inner.fit(self, loader(), loader(8))
                if gives_back:
                    self.trainer, self._current_fx_name = outer, "on_train_batch_end"

    stock, lean_run = pair(Nests, lambda: [Hears("outer")], of_callback=(), max_epochs=1)
    assert stock == lean_run
    assert heard[: len(heard) // 2] == heard[len(heard) // 2 :]
    assert {"inner backward", "inner step", "outer backward", "outer step"} <= set(heard)
