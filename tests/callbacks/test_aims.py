"""An action that is aimed at nothing is found when the fit starts, not when it acts."""

import copy
from typing import Any

import pytest
import pytorch_lightning as pl
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from torch import nn

from lightning_kit.callbacks.actions import Freeze, SetAttribute, Unfreeze
from lightning_kit.callbacks.event_handlers import EventHandlers
from lightning_kit.callbacks.events import Events
from lightning_kit.callbacks.on_event import OnEvent


def fit(callback: pl.Callback, module: PlainModule) -> None:
    pl.Trainer(**QUIET, max_epochs=1, callbacks=[callback]).fit(module, PlainData())


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (SetAttribute("model.net.0.q", 0.5), "target 'model.net.0.q': the Dropout has no 'q'"),
        (Freeze("encoder"), "'encoder' matches none; there are net, net.1"),
        (Unfreeze(["net", "head.*"]), "'head.*' matches none; there are net, net.1"),
    ],
)
def test_a_target_that_is_not_there_ends_the_fit_at_its_start(action: Any, message: str) -> None:
    handlers = EventHandlers()
    handlers.add_event_handler(Events.EPOCH_COMPLETED(once=30), action)
    for callback in (OnEvent(action, "epoch_started", once=31), handlers):
        module = PlainModule()
        module.on_train_start = lambda: pytest.fail("training started")  # type: ignore[method-assign]
        with pytest.raises(ValueError, match=message):
            fit(callback, module)


def test_layers_that_are_built_late_are_found() -> None:
    class Late(PlainModule):
        def configure_model(self) -> None:
            if not hasattr(self, "head"):
                self.head = nn.Linear(2, 2)

    fit(OnEvent(Freeze("head"), "epoch_started"), Late())


@pytest.mark.parametrize("event", ["started", "epoch_started"])
@pytest.mark.parametrize("action", [Freeze("teacher"), SetAttribute("model.weight", 2.0)])
def test_what_the_module_makes_as_the_fit_starts_is_found(action: Any, event: str) -> None:
    class Distilled(PlainModule):
        weight: float

        def on_fit_start(self) -> None:
            self.teacher = copy.deepcopy(self.net)
            self.weight = 1.0

    module = Distilled()
    fit(OnEvent(action, event), module)
    is_frozen = not any(each.requires_grad for each in module.teacher.parameters())
    assert (is_frozen, module.weight) == (
        (True, 1.0) if isinstance(action, Freeze) else (False, 2.0)
    )
