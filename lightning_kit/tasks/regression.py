"""Regression: one number, or several, for each sample."""

from typing import Any, Literal, final

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics import Metric, MetricCollection
from torchmetrics.regression import MeanAbsoluteError, MeanSquaredError

from lightning_kit.models.answers import RegressionAnswer
from lightning_kit.tasks.base import AbstractTask
from lightning_kit.tasks.data_facts import DataFacts
from lightning_kit.tasks.r2 import R2
from lightning_kit.tasks.schedule import Schedule
from lightning_kit.tasks.shapes import check_rows, check_shape
from lightning_kit.tasks.step import StepOutput, split


@final
class RegressionTask(AbstractTask):
    """Fit ``model`` to numbers with the mean squared error.

    The model learns standardised targets; batches, metrics and predictions are in the targets' own
    units. Mean and spread come from the datamodule (``target_mean``, ``target_std``) at the first
    fit and belong to the weights from then on: they are in every checkpoint, and a later fit keeps
    them. Without them the targets are taken as they are.

    Logs per stage ``loss`` (mean squared error of standardised targets), ``mae`` and ``rmse`` (in
    the targets' units) and ``r2`` (1 is perfect, 0 as good as the mean). With several targets
    ``mae`` and ``rmse`` run over all numbers, ``r2`` is the mean over targets.

    Args:
        model: Maps ``(N, ...)`` to ``(N,)`` or ``(N, 1)`` for one target, ``(N, T)`` for more.
        num_targets: ``T``; targets have shape ``(N,)`` for one, ``(N, T)`` for more.
        metrics: Replace MAE, RMSE and R2, by name; they compare values in the targets' units.
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
        ValueError: If an argument is out of range or has no effect; when a fit begins, if the
            datamodule's targets are classes or its ``target_mean`` does not fit.
    """

    postprocess: RegressionAnswer

    def __init__(
        self,
        model: nn.Module,
        num_targets: int = 1,
        *,
        metrics: MetricCollection | dict[str, Metric] | None = None,
        optimizer: OptimizerCallable = lambda params: torch.optim.AdamW(params, lr=1e-3),
        lr_scheduler: LRSchedulerCallable | None = None,
        lr_scheduler_interval: Literal["epoch", "step"] = "epoch",
        lr_scheduler_frequency: int = 1,
        lr_scheduler_monitor: str | None = None,
        compile: bool | dict[str, Any] = False,
        cuda_graph: bool = False,
    ) -> None:
        if num_targets < 1:
            raise ValueError(f"num_targets must be at least 1, got {num_targets}")
        measured = _default_metrics(num_targets) if metrics is None else metrics
        super().__init__(
            model,
            RegressionAnswer(num_targets),
            train_metrics=measured,
            metrics=measured,
            optimizer=optimizer,
            schedule=Schedule(
                lr_scheduler, lr_scheduler_interval, lr_scheduler_frequency, lr_scheduler_monitor
            ),
            compile=compile,
            cuda_graph=cuda_graph,
        )
        self.save_hyperparameters()
        self.num_targets = num_targets

    def step(self, batch: Any) -> StepOutput:
        input, target = split(batch)
        output = self(input)
        self._check(output, target)
        answer = self.postprocess
        loss = functional.mse_loss(answer.arrange(output), answer.standardise(target))
        with torch.no_grad():
            values = answer(output)["prediction"]
        return StepOutput(loss, len(target), values, target)

    def adapt(self, facts: DataFacts) -> None:
        if facts.classes is not None:
            first = ", ".join(facts.classes[:3]) + ", ..." * (len(facts.classes) > 3)
            raise ValueError(
                f"the datamodule's targets are {len(facts.classes)} classes ({first}), whose "
                "numbers are no values: use ClassificationTask or, where a table's target holds "
                "values, --data.kind regression"
            )
        answer = self.postprocess
        fresh = bool((answer.mean == 0).all() and (answer.std == 1).all())
        if not fresh or facts.target_mean is None or facts.target_std is None:
            return
        for name, value in (("target_mean", facts.target_mean), ("target_std", facts.target_std)):
            if value.numel() != self.num_targets:
                raise ValueError(
                    f"num_targets must be {value.numel()}, the size of the datamodule's {name}, "
                    f"got {self.num_targets}"
                )
        if not bool((facts.target_std > 0).all()):
            raise ValueError(
                f"target_std must be above 0, got {facts.target_std.tolist()}: "
                "a target that never changes cannot be learnt"
            )
        answer.mean.copy_(facts.target_mean.reshape(-1))
        answer.std.copy_(facts.target_std.reshape(-1))

    def _check(self, output: Tensor, target: Tensor) -> None:
        check_rows(output, target)
        rows, numbers = len(target), self.num_targets
        hint = f"num_targets is {numbers}"
        if numbers == 1:
            check_shape("the model's output", output, ((rows,), (rows, 1)), hint)
            check_shape("target", target, ((rows,),), hint)
        else:
            check_shape("the model's output", output, ((rows, numbers),), hint)
            check_shape("target", target, ((rows, numbers),), hint)


def _default_metrics(num_targets: int) -> dict[str, Metric]:
    return {
        "mae": MeanAbsoluteError(),
        "rmse": MeanSquaredError(squared=False),
        "r2": R2(num_targets),
    }
