"""What one stage measures over an epoch."""

from collections.abc import Mapping
from typing import final

from torch import nn
from torchmetrics import Metric, MetricCollection

from lightning_kit.tasks.step import StepOutput
from lightning_kit.tasks.weighted_mean import WeightedMean

Metrics = MetricCollection | Mapping[str, Metric]


@final
class Stage(nn.Module):
    """The loss and the metrics of one stage, under the keys ``<name>/<metric>``.

    Args:
        name: ``train``, ``val`` or ``test``.
        metrics: By name; copied, so that stages never share state.

    Raises:
        ValueError: If a metric is called ``loss`` or ``loss_step``, or a name has a ``/`` or ``.``.
        TypeError: If something else than a metric is given.
    """

    def __init__(self, name: str, metrics: Metrics) -> None:
        super().__init__()
        self.name = name
        self.loss = WeightedMean()
        _check(metrics)
        # Compute groups would read states back from the device at the first step to compare them,
        # and the default metrics share none.
        self.metrics = MetricCollection(
            {key: metric.clone() for key, metric in metrics.items()},
            prefix=f"{name}/",
            compute_groups=False,
        )

    def update(self, output: StepOutput) -> None:
        self.loss.update(output.loss, output.weight)
        self.metrics.update(output.scores, output.target)

    def reset(self) -> None:
        """Forget what an epoch that was broken off has left behind."""
        self.loss.reset()
        self.metrics.reset()

    def logged(self) -> dict[str, Metric]:
        """Return each metric under the key it is logged by."""
        return {f"{self.name}/loss": self.loss, **dict(self.metrics.items())}


def _check(metrics: Metrics) -> None:
    for name, metric in metrics.items():
        if not isinstance(metric, Metric):
            raise TypeError(
                f"metrics[{name!r}] must be a torchmetrics.Metric, got {type(metric).__name__}"
            )
        if name in ("loss", "loss_step") or "/" in name or "." in name:
            raise ValueError(
                f"a metric must not be called {name!r}: the task logs its loss under 'loss' and "
                "'loss_step', and keys are <stage>/<name>"
            )
