"""Values over time: Ignite's own schedulers and torch's, against the kit's closed forms."""

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from ignite.handlers.param_scheduler import (
    ConcatScheduler,
    CosineAnnealingScheduler,
    LinearCyclicalScheduler,
    LRScheduler,
    ParamScheduler,
    PiecewiseLinear,
    create_lr_scheduler_with_warmup,
)
from torch.optim import SGD, lr_scheduler

from lightning_kit.schedules import (
    Concat,
    Cosine,
    Exponential,
    Linear,
    MultiStep,
    Piecewise,
    Schedule,
    Step,
    Warmup,
)

EVENTS = 200
Pair = tuple[Schedule, ParamScheduler]


def optimizer(lr: float = 1.0) -> SGD:
    return SGD([torch.nn.Parameter(torch.zeros(()))], lr=lr)


def called(scheduler: Any, params: SGD, n: int = EVENTS) -> list[float]:
    values = []
    for _ in range(n):
        scheduler(None)
        values.append(params.param_groups[0]["lr"])
    return values


def cycles(chance: random.Random, *, warmup: bool) -> dict[str, Any]:
    """Return random arguments, as Ignite and the kit both allow them."""
    given: dict[str, Any] = {"cycle_size": chance.randint(2, 40)}
    if chance.random() < 0.6:
        # Ignite divides by zero once a cycle has shrunk to nothing, hence none below 1 here.
        given["cycle_mult"] = chance.choice((1, 2, 1.5, chance.uniform(1, 3)))
    if chance.random() < 0.6:
        given["start_mult"] = chance.uniform(0.3, 1.5)
    if chance.random() < 0.6:
        given["end_mult"] = chance.uniform(0.3, 1.5)
    if warmup:
        given["warmup"] = chance.randint(1, 20)
    return given


IGNITES = {
    "start_mult": "start_value_mult",
    "end_mult": "end_value_mult",
    "warmup": "warmup_duration",
}


def renamed(given: dict[str, Any]) -> dict[str, Any]:
    return {IGNITES.get(name, name): value for name, value in given.items()}


def linear(chance: random.Random, params: SGD) -> Pair:
    ends = chance.uniform(-1, 1), chance.uniform(-1, 1)
    monotonic = chance.random() < 0.5
    given = cycles(chance, warmup=monotonic and chance.random() < 0.5)
    given["monotonic"] = monotonic
    theirs = LinearCyclicalScheduler(params, "lr", *ends, **renamed(given))
    return Linear(*ends, **given), theirs


def cosine(chance: random.Random, params: SGD) -> Pair:
    ends = chance.uniform(-1, 1), chance.uniform(-1, 1)
    given = cycles(chance, warmup=chance.random() < 0.5)
    return Cosine(*ends, **given), CosineAnnealingScheduler(params, "lr", *ends, **renamed(given))


def piecewise(chance: random.Random, params: SGD) -> Pair:
    at = sorted(chance.sample(range(EVENTS), chance.randint(1, 8)))
    milestones = [(event, chance.uniform(-1, 1)) for event in at]
    return Piecewise(milestones), PiecewiseLinear(params, "lr", milestones_values=milestones)


def concat(chance: random.Random, params: SGD) -> Pair:
    pairs = [chance.choice((linear, cosine, piecewise))(chance, params) for _ in range(3)]
    durations = [chance.randint(1, 60), chance.randint(1, 60)]
    mine, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return Concat(mine, durations), ConcatScheduler(theirs, durations)


def warmed(chance: random.Random, params: SGD) -> Pair:
    then, theirs = chance.choice((linear, cosine, piecewise))(chance, params)
    start, duration = chance.uniform(-1, 1), chance.randint(2, 40)
    end = chance.choice((None, then(0), chance.uniform(-1, 1)))
    params.param_groups[0]["lr"] = then(0)  # what Ignite takes for the default of `end`
    reference = create_lr_scheduler_with_warmup(
        theirs, warmup_start_value=start, warmup_duration=duration, warmup_end_value=end
    )
    return Warmup(then, start, duration, end), reference


@pytest.mark.parametrize("kind", [linear, cosine, piecewise, concat, warmed])
def test_200_events_of_ignites_own_schedulers(
    kind: Callable[[random.Random, SGD], Pair],
) -> None:
    for seed in range(100):
        chance, params = random.Random(seed), optimizer()
        mine, theirs = kind(chance, params)
        assert mine.values(EVENTS) == pytest.approx(called(theirs, params), rel=1e-9, abs=1e-9), (
            seed
        )


def stepped(kind: Any, arguments: tuple[Any, ...], start: float) -> list[float]:
    """Return the rates of 200 optimizer steps, the schedule stepped after each."""
    params = optimizer(start)
    schedule, values = kind(params, *arguments), []
    for _ in range(EVENTS):
        values.append(params.param_groups[0]["lr"])
        params.step()
        schedule.step()
    return values


def test_200_steps_of_torchs_schedulers() -> None:
    for seed in range(100):
        chance = random.Random(seed)
        start, gamma = chance.uniform(0.01, 2), chance.uniform(0.5, 1.05)
        size = chance.randint(1, 50)
        at = sorted(chance.choices(range(1, 250), k=chance.randint(1, 6)))
        for mine, kind, arguments in (
            (Exponential(start, gamma), lr_scheduler.ExponentialLR, (gamma,)),
            (Step(start, size, gamma), lr_scheduler.StepLR, (size, gamma)),
            (MultiStep(start, at, gamma), lr_scheduler.MultiStepLR, (at, gamma)),
        ):
            found = stepped(kind, arguments, start)
            assert mine.values(EVENTS) == pytest.approx(found, rel=1e-9), (seed, kind)


def test_ignites_wrapper_is_wrong_on_this_torch_so_torch_is_the_oracle() -> None:
    params = optimizer(1.0)
    theirs = called(LRScheduler(lr_scheduler.ExponentialLR(params, 0.5)), params, 4)
    by_torch = stepped(lr_scheduler.ExponentialLR, (0.5,), 1.0)[:4]
    assert by_torch == Exponential(1.0, 0.5).values(4) == [1.0, 0.5, 0.25, 0.125]
    assert theirs != by_torch

    params = optimizer(1.0)
    parts = [lr_scheduler.ConstantLR(params), lr_scheduler.ExponentialLR(params, 0.5)]
    wrapped = LRScheduler(lr_scheduler.SequentialLR(params, parts, [2]))
    with pytest.raises(NotImplementedError):
        called(wrapped, params, 4)


def test_ignite_divides_by_zero_where_a_shrunk_cycle_keeps_one_event_here() -> None:
    params = optimizer()
    theirs = LinearCyclicalScheduler(params, "lr", 0.0, 1.0, 4, cycle_mult=0.4)
    # cycles of 4 and int(1.6) = 1, then of int(0.4) = 0
    assert called(theirs, params, 5) == Linear(0.0, 1.0, 4, cycle_mult=0.4).values(5)
    with pytest.raises(ZeroDivisionError):
        called(theirs, params, 1)
    assert Linear(0.0, 1.0, 4, cycle_mult=0.4).values(8) == [0, 0.5, 1, 0.5, 0, 0, 0, 0]


def test_ignites_warmup_leads_to_the_optimizers_rate_and_the_kits_to_the_schedules_first() -> None:
    params = optimizer(4.0)
    inner = PiecewiseLinear(params, "lr", milestones_values=[(0, 1.0), (2, 0.0)])
    theirs = create_lr_scheduler_with_warmup(inner, warmup_start_value=0.0, warmup_duration=3)
    assert called(theirs, params, 6) == [0.0, 2.0, 4.0, 1.0, 0.5, 0.0]
    mine = Warmup(Piecewise([(0, 1.0), (2, 0.0)]), 0.0, 3)
    assert mine.values(6) == [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]


def test_neither_takes_one_event_for_a_warmup() -> None:
    params = optimizer()
    inner = PiecewiseLinear(params, "lr", milestones_values=[(0, 1.0), (5, 0.0)])
    with pytest.raises(ValueError, match="at least 2"):
        create_lr_scheduler_with_warmup(inner, warmup_start_value=0.0, warmup_duration=1)
    with pytest.raises(ValueError, match="at least 2"):
        Warmup(Piecewise([(0, 1.0), (5, 0.0)]), 0.0, 1)
