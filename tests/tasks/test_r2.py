import copy
from collections.abc import Callable
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from sklearn.metrics import r2_score
from torch import Tensor, nn

from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.tasks import RegressionTask
from lightning_kit.tasks.r2 import R2

SIZES = [300, 300, 300, 100]


def draw(mean: float, std: float, targets: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shape = (1000,) if targets == 1 else (1000, targets)
    target = mean + std * torch.randn(shape, generator=generator)
    return target + std / 2 * torch.randn(shape, generator=generator), target


def score(metric: R2, preds: Tensor, target: Tensor) -> float:
    for rows in torch.split(torch.arange(len(target)), SIZES):
        metric.update(preds[rows], target[rows])
    return float(metric.compute())


@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (2015.0, 2.0), (1e4, 1.0), (-1e5, 1.0)])
def test_is_scikit_learns_far_from_zero(mean: float, std: float, targets: int) -> None:
    preds, target = draw(mean, std, targets)
    wanted = r2_score(target.double(), preds.double())
    assert score(R2(targets), preds, target) == pytest.approx(wanted, abs=1e-6)


def test_targets_of_different_units_count_alike() -> None:
    (near, near_target), (far, far_target) = draw(0.0, 1e-3), draw(1e4, 1.0)
    preds, target = torch.stack([near, far], 1), torch.stack([near_target, far_target], 1)
    wanted = r2_score(target.double(), preds.double())
    assert score(R2(2), preds, target) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    "cast",
    [
        lambda metric: metric.to(torch.bfloat16),
        lambda metric: nn.ModuleList([metric]).to(torch.float32)[0],
        lambda metric: nn.ModuleList([metric]).half()[0],
        copy.deepcopy,
        lambda metric: metric.clone(),
    ],
)
def test_no_cast_or_copy_costs_digits(cast: Callable[[R2], R2]) -> None:
    preds, target = draw(1e4, 1.0)
    metric = cast(R2())
    wanted = pytest.approx(r2_score(target.double(), preds.double()), abs=1e-6)
    assert score(metric, preds, target) == wanted
    metric.reset()
    assert score(metric, preds, target) == wanted


def test_ranks_add_up_and_one_may_have_nothing() -> None:
    preds, target = draw(1e4, 1.0, 2)
    ranks = [R2(2), R2(2), R2(2)]
    ranks[0].update(preds[:900], target[:900])
    ranks[1].update(preds[900:], target[900:])
    whole = R2(2)
    for name, reduce in whole._reductions.items():
        assert callable(reduce)
        setattr(whole, name, reduce(torch.stack([getattr(rank, name) for rank in ranks])))
    whole._update_count = 1
    wanted = r2_score(target.double(), preds.double())
    assert float(whole.compute()) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(("shift", "wanted"), [(0.0, 1.0), (0.1, 0.0)])
def test_a_target_that_never_changes(shift: float, wanted: float) -> None:
    target = torch.full((1000,), 2015.1)
    assert score(R2(), target + shift, target) == wanted


def test_one_row_has_no_spread() -> None:
    metric = R2()
    metric.update(torch.ones(1), torch.ones(1))
    assert metric.compute().isnan()


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "bf16-true"])
def test_the_task_logs_it_under_any_precision(
    precision: Any, make_trainer: Callable[..., pl.Trainer]
) -> None:
    input, target = draw(2015.0, 2.0)
    task = RegressionTask(nn.Flatten(0))
    loader = BatchLoader(input[:, None], target, batch_size=300, shuffle=False, seed=0)
    (logged,) = make_trainer(precision=precision).test(task, loader, verbose=False)
    if precision == "bf16-true":  # Lightning casts the batch
        input, target = input.bfloat16(), target.bfloat16()
    wanted = r2_score(target.double(), input.double())
    assert logged["test/r2"] == pytest.approx(wanted, abs=1e-5)
