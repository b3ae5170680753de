"""A loop without any Trainer, driven by the kit's filter and plateau, beside Ignite's engine."""

from typing import Any

import torch
from ignite.engine import Engine, Events
from ignite.handlers import EarlyStopping
from torch import Tensor, nn

from lightning_kit.meters import EventFilter, Plateau

GENERATOR = torch.Generator().manual_seed(0)
BATCHES = [(x := torch.randn(8, 4, generator=GENERATOR), x.sum(1, keepdim=True)) for _ in range(6)]
HELD_OUT = (x := torch.randn(16, 4, generator=GENERATOR), x.sum(1, keepdim=True) + x[:, :1] ** 2)


def model_and_optimizer() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.05)


def loss(model: nn.Module, input: Tensor, target: Tensor) -> Tensor:
    return nn.functional.mse_loss(model(input), target)


def score(model: nn.Module) -> float:
    with torch.no_grad():
        return -loss(model, *HELD_OUT).item()


def train(model: nn.Module, optimizer: torch.optim.Optimizer, batches: list[Any]) -> list[float]:
    scores: list[float] = []
    now, plateau = EventFilter(every=4, after=10), Plateau(patience=2, mode="max")
    for iteration, (input, target) in enumerate(batches, start=1):
        optimizer.zero_grad()
        loss(model, input, target).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if now.matches(iteration):
            scores.append(score(model))
            if plateau.update(scores[-1]):
                break
    return scores


def test_a_raw_loop_sees_and_stops_as_ignites_engine_does() -> None:
    model, optimizer = model_and_optimizer()
    reference: list[float] = []

    def step(engine: Engine, batch: Any) -> None:
        input, target = batch
        optimizer.zero_grad()
        loss(model, input, target).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def record(engine: Engine) -> float:
        reference.append(score(model))
        return reference[-1]

    engine = Engine(step)
    stopper = EarlyStopping(patience=2, score_function=record, trainer=engine)
    engine.add_event_handler(Events.ITERATION_COMPLETED(every=4, after=10), stopper)
    engine.run(BATCHES, max_epochs=50)

    mine, its_optimizer = model_and_optimizer()
    assert train(mine, its_optimizer, BATCHES * 50) == reference
    assert 3 < len(reference) < (300 - 10) // 4, "it must stop by itself, and not at once"
    for weight, other in zip(mine.parameters(), model.parameters(), strict=True):
        assert torch.equal(weight, other)
