from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torchmetrics.classification import MulticlassAccuracy

from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.tasks import ClassificationTask, DataFacts

INPUT = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("kind", "outputs", "target", "scores"),
    [
        ("multiclass", 3, torch.tensor([0, 1, 2, 2]), (4, 3)),
        ("multiclass", 3, torch.tensor([0, 1, 2, 2], dtype=torch.uint8), (4, 3)),
        ("binary", 1, torch.tensor([0, 1, 1, 0]), (4,)),
        ("binary", 1, torch.tensor([False, True, True, False]), (4,)),
        ("multilabel", 3, torch.tensor([[0, 1, 1]] * 4), (4, 3)),
    ],
)
def test_a_step_of_each_kind(
    kind: Any, outputs: int, target: torch.Tensor, scores: tuple[int, ...]
) -> None:
    classes = None if kind == "binary" else 3
    output = ClassificationTask(nn.Linear(5, outputs), classes, kind=kind).step((INPUT, target))
    assert output.scores.shape == scores
    assert output.loss.requires_grad
    assert not output.scores.requires_grad


@pytest.mark.parametrize(
    ("kind", "model", "target", "message"),
    [
        (
            "multiclass",
            nn.Linear(5, 4),
            torch.zeros(4).long(),
            r"\(4, 3\), got \(4, 4\): num_classes is 3",
        ),
        ("multiclass", nn.Linear(5, 3), torch.zeros(4), r"integers or booleans, got torch.float32"),
        ("multiclass", nn.Linear(5, 3), torch.zeros(4, 1).long(), r"\(4,\), got \(4, 1\)"),
        ("multiclass", nn.Linear(5, 3), torch.zeros(3).long(), r"each of the 3 targets"),
        ("multiclass", nn.Identity(), torch.zeros(4).long(), r"\(4, 3\), got \(4, 5\)"),
        ("binary", nn.Linear(5, 2), torch.zeros(4).long(), "kind='multiclass', num_classes=2"),
        ("multilabel", nn.Linear(5, 3), torch.zeros(4).long(), r"\(4, 3\), got \(4,\)"),
    ],
)
def test_a_mistake_in_the_first_batch_is_one_clear_line(
    kind: Any, model: nn.Module, target: torch.Tensor, message: str
) -> None:
    task = ClassificationTask(model, None if kind == "binary" else 3, kind=kind)
    with pytest.raises(ValueError, match=message) as error:
        task.step((INPUT, target))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "at least 2 for multiclass, got None"),
        ({"num_classes": 1}, "at least 2 for multiclass, got 1"),
        ({"num_classes": 3, "kind": "binary"}, "2 or left out for binary, got 3"),
        ({"num_classes": 3, "kind": "ordinal"}, "'multilabel', got 'ordinal'"),
    ],
)
def test_the_number_of_classes_fits_the_kind(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ClassificationTask(nn.Linear(5, 3), **options)


def test_the_data_and_the_task_agree_on_the_classes() -> None:
    task = ClassificationTask(nn.Linear(5, 3), 3)
    with pytest.raises(ValueError, match="must be 2, the number of classes in the data, got 3"):
        task.adapt(DataFacts(classes=["no", "yes"]))
    task.adapt(DataFacts(classes=["a", "b", "c"]))


def test_balanced_weights_come_from_the_datamodule_at_fit_and_from_the_checkpoint_after(
    make_trainer: Callable[..., pl.Trainer],
) -> None:
    class Data(pl.LightningDataModule):
        class_counts = (2, 1, 1)

        def train_dataloader(self) -> BatchLoader:
            return BatchLoader(
                INPUT, torch.tensor([0, 0, 1, 2]), batch_size=4, shuffle=False, seed=0
            )

        val_dataloader = test_dataloader = train_dataloader

    task = ClassificationTask(nn.Linear(5, 3), 3, class_weights="balanced")
    make_trainer().fit(task, Data())
    # 4 samples over 3 classes: 4 / (3 * 2), 4 / (3 * 1).
    torch.testing.assert_close(task.criterion.class_weights, torch.tensor([2 / 3, 4 / 3, 4 / 3]))
    other = Data()
    other.class_counts = (1, 1, 2)  # what a test run has must not matter
    make_trainer().test(task, other, verbose=False)
    torch.testing.assert_close(task.criterion.class_weights, torch.tensor([2 / 3, 4 / 3, 4 / 3]))


def test_a_batch_that_is_no_pair_is_named() -> None:
    task: Any = ClassificationTask(nn.Linear(5, 3), 3)
    with pytest.raises(ValueError, match="got SimpleNamespace"):
        task.step(SimpleNamespace(input=INPUT))


@pytest.mark.parametrize(
    ("kind", "target", "message"),
    [
        ("multiclass", torch.tensor([0, 1, 2, 3]), r"in \[0, 3\), got 3"),
        ("binary", torch.tensor([-1, 1, 1, -1]), "0 or 1 for binary, got -1"),
        ("binary", torch.tensor([0, 1, 2, 1]), "got 2"),
        ("multilabel", torch.full((4, 3), 7), "0 or 1 for multilabel, got 7"),
    ],
)
@pytest.mark.parametrize("verb", ["fit", "validate", "test"])
def test_labels_that_are_no_class_are_refused_in_every_run(
    kind: Any, target: torch.Tensor, message: str, verb: str, make_trainer: Callable[..., Any]
) -> None:
    def loader(labels: torch.Tensor) -> BatchLoader:
        return BatchLoader(INPUT, labels, batch_size=4, shuffle=False, seed=0)

    task = ClassificationTask(
        nn.Linear(5, 1 if kind == "binary" else 3), None if kind == "binary" else 3, kind=kind
    )
    # An earlier run with good labels has not switched the check off.
    good = loader(target.clamp(0, 1))
    make_trainer().fit(task, good, good)
    loaders = [loader(target), good] if verb == "fit" else [loader(target)]
    with pytest.raises(ValueError, match=message):
        getattr(make_trainer(), verb)(task, *loaders)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"ignore_index": -1}])
@pytest.mark.parametrize(
    ("kind", "label", "message"),
    [
        ("multiclass", 12, r"in \[0, 3\), got 12"),
        ("multiclass", -7, "got -7"),
        ("binary", 2, "0 or 1 for binary, got 2"),
        ("binary", -7, "got -7"),
        ("multilabel", 2, "0 or 1 for multilabel, got 2"),
    ],
)
def test_a_label_of_a_later_batch_that_is_no_class_is_one_line(
    kind: Any, label: int, message: str, options: dict[str, Any], make_trainer: Callable[..., Any]
) -> None:
    shape = (4, 3) if kind == "multilabel" else (4,)
    target = torch.ones(shape, dtype=torch.int64)
    target[3] = label
    bad, good = (
        BatchLoader(INPUT, labels, batch_size=2, shuffle=False, seed=0)
        for labels in (target, target.clamp(0, 1))
    )
    outputs, classes = (1, None) if kind == "binary" else (3, 3)
    task = ClassificationTask(nn.Linear(5, outputs), classes, kind=kind, **options)
    with pytest.raises(ValueError, match=message):
        make_trainer().fit(task, bad, good)


def test_labels_are_read_once_when_a_stage_starts(
    make_trainer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(
        "lightning_kit.tasks.classification.check_label_range", lambda *_: calls.append(1)
    )
    loader = BatchLoader(INPUT, torch.tensor([0, 1, 2, 2]), batch_size=1, shuffle=False, seed=0)
    task = ClassificationTask(nn.Linear(5, 3), 3)
    make_trainer().fit(task, loader, loader)
    make_trainer().test(task, loader, verbose=False)
    assert len(calls) == 4  # sanity check, training, validation, test; of 14 batches


def test_given_metrics_ignore_what_the_task_ignores() -> None:
    with pytest.raises(ValueError, match=r"metrics\['acc'\] .* ignore_index=-1, got None"):
        ClassificationTask(
            nn.Linear(5, 3), 3, ignore_index=-1, metrics={"acc": MulticlassAccuracy(3)}
        )


class Cooler(nn.Module):
    """Answers with the temperature lowered."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, logits: torch.Tensor) -> Any:
        return self.inner(logits / 4)


def test_metrics_compare_what_a_postprocess_of_ones_own_answers() -> None:
    task = ClassificationTask(nn.Linear(5, 3), 3)
    batch = (INPUT, torch.tensor([0, 1, 2, 2]))
    warm = task.step(batch).scores
    task.postprocess = Cooler(task.postprocess)  # type: ignore[assignment]
    cool = task.step(batch).scores
    assert torch.equal(cool, task.predict_step(batch, 0)["probabilities"])
    assert not torch.allclose(cool, warm)


def test_hooks_on_the_postprocess_are_called_in_a_step() -> None:
    task, seen = ClassificationTask(nn.Linear(5, 3), 3), []
    handle = task.postprocess.register_forward_hook(lambda *_: seen.append(1))
    task.step((INPUT, torch.tensor([0, 1, 2, 2])))
    handle.remove()
    task.step((INPUT, torch.tensor([0, 1, 2, 2])))
    assert seen == [1]
