"""A copy of the best weights."""

import math

import pytest
import torch
from programs.plain import PlainModule

from lightning_kit.callbacks.best_weights import BestWeights


@pytest.mark.parametrize(
    ("mode", "taken"), [("min", [True, False, True, False]), ("max", [True, True, False, False])]
)
def test_any_gain_is_a_new_best_and_nan_never(mode: str, taken: list[bool]) -> None:
    best, module = BestWeights(mode), PlainModule()  # type: ignore[arg-type]
    assert not best.beaten_by(math.nan)
    seen = []
    for score in (1.0, 2.0, 0.5, math.nan):
        seen.append(best.beaten_by(score))
        if seen[-1]:
            best.take(score, module)
    assert seen == taken


def test_the_copy_is_not_moved_by_training_and_comes_back() -> None:
    best, module = BestWeights("min"), PlainModule()
    assert not best.give_back(module)
    wanted = module.get_parameter("net.1.weight").detach().clone()
    best.take(1.0, module)
    with torch.no_grad():
        module.get_parameter("net.1.weight").add_(1.0)
    fresh = BestWeights("min")
    fresh.load_state_dict(best.state_dict())
    assert fresh.give_back(module)
    assert torch.equal(module.get_parameter("net.1.weight"), wanted)


def test_it_forgets() -> None:
    best, module = BestWeights("min"), PlainModule()
    best.take(1.0, module)
    best.reset()
    assert best.beaten_by(2.0)
    assert not best.give_back(module)
