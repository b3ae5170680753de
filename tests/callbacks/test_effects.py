"""Effects of actions are captured once there are any, and brought about again."""

from typing import Any

import pytorch_lightning as pl
from programs.traced import QUIET, Traced

from lightning_kit.callbacks.effects import capture, restore


class Painted:
    def __init__(self, key: str, effect: Any) -> None:
        self.effect_key = key
        self.colour = effect

    def effect(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> Any:
        return self.colour

    def restore(self, trainer: pl.Trainer, pl_module: pl.LightningModule, effect: Any) -> None:
        self.colour = effect


def test_an_action_without_effect_hides_none_of_the_same_key() -> None:
    trainer, module = pl.Trainer(**QUIET), Traced()
    actions = [Painted("wall", "red"), Painted("wall", None), print, Painted("door", None)]
    assert capture(actions, trainer, module) == {"wall": "red"}


def test_only_what_was_captured_is_restored() -> None:
    trainer, module = pl.Trainer(**QUIET), Traced()
    wall, door = Painted("wall", None), Painted("door", "blue")
    restore({"wall": "green"}, [wall, door, print], trainer, module)
    assert (wall.colour, door.colour) == ("green", "blue")
