"""Ignite's EMAHandler beside EMA: the averaged weights after every iteration."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events
from ignite.handlers import EMAHandler
from origin.stock import QUIET
from programs.buffered import Buffered, loader
from torch import Tensor
from torch.nn import functional

from lightning_kit.callbacks.ema import EMA
from lightning_kit.meters import EventFilter

EPOCHS = 3
State = dict[str, Tensor]


def copied(module: torch.nn.Module) -> State:
    return {name: value.clone() for name, value in module.state_dict().items()}


def ignites(
    *,
    filter: dict[str, Any] | None = None,
    accumulated: int = 1,
    name: str = "ema_momentum",
    **options: Any,
) -> tuple[list[State], EMAHandler, Buffered]:
    """Return the averaged model's state after every iteration."""
    model = Buffered()
    (optimizer,) = (model.configure_optimizers(),)
    handler = EMAHandler(model, **options)
    states: list[State] = []

    def update(engine: Engine, batch: Any) -> None:
        model.train()
        loss = functional.cross_entropy(model(batch[0]), batch[1]) / accumulated
        torch.autograd.backward(loss)
        if engine.state.iteration % accumulated == 0:
            optimizer.step()
            optimizer.zero_grad()

    engine = Engine(update)
    event = Events.ITERATION_COMPLETED
    handler.attach(engine, name, event=event(**filter) if filter else event)
    engine.add_event_handler(event, lambda: states.append(copied(handler.ema_model)))
    engine.run(loader(), max_epochs=EPOCHS)
    return states, handler, model


class Record(pl.Callback):
    def __init__(self, ema: EMA) -> None:
        self.ema = ema
        self.states: list[State] = []

    def on_train_batch_end(self, *args: Any) -> None:
        assert self.ema.average_model is not None
        self.states.append(copied(self.ema.average_model))


def kits(
    *, filter: dict[str, Any] | None = None, accumulated: int = 1, **options: Any
) -> tuple[list[State], EMA, Buffered]:
    ema = EMA(**options, preset="ignite", filter=EventFilter(**filter) if filter else None)
    record, module = Record(ema), Buffered()
    trainer = pl.Trainer(
        **QUIET,
        max_epochs=EPOCHS,
        callbacks=[ema, record],
        accumulate_grad_batches=accumulated,
        num_sanity_val_steps=0,
    )
    trainer.fit(module, loader(), loader())
    return record.states, ema, module


PARAMETERS = {name for name, _ in Buffered().named_parameters()}


def compare(ours: list[State], theirs: list[State], *, with_buffers: bool = True) -> None:
    assert len(ours) == len(theirs) == 5 * EPOCHS
    for mine, its in zip(ours, theirs, strict=True):
        if not with_buffers:
            mine, its = ({name: each[name] for name in PARAMETERS} for each in (mine, its))
        # Ignite adds in one rounding what torch's averaged model adds in two.
        torch.testing.assert_close(mine, its, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("momentum", [2e-4, 0.1, 0.5, 0.9])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"filter": {"every": 2}},
        {"filter": {"every": 3, "after": 4}},
        {"filter": {"once": 7}},
        {"momentum_warmup": 0.8, "warmup_iters": 5},
        {"momentum_warmup": 0.01, "warmup_iters": 9},
        {"momentum_warmup": 0.3, "warmup_iters": 1},
        {"momentum_warmup": 0.3, "warmup_iters": 4, "filter": {"every": 2}},
    ],
)
def test_the_weights_are_ignites(momentum: float, options: dict[str, Any]) -> None:
    ours, _, module = kits(momentum=momentum, **options)
    theirs, _, model = ignites(momentum=momentum, **options)
    # Between two updates Ignite's buffers, which are the model's own, move on.
    compare(ours, theirs, with_buffers="filter" not in options)
    # The preset leaves the raw weights, as Ignite's handler does.
    torch.testing.assert_close(copied(module), copied(model), rtol=0, atol=0)
    moved = not torch.equal(ours[0]["last.weight"], ours[-1]["last.weight"])
    assert moved, "a stream that does not move compares nothing"


def test_ignites_default_momentum() -> None:
    compare(kits()[0], ignites()[0])


def test_ignite_counts_iterations_where_lightning_counts_steps() -> None:
    """Weights that wait for a step are blended in twice; five batches and windows of five."""
    compare(
        kits(momentum=0.5, accumulated=5)[0],
        ignites(momentum=0.5, accumulated=5)[0],
    )
    steps = kits(momentum=0.5, accumulated=5, update_on="step")[0]
    still = [torch.equal(a["last.weight"], b["last.weight"]) for a, b in pairs(steps)]
    assert still == [n % 5 != 0 for n in range(2, 16)]


def pairs(states: list[State]) -> list[tuple[State, State]]:
    return list(itertools.pairwise(states))


@pytest.mark.parametrize(
    ("ours", "theirs"), [("average", "update"), ("copy", "copy"), ("ignore", "ema_train")]
)
def test_buffers_are_ignites(ours: Any, theirs: str) -> None:
    mine = kits(momentum=0.25, buffers=ours)[0]
    its = ignites(momentum=0.25, handle_buffers=theirs)[0]
    compare(mine, its)


def test_ignites_copied_buffers_are_the_models_own_and_the_kits_are_copies() -> None:
    def shared(averaged: torch.nn.Module, model: torch.nn.Module) -> list[bool]:
        both = zip(averaged.buffers(), model.buffers(), strict=True)
        return [one.data_ptr() == other.data_ptr() for one, other in both]

    _, handler, model = ignites(handle_buffers="copy")
    assert all(shared(handler.ema_model, model))
    _, ema, module = kits(buffers="copy")
    assert ema.average_model is not None
    assert not any(shared(ema.average_model, module))


@pytest.mark.filterwarnings("ignore:Attribute 'ema_momentum' is not defined")
def test_ignite_forgets_a_warm_up_of_another_name_and_the_kit_has_none_to_name() -> None:
    """Ignite 0.5.5; mended upstream in https://github.com/pytorch/ignite/pull/3834."""
    warm: dict[str, Any] = {"momentum": 0.5, "momentum_warmup": 0.01, "warmup_iters": 9}
    forgetful = ignites(**warm, name="mine")[0]
    compare(forgetful, ignites(momentum=0.5)[0])
    with pytest.raises(AssertionError):
        compare(kits(**warm)[0], forgetful)


def test_ignite_ignores_half_a_warm_up_and_the_kit_refuses_it() -> None:
    compare(ignites(momentum=0.5, warmup_iters=9)[0], ignites(momentum=0.5)[0])
    with pytest.raises(ValueError, match="need each other"):
        EMA(momentum=0.5, warmup_iters=9)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"preset": "ignite", "momentum": 0.5}, [1.5, 2.25, 3.125, 4.0625]),
        ({"decay": 0.5}, [2.0, 2.5, 3.25, 4.125]),
    ],
)
def test_the_first_update_by_worked_numbers(arguments: dict[str, Any], wanted: list[float]) -> None:
    """Weight 1 before training and 2, 3, 4, 5 after each step, momentum a half."""
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(1)
    handler = EMAHandler(model, momentum=0.5)
    seen: list[float] = []

    def note() -> None:
        seen.append(float(handler.ema_model.state_dict()["weight"]))

    engine = Engine(lambda engine, batch: model.weight.data.add_(1))
    handler.attach(engine)
    engine.add_event_handler(Events.ITERATION_COMPLETED, note)
    engine.run([0] * 4)
    ignite = "preset" in arguments
    assert (seen == wanted) is ignite

    class Counts(Buffered):
        def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
            closure: Callable[[], Any] = args[3]
            closure()
            self.last.bias.data.add_(1)

    module = Counts()
    module.last.bias.data.fill_(1)
    ema = EMA(**arguments)
    record = Record(ema)
    trainer = pl.Trainer(**QUIET, max_epochs=1, limit_train_batches=4, callbacks=[ema, record])
    trainer.fit(module, loader(), loader())
    assert [float(state["last.bias"][0]) for state in record.states] == wanted
