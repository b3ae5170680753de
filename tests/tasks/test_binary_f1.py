import pytest
import torch
from sklearn.metrics import f1_score
from torch import Tensor

from lightning_kit.tasks.binary_f1 import BinaryMacroF1

GENERATOR = torch.Generator().manual_seed(0)
SCORES = torch.rand(50, generator=GENERATOR)
TARGET = torch.randint(2, (50,), generator=GENERATOR)


@pytest.mark.parametrize(
    ("scores", "target"),
    [
        (SCORES, TARGET),
        (SCORES, torch.ones(50).long()),
        (SCORES, torch.zeros(50).long()),
        (torch.full((50,), 0.9), TARGET),
        (torch.full((50,), 0.1), TARGET),
        (torch.full((50,), 0.9), torch.ones(50).long()),
        (torch.full((50,), 0.1), torch.zeros(50).long()),
        (torch.full((50,), 0.1), torch.ones(50).long()),
    ],
)
def test_is_scikit_learns(scores: Tensor, target: Tensor) -> None:
    metric = BinaryMacroF1()
    for rows in torch.split(torch.arange(50), [20, 20, 10]):
        metric.update(scores[rows], target[rows])
    wanted = f1_score(target, scores > 0.5, average="macro")
    assert metric.compute().item() == pytest.approx(wanted)


def test_ignored_targets_do_not_count() -> None:
    target = TARGET.masked_fill(torch.arange(50) < 20, -1)
    metric = BinaryMacroF1(ignore_index=-1)
    metric.update(SCORES, target)
    wanted = f1_score(TARGET[20:], SCORES[20:] > 0.5, average="macro")
    assert metric.compute().item() == pytest.approx(wanted)
