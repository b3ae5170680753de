"""Two ranks whose batches weigh differently have the gradient of one big batch."""

from collections.abc import Callable
from typing import Any

import pytest
from programs.ranks import two_ranks

PROGRAM = """
import pytorch_lightning as pl
import torch.distributed as dist
from origin.stock import QUIET
from programs.big_batch import Oracle, Tokens, batches, flat, loader, num_valid
from pytorch_lightning.callbacks import GradientAccumulationScheduler
from lightning_kit.callbacks import EndEpoch, ExactAccumulation
from lightning_kit.meters import EventFilter

# Rank 1 has few tokens, and in its first window none.
SHAPES = [
    [(4, 6), (2, 6), (4, 5), (3, 6), (4, 6)],
    [(4, 0), (4, 0), (1, 1), (4, 2), (4, 1)],
]
counts = [0]
all_reduce = dist.all_reduce
def counted(*args, **kwargs):
    counts[0] += 1
    return all_reduce(*args, **kwargs)
dist.all_reduce = counted

def fit(*callbacks, weight=num_valid, epochs=1, size=2, shapes=SHAPES, **trainer):
    counts[0] = 0
    oracle, module = Oracle(), Tokens(weight)
    trainer = {"strategy": "ddp", "accumulate_grad_batches": size, **trainer}
    trainer = pl.Trainer(**QUIET, devices=2, max_epochs=epochs, use_distributed_sampler=False,
                         callbacks=[*callbacks, oracle], **trainer)
    trainer.fit(module, loader(batches(shapes[rank], seed=rank)))
    return {"windows": oracle.windows, "errors": oracle.errors, "collectives": counts[0],
            "weights": flat(module.parameters()).tolist()}

exact = ExactAccumulation
as_number = lambda target: int(num_valid(target))
tell(
    stock=fit(),
    exact=fit(exact(), epochs=2),
    numbers=fit(exact(), weight=as_number),
    one=fit(exact(), size=1),
    samples=fit(exact(), weight=None, shapes=[[(4, 6)] * 3, [(1, 6)] * 3]),
    empty=fit(exact(), shapes=[[(4, 0), (4, 0), (4, 6)], [(4, 0), (4, 0), (2, 1)]]),
    scheduled=fit(exact(), GradientAccumulationScheduler({0: 2, 1: 3}), epochs=2, size=1),
    cut=fit(exact(), EndEpoch(EventFilter(once=3)), size=2, epochs=2),
)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return two_ranks(PROGRAM, tmp_path_factory.mktemp("ranks"))


Told = Callable[[str], dict[str, Any]]


@pytest.fixture
def of(told: list[dict[str, Any]]) -> Told:
    def read(name: str) -> dict[str, Any]:
        first, second = (rank[name] for rank in told)
        assert first == second, "ranks differ"
        found: dict[str, Any] = first
        return found

    return read


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        ("exact", [2, 2, 1] * 2),
        ("numbers", [2, 2, 1]),
        ("one", [1] * 5),
        ("samples", [2, 1]),
        ("scheduled", [2, 2, 1, 3, 2]),
        ("cut", [2, 1, 2, 2, 1]),
    ],
)
def test_the_gradient_is_that_of_one_big_batch_over_all_ranks(
    name: str, windows: list[int], of: Told
) -> None:
    assert of(name)["windows"] == windows
    assert max(of(name)["errors"]) < 1e-6


def test_stock_lightning_is_wrong_by_more_than_10_percent(of: Told) -> None:
    assert max(of("stock")["errors"]) > 0.1


def test_a_window_without_a_valid_target_on_any_rank_moves_nothing(of: Told) -> None:
    assert of("empty")["errors"][1] < 1e-6
    assert all(weight == weight for weight in of("empty")["weights"])


def test_one_reduction_a_step_and_one_at_the_first_batch(of: Told) -> None:
    # A fit of two epochs with three windows each.
    assert of("exact")["collectives"] == of("stock")["collectives"] + 6 + 1


def test_both_ranks_hold_the_same_weights(told: list[dict[str, Any]]) -> None:
    for name, first in told[0].items():
        assert first["weights"] == told[1][name]["weights"], name
