"""Hits and misses are counted once, and every metric's own states and value come out the same."""

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor
from torchmetrics import MetricCollection, classification
from torchmetrics.classification import MulticlassF1Score, MulticlassStatScores

from lightning_kit.tasks.shared_counts import SharedCounts
from lightning_kit.tasks.stage import Stage
from lightning_kit.tasks.step import StepOutput

AVERAGES = ("micro", "macro", "weighted", "none")
KINDS = [
    kind
    for kind in vars(classification).values()
    if isinstance(kind, type) and issubclass(kind, MulticlassStatScores)
]
PLAIN: Any = {"num_classes": 5, "validate_args": False}


def built(kind: Any, **arguments: Any) -> MulticlassStatScores:
    more = {"beta": 2.0} if kind.__name__ == "MulticlassFBetaScore" else {}
    metric: MulticlassStatScores = kind(**more, **arguments)
    return metric


def batches(seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    sizes = (32, 32, 7, 1)
    made = [
        (torch.randn(n, 5, generator=generator), torch.randint(5, (n,), generator=generator))
        for n in sizes
    ]
    made[1][0][3] = float("nan")
    # A tie goes to the lower class.
    made[1][0][4] = 0.0
    return made


def assert_same_state(found: MulticlassStatScores, expected: MulticlassStatScores) -> None:
    for name in ("tp", "fp", "tn", "fn"):
        state, other = getattr(found, name), getattr(expected, name)
        assert torch.equal(state, other)
        assert state.dtype is other.dtype
    assert torch.equal(found.compute(), expected.compute())


def test_that_there_are_as_many_kinds_as_torchmetrics_has() -> None:
    assert len(KINDS) >= 9


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_metric_ends_with_the_states_that_its_own_update_leaves(kind: Any, average: str) -> None:
    shared, own = (built(kind, average=average, **PLAIN) for _ in range(2))
    [counts] = SharedCounts.of({"first": shared})
    for scores, target in batches():
        assert counts.takes(scores, target)
        counts.add(scores, target)
        own.update(scores, target)
    assert shared.update_count == own.update_count == 4
    assert_same_state(shared, own)


@pytest.mark.parametrize(
    "arguments",
    [
        {"top_k": 2},
        {"multidim_average": "samplewise"},
        {"ignore_index": 1},
        {"validate_args": True},
    ],
)
def test_what_asks_for_more_than_hits_and_misses_counts_by_itself(arguments: Any) -> None:
    assert SharedCounts.of({"f1": MulticlassF1Score(**{**PLAIN, **arguments})}) == []


def test_a_class_with_an_update_of_its_own_counts_by_itself() -> None:
    class Own(MulticlassF1Score):
        def update(self, preds: Tensor, target: Tensor) -> None:
            super().update(preds, target)

    assert not SharedCounts.covers(Own(**PLAIN))
    assert not SharedCounts.covers(classification.MulticlassAUROC(**PLAIN))


@pytest.mark.parametrize(
    ("scores", "target"),
    [
        (torch.zeros(4), torch.zeros(4, dtype=torch.int64)),
        (torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64)),
        (torch.zeros(4, 5, 2), torch.zeros(4, 2, dtype=torch.int64)),
        (torch.zeros(4, 5), torch.zeros(3, dtype=torch.int64)),
        (torch.zeros(4, 5, dtype=torch.int64), torch.zeros(4, dtype=torch.int64)),
        (torch.zeros(4, 5), torch.zeros(4, dtype=torch.int32)),
    ],
)
def test_other_shapes_and_types_are_left_to_the_metrics(scores: Tensor, target: Tensor) -> None:
    [counts] = SharedCounts.of({"f1": MulticlassF1Score(**PLAIN)})
    assert not counts.takes(scores, target)


def test_metrics_for_other_numbers_of_classes_have_counts_of_their_own() -> None:
    metrics = {"a": MulticlassF1Score(**PLAIN), "b": MulticlassF1Score(3, validate_args=False)}
    assert [set(counts.metrics) for counts in SharedCounts.of(metrics)] == [{"a"}, {"b"}]


def test_a_metric_that_was_reset_forgets_and_the_others_do_not() -> None:
    first, second = (MulticlassF1Score(**PLAIN) for _ in range(2))
    [counts] = SharedCounts.of({"first": first, "second": second})
    one, two = batches(1)[0], batches(2)[0]
    counts.add(*one)
    first.reset()
    counts.add(*two)
    own_first, own_second = (MulticlassF1Score(**PLAIN) for _ in range(2))
    own_first.update(*two)
    own_second.update(*one)
    own_second.update(*two)
    assert_same_state(first, own_first)
    assert_same_state(second, own_second)


def test_what_inference_mode_counted_is_added_to_outside_of_it() -> None:
    shared, own = (MulticlassF1Score(**PLAIN) for _ in range(2))
    [counts] = SharedCounts.of({"f1": shared})
    for index, (scores, target) in enumerate(batches()):
        with torch.inference_mode(index % 2 == 0):
            counts.add(scores, target)
            own.update(scores, target)
    assert_same_state(shared, own)


def output(scores: Tensor, target: Tensor) -> StepOutput:
    return StepOutput(torch.tensor(1.0), len(target), scores, target)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda stage: pickle.loads(pickle.dumps(stage))])
def test_a_copy_of_a_stage_goes_on_from_what_was_counted(copied: Any) -> None:
    stage, own = Stage("val", {"f1": MulticlassF1Score(**PLAIN)}), MulticlassF1Score(**PLAIN)
    first, second = batches()[0], batches()[2]
    stage.update(output(*first))
    other = copied(stage)
    other.update(output(*second))
    own.update(*first)
    assert torch.equal(stage.logged()["val/f1"].compute(), own.compute())
    own.update(*second)
    assert torch.equal(other.logged()["val/f1"].compute(), own.compute())


def test_the_states_are_true_between_batches() -> None:
    stage, own = Stage("val", {"f1": MulticlassF1Score(**PLAIN)}), MulticlassF1Score(**PLAIN)
    for scores, target in batches():
        stage.update(output(scores, target))
        own.update(scores, target)
        copied = stage.metrics.clone()["f1"]
        assert isinstance(copied, MulticlassF1Score)
        assert_same_state(copied, own)


def test_a_value_asked_for_in_mid_epoch_is_right_then_and_later() -> None:
    stage, own = Stage("val", {"f1": MulticlassF1Score(**PLAIN)}), MulticlassF1Score(**PLAIN)
    for scores, target in batches():
        stage.update(output(scores, target))
        own.update(scores, target)
        assert torch.equal(stage.logged()["val/f1"].compute(), own.compute())


def test_a_metric_that_joins_or_takes_another_s_place_is_updated_from_then_on() -> None:
    stage, own = Stage("val", {"f1": MulticlassF1Score(**PLAIN)}), MulticlassF1Score(**PLAIN)
    first, second = batches()[0], batches()[2]
    stage.update(output(*first))
    own.update(*first)
    stage.metrics.add_metrics({"more": MulticlassF1Score(**PLAIN)})
    stage.update(output(*second))
    own.update(*second)
    assert torch.equal(stage.logged()["val/f1"].compute(), own.compute())
    alone = MulticlassF1Score(**PLAIN)
    alone.update(*second)
    assert torch.equal(stage.logged()["val/more"].compute(), alone.compute())
    stage.metrics = MetricCollection({"f1": MulticlassF1Score(**PLAIN)}, prefix="val/")
    stage.update(output(*second))
    assert torch.equal(stage.logged()["val/f1"].compute(), alone.compute())


def test_a_label_that_is_no_class_raises() -> None:
    [counts] = SharedCounts.of({"f1": MulticlassF1Score(**PLAIN)})
    with pytest.raises(IndexError, match="out of range"):
        counts.add(torch.zeros(2, 5), torch.tensor([0, 5]))
