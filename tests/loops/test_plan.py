"""A plan knows the step's signature, and leaves what skips backward to Lightning."""

from typing import Any

import pytest
from programs.lean_pairs import HOOKS, Program, pair
from pytorch_lightning.callbacks import StochasticWeightAveraging


class One(Program):
    def training_step(self, batch: Any) -> Any:  # type: ignore[override]
        return super().training_step(batch, 0)


class Named(Program):
    def training_step(self, batch: Any, number: int) -> Any:
        return super().training_step(batch, number)


@pytest.mark.parametrize("module", [One, Named])
def test_a_step_takes_the_index_if_it_has_a_place_for_it(module: type[Program]) -> None:
    stock, lean = pair(module, of_callback=HOOKS)
    assert not stock["error"]
    assert stock == lean


def test_a_last_epoch_without_backward() -> None:
    stock, lean = pair(
        Program, lambda: [StochasticWeightAveraging(0.05, swa_epoch_start=1)], max_epochs=3
    )
    assert not stock["error"]
    assert stock == lean
