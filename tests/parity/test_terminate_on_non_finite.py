"""Where a NaN ends a run: Ignite's TerminateOnNan beside the kit's."""

import copy
import random
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events
from ignite.handlers import TerminateOnNan
from origin.stock import QUIET
from programs.poisoned import Normed, PoisonedData

from lightning_kit.callbacks.terminate_on_non_finite import TerminateOnNonFinite
from lightning_kit.meters import all_finite


def ignite(bad: list[int]) -> tuple[int, torch.nn.Module]:
    """Return where Ignite ends the program, and its module."""
    module = Normed()
    optimizer = module.configure_optimizers()

    def update(engine: Engine, batch: Any) -> Any:
        module.train()
        optimizer.zero_grad()
        output = module.training_step(batch, 0)
        output["loss"].backward()
        optimizer.step()
        return output

    trainer = Engine(update)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, TerminateOnNan())
    trainer.run(PoisonedData(*bad).loader(), max_epochs=2)
    return trainer.state.iteration, module


def kit(bad: list[int], check: Any) -> tuple[int, torch.nn.Module]:
    module = Normed()
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=[TerminateOnNonFinite(check)])
    trainer.fit(module, PoisonedData(*bad).loader())
    return trainer.fit_loop.total_batch_idx + 1, module


@pytest.mark.parametrize("check", [None, ["loss"], ["grads"], ["outputs"], ["params"]], ids=str)
def test_it_ends_at_the_same_iteration(check: Any) -> None:
    generator = random.Random(str(check))
    for _ in range(3):
        bad = sorted(generator.sample(range(1, 7), k=generator.randrange(3)))
        assert kit(bad, check)[0] == ignite(bad)[0] == (bad[0] if bad else 12)


def test_without_nan_the_weights_are_ignites() -> None:
    torch.testing.assert_close(
        kit([], None)[1].state_dict(), ignite([])[1].state_dict(), rtol=0, atol=0
    )


def test_difference_the_weights_are_finite_and_those_before_the_bad_batch() -> None:
    _, theirs = ignite([3])
    _, ours = kit([3], None)
    assert not all_finite(dict(theirs.state_dict()))
    assert all_finite(dict(ours.state_dict()))
    before = Normed()
    trainer = pl.Trainer(**QUIET, max_epochs=1, limit_train_batches=2)
    trainer.fit(before, PoisonedData().loader())
    torch.testing.assert_close(ours.state_dict(), before.state_dict(), rtol=0, atol=0)


def test_nested_outputs_are_looked_into_alike() -> None:
    output: dict[str, Any] = {"name": "nan", "scores": [1.0, (2.0, torch.ones(2))]}
    bad = copy.deepcopy(output)
    bad["scores"][1][1][0] = torch.inf
    for value in (output, bad):
        engine = Engine(lambda *_: None)
        engine.state.output = value  # type: ignore[assignment]
        TerminateOnNan()(engine)
        assert engine.should_terminate is not all_finite(value)
