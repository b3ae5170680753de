from typing import Any

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from lightning_kit.tasks.class_loss import ClassLoss

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(12, 3, generator=GENERATOR)
TARGET = torch.randint(3, (12,), generator=GENERATOR)
LABELS = torch.randint(2, (12, 3), generator=GENERATOR)


def make(kind: Any, classes: int = 3, **options: Any) -> ClassLoss:
    defaults = {"class_weights": None, "label_smoothing": 0.0, "ignore_index": None}
    return ClassLoss(kind, classes, **{**defaults, **options})


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 4.0]])
@pytest.mark.parametrize("ignore", [None, 2])
def test_multiclass_is_torchs_cross_entropy(smoothing: float, weights: Any, ignore: Any) -> None:
    options: dict[str, Any] = {"label_smoothing": smoothing, "class_weights": weights}
    loss, weight = make("multiclass", **options, ignore_index=ignore)(LOGITS, TARGET)
    wanted = functional.cross_entropy(
        LOGITS,
        TARGET,
        torch.tensor(weights) if weights else None,
        ignore_index=-100 if ignore is None else ignore,
        label_smoothing=smoothing,
    )
    torch.testing.assert_close(loss, wanted)
    counted = [int(label) for label in TARGET if label != ignore]
    assert float(weight) == (sum(weights[c] for c in counted) if weights else len(counted))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("multiclass", {}),
        ("multiclass", {"class_weights": [1.0, 2.0, 4.0]}),
        ("multiclass", {"ignore_index": 1, "label_smoothing": 0.1}),
        ("binary", {"class_weights": [1.0, 3.0]}),
        ("multilabel", {"ignore_index": -1}),
    ],
)
def test_batches_weighted_by_their_weight_give_the_whole(
    kind: str, options: dict[str, Any]
) -> None:
    logits, target = (LOGITS[:, :1], LABELS[:, 0]) if kind == "binary" else (LOGITS, TARGET)
    if kind == "multilabel":
        target = LABELS.masked_fill(LOGITS > 1, -1)
    criterion = make(kind, 2 if kind == "binary" else 3, **options)
    whole, weight = criterion(logits, target)
    parts = [
        criterion(logits[rows], target[rows]) for rows in torch.split(torch.arange(12), [5, 5, 2])
    ]
    assert float(weight) == pytest.approx(sum(float(part_weight) for _, part_weight in parts))
    total = sum(float(loss) * float(part_weight) for loss, part_weight in parts)
    assert total / float(weight) == pytest.approx(whole.item(), rel=1e-6)


def test_binary_equals_two_classes() -> None:
    # sigmoid(x) is the softmax of (0, x).
    logits, target = LOGITS[:, 0], LABELS[:, 0]
    two = torch.stack([torch.zeros(12), logits], dim=1)
    options: dict[str, Any] = {"class_weights": [1.0, 3.0], "label_smoothing": 0.1}
    binary, weight = make("binary", 2, **options)(logits, target)
    multiclass, same_weight = make("multiclass", 2, **options)(two, target)
    torch.testing.assert_close(binary, multiclass, rtol=0.2, atol=0)
    plain = {"class_weights": [1.0, 3.0]}
    torch.testing.assert_close(
        make("binary", 2, **plain)(logits, target), make("multiclass", 2, **plain)(two, target)
    )
    assert float(weight) == float(same_weight)


def test_multilabel_weighs_positives() -> None:
    loss, weight = make("multilabel", class_weights=[1.0, 2.0, 4.0])(LOGITS, LABELS)
    wanted = functional.binary_cross_entropy_with_logits(
        LOGITS, LABELS.float(), pos_weight=torch.tensor([1.0, 2.0, 4.0])
    )
    torch.testing.assert_close(loss, wanted)
    assert weight == 36


def test_a_batch_of_ignored_targets_counts_for_nothing() -> None:
    for kind in ("multiclass", "multilabel"):
        target = torch.full((12,) if kind == "multiclass" else (12, 3), 9)
        logits = LOGITS.clone().requires_grad_()
        loss, weight = make(kind, ignore_index=9)(logits, target)
        loss.backward()
        assert (loss.item(), float(weight)) == (0.0, 0.0)
        assert logits.grad is not None
        assert (logits.grad == 0).all()


def test_torchs_silent_default_of_ignoring_minus_100_is_off() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        make("multiclass")(LOGITS, torch.full((12,), -100))


def test_balanced_is_scikit_learns() -> None:
    criterion = make("multiclass", class_weights="balanced")
    criterion.balance(torch.bincount(TARGET).tolist())
    wanted = compute_class_weight("balanced", classes=np.arange(3), y=TARGET.numpy())
    torch.testing.assert_close(criterion.class_weights, torch.tensor(wanted).float())


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (None, "needs a datamodule with class_counts"),
        ([5, 5], r"needs 3 classes .* got counts \[5, 5\]"),
        ([5, 0, 5], r"at least one training sample each, got counts \[5, 0, 5\]"),
    ],
)
def test_balance_needs_every_class(counts: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make("multiclass", class_weights="balanced").balance(counts)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("multiclass", {"label_smoothing": 1.0}, r"in \[0, 1\), got 1.0"),
        ("multiclass", {"class_weights": [1.0]}, r"must be 3 finite numbers .* got \[1.0\]"),
        ("multiclass", {"class_weights": [1.0, -1.0, 1.0]}, "at least 0"),
        ("multiclass", {"class_weights": [1.0, float("nan"), 1.0]}, "3 finite numbers"),
        ("multiclass", {"class_weights": [1.0, float("inf"), 1.0]}, "3 finite numbers"),
        ("multiclass", {"class_weights": "even"}, "a list, 'balanced' or None, got 'even'"),
        ("multilabel", {"class_weights": "balanced"}, "does not apply to multilabel"),
        ("multilabel", {"ignore_index": 1}, "must not be a label of multilabel targets, got 1"),
        ("binary", {"ignore_index": 0}, "must not be a label of binary targets, got 0"),
    ],
)
def test_options_that_do_not_apply_are_refused(
    kind: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(kind, 2 if kind == "binary" else 3, **options)
