"""Every metric that a task logs, on the same batches, against ``ignite.metrics``."""

from pathlib import Path

import pytest
import torch
from ignite.engine import Engine
from ignite.metrics import Accuracy, MeanSquaredError, Metric
from programs.metric_streams import by_ignite, by_the_kit, rounded, stream
from programs.ranks import two_ranks

from lightning_kit.tasks import RegressionTask
from lightning_kit.tasks.step import StepOutput

KINDS = ["multiclass", "binary", "multilabel", "regression"]


@pytest.mark.parametrize("kind", KINDS)
def test_twenty_streams_with_a_smaller_last_batch(kind: str) -> None:
    for seed in range(20):
        batches = stream(kind, seed)
        assert len({len(target) for _, target in batches}) == 2
        theirs, mine = by_ignite(kind, batches), by_the_kit(kind, batches)
        assert mine == pytest.approx(theirs, rel=1e-5, abs=1e-6), seed
        assert len(mine) == 3


RANKS = """
import torch.distributed as dist
from programs.metric_streams import by_ignite, by_the_kit, stream

dist.init_process_group("gloo")
found = {}
for kind in ("multiclass", "binary", "multilabel", "regression"):
    batches = [stream(kind, seed, rank) for seed in range(3)]
    found[kind] = [[by_the_kit(kind, each), by_ignite(kind, each)] for each in batches]
tell(**found)
"""


def test_two_ranks_measure_what_one_process_does_on_all_rows(tmp_path: Path) -> None:
    first, second = two_ranks(RANKS, tmp_path)
    for kind in KINDS:
        for seed in range(3):
            mine, theirs = first[kind][seed]
            assert mine == second[kind][seed][0], "ranks agree to the bit"
            assert mine == pytest.approx(theirs, rel=1e-5, abs=1e-6), (kind, seed)
            whole = by_the_kit(kind, [*stream(kind, seed, 0), *stream(kind, seed, 1)])
            assert mine == pytest.approx(whole, rel=1e-5, abs=1e-6), (kind, seed)
            assert mine != by_the_kit(kind, stream(kind, seed, 0))


def ignites(metric: Metric, scores: torch.Tensor, target: torch.Tensor) -> float:
    evaluator = Engine(lambda engine, batch: batch)
    metric.attach(evaluator, "value")
    return float(evaluator.run([(scores, target)]).metrics["value"])


def test_accuracy_of_several_labels_counts_labels_where_ignites_counts_whole_rows() -> None:
    scores = torch.tensor([[0.9, 0.1], [0.9, 0.9], [0.1, 0.1], [0.6, 0.4]])
    target = torch.tensor([[1, 0], [1, 0], [0, 1], [1, 0]])
    # six of eight labels are right, and two of four rows wholly so
    assert ignites(Accuracy(rounded, is_multilabel=True), scores, target) == 0.5
    repeated = torch.nn.functional.pad(scores, (0, 2)), torch.nn.functional.pad(target, (0, 2))
    assert by_the_kit("multilabel", [repeated])["accuracy"] == (6 + 8) / 16


def test_squared_errors_are_means_over_numbers_where_ignites_are_over_rows() -> None:
    scores, target = torch.ones(4, 5), torch.zeros(4, 5)
    assert ignites(MeanSquaredError(), scores, target) == 5.0
    task = RegressionTask(torch.nn.Identity(), num_targets=5)
    task.val_stage.update(StepOutput(torch.tensor(0.0), 4, scores, target))
    assert task.val_stage.metrics["rmse"].compute() == 1.0
