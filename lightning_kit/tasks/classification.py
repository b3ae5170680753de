"""Classification: one class of many, yes or no, or several labels at once."""

from collections.abc import Mapping
from typing import Any, Literal, final

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from lightning_kit.models.answers import ClassAnswer, Kind
from lightning_kit.tasks.base import AbstractTask
from lightning_kit.tasks.class_loss import ClassLoss
from lightning_kit.tasks.class_metrics import check_ignore_index, default_metrics
from lightning_kit.tasks.data_facts import DataFacts
from lightning_kit.tasks.label_range import check_label_range
from lightning_kit.tasks.schedule import Schedule
from lightning_kit.tasks.shapes import check_labels, check_rows, check_shape
from lightning_kit.tasks.step import StepOutput, split


@final
class ClassificationTask(AbstractTask):
    """Fit ``model`` to class labels with cross-entropy.

    =========== ===================== ================================= =======================
    kind        the model's output    target                            metrics see
    =========== ===================== ================================= =======================
    multiclass  logits (N, C)         (N,) integers in [0, C)           probabilities (N, C)
    binary      logits (N,), (N, 1)   (N,) integers 0, 1 or booleans    P(1), of shape (N,)
    multilabel  logits (N, C)         (N, C) integers 0, 1 or booleans  probabilities (N, C)
    =========== ===================== ================================= =======================

    Logs per stage ``loss`` (nats per sample, or per label for multilabel; with ``class_weights``
    the weighted mean), ``accuracy`` (fraction of samples, or of labels) and ``f1`` (mean over
    classes, for binary over both of them), both in [0, 1]; validation and testing also ``auroc``
    (mean over the classes that occur). AUROC is left out of training, where it would keep every
    score of the epoch; metrics given by name are logged in all three stages.

    Predicts what :class:`.ClassAnswer` says: probabilities, prediction and confidence.

    Args:
        model: Maps ``(N, ...)`` to logits.
        num_classes: ``C``, at least 2 (1 for multilabel). Binary needs none.
        kind: What a target looks like.
        class_weights: A factor on each class's part in the loss, ``C`` of them (binary: 2), or
            ``"balanced"``: ``samples / (C * count)`` from the datamodule's ``class_counts``.
            For multilabel, the factor on each label's positives.
        label_smoothing: Share of the target spread evenly over all classes, in [0, 1).
        ignore_index: A target value that counts in no loss and no metric; given ``metrics`` must
            have it as their own ``ignore_index``.
        metrics: Replace accuracy, F1 and AUROC, by name.
        optimizer: Builds the optimizer; fused kernels are used where they are safe.
        lr_scheduler: Builds the learning-rate schedule.
        lr_scheduler_interval: Whether it moves after epochs or after optimizer steps.
        lr_scheduler_frequency: It moves after every that many intervals.
        lr_scheduler_monitor: Key for ``ReduceLROnPlateau``, e.g. ``"val/loss"``.
        compile: Let ``torch.compile`` run the model, but not in prediction: true, or a mapping
            of ``mode``, ``backend``, ``dynamic`` and ``fullgraph``.
        cuda_graph: Replay the model's training passes as CUDA graphs, on one CUDA device and with
            nothing overridden between forward and optimizer step.

    Raises:
        ValueError: If an argument is out of range or has no effect for this ``kind``, or if a batch
            has a label that is no class: any one on a CPU, the first of a run on an accelerator,
            which stops at a later one with an error of its own.
    """

    postprocess: ClassAnswer

    def __init__(
        self,
        model: nn.Module,
        num_classes: int | None = None,
        *,
        kind: Kind = "multiclass",
        class_weights: list[float] | Literal["balanced"] | None = None,
        label_smoothing: float = 0.0,
        ignore_index: int | None = None,
        metrics: MetricCollection | dict[str, Metric] | None = None,
        optimizer: OptimizerCallable = lambda params: torch.optim.AdamW(params, lr=1e-3),
        lr_scheduler: LRSchedulerCallable | None = None,
        lr_scheduler_interval: Literal["epoch", "step"] = "epoch",
        lr_scheduler_frequency: int = 1,
        lr_scheduler_monitor: str | None = None,
        compile: bool | dict[str, Any] = False,
        cuda_graph: bool = False,
    ) -> None:
        classes = _check_num_classes(num_classes, kind)
        train, evaluation = default_metrics(kind, classes, ignore_index)
        super().__init__(
            model,
            ClassAnswer(kind),
            train_metrics=train if metrics is None else metrics,
            metrics=evaluation if metrics is None else metrics,
            optimizer=optimizer,
            schedule=Schedule(
                lr_scheduler, lr_scheduler_interval, lr_scheduler_frequency, lr_scheduler_monitor
            ),
            compile=compile,
            cuda_graph=cuda_graph,
        )
        self.save_hyperparameters()
        if metrics is not None:
            check_ignore_index(metrics, ignore_index)
        self._seen: tuple[Any, ...] | None = None
        self.num_classes = classes
        self.kind = kind
        self.criterion = ClassLoss(
            kind,
            classes,
            class_weights=class_weights,
            label_smoothing=label_smoothing,
            ignore_index=ignore_index,
        )

    def step(self, batch: Any) -> StepOutput:
        input, target = split(batch)
        logits = self(input)
        self._check(logits, target)
        try:
            loss, weight = self.criterion(logits, target)
        except IndexError:
            check_label_range(target, self.kind, self.num_classes, self.criterion.ignore_index)
            raise
        scores = self._probabilities(logits.detach())
        return StepOutput(loss, weight, scores[:, 1] if self.kind == "binary" else scores, target)

    def _probabilities(self, logits: Tensor) -> Tensor:
        answer = self.postprocess
        # The kit's own has no need of its other answers here.
        if type(answer) is ClassAnswer and not (answer._forward_hooks or answer._forward_pre_hooks):
            return answer.probabilities(logits)
        probabilities: Tensor = answer(logits)["probabilities"]
        return probabilities

    def scores(self, answers: Mapping[str, Tensor]) -> Tensor:
        probabilities = answers["probabilities"]
        return probabilities[:, 1] if self.kind == "binary" else probabilities

    def adapt(self, facts: DataFacts) -> None:
        names = facts.classes
        if names is not None and len(names) != self.num_classes:
            raise ValueError(
                f"num_classes must be {len(names)}, the number of classes in the data, "
                f"got {self.num_classes}"
            )
        if self.criterion.balanced:
            self.criterion.balance(facts.class_counts)

    def on_train_start(self) -> None:
        self._seen = None

    def on_validation_start(self) -> None:
        self._seen = None

    def on_test_start(self) -> None:
        self._seen = None

    def _check(self, logits: Tensor, target: Tensor) -> None:
        before = self._seen
        is_pair = type(logits) is Tensor and type(target) is Tensor
        seen = (logits.shape, target.shape, target.dtype) if is_pair else None
        if seen is not None and seen == before:
            return
        check_rows(logits, target)
        check_labels(target)
        rows, classes = len(target), self.num_classes
        if self.kind == "binary":
            outputs: tuple[tuple[int, ...], ...] = ((rows,), (rows, 1))
            targets: tuple[int, ...] = (rows,)
            hint = "a model with two outputs is kind='multiclass', num_classes=2"
        else:
            outputs = ((rows, classes),)
            targets = (rows, classes) if self.kind == "multilabel" else (rows,)
            hint = f"num_classes is {classes}"
        check_shape("the model's output", logits, outputs, hint)
        check_shape("target", target, (targets,), f"kind is {self.kind!r}")
        # Only the first batch of a run: reading labels back makes an accelerator wait.
        if before is None:
            check_label_range(target, self.kind, classes, self.criterion.ignore_index)
        self._seen = (logits.shape, target.shape, target.dtype)


def _check_num_classes(num_classes: int | None, kind: Kind) -> int:
    if kind not in ("multiclass", "binary", "multilabel"):
        raise ValueError(f"kind must be 'multiclass', 'binary' or 'multilabel', got {kind!r}")
    if kind == "binary":
        if num_classes not in (None, 2):
            raise ValueError(f"num_classes must be 2 or left out for binary, got {num_classes}")
        return 2
    least = 2 if kind == "multiclass" else 1
    if num_classes is None or num_classes < least:
        raise ValueError(f"num_classes must be at least {least} for {kind}, got {num_classes}")
    return num_classes
