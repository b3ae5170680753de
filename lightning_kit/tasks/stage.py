"""What one stage measures over an epoch."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self, final

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from lightning_kit.models.digits import keeping_digits
from lightning_kit.tasks.gather import gather_alike
from lightning_kit.tasks.shared_counts import SharedCounts
from lightning_kit.tasks.step import StepOutput
from lightning_kit.tasks.weighted_mean import WeightedMean

Metrics = MetricCollection | Mapping[str, Metric]
# Both are RuntimeErrors, as a metric's own checks raise, but no metric is to blame.
_FAULTS_OF_THE_DEVICE = (torch.OutOfMemoryError, torch.AcceleratorError)

_OF_THE_WATCH = ("_shared", "_single", "_watched")


@final
class Stage(nn.Module):
    """The loss and the metrics of one stage, under the keys ``<name>/<metric>``.

    What they add up stays at least float32 where the model is cast to a type of few digits.

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
        self._compared = ""
        self._watch()

    def _watch(self) -> None:
        """Be asked before Lightning computes a metric. A copy has its class's own `compute`."""
        self._watched = self._present()
        metrics = dict(self.metrics.items(keep_base=True))
        self._shared = SharedCounts.of(metrics)
        alike = {name: each for counts in self._shared for name, each in counts.metrics.items()}
        for counted in alike.values():
            counted.dist_sync_fn = counted.dist_sync_fn or gather_alike
        self._single = {name: each for name, each in metrics.items() if name not in alike}
        for name, metric in metrics.items():
            if getattr(metric.compute, "func", None) != self._compute:
                metric.compute = partial(self._compute, name, metric, metric.compute)  # type: ignore[method-assign]

    def _present(self) -> list[int]:
        collection: Any = self._modules["metrics"]
        return [*map(id, collection._modules.values())]

    def __getstate__(self) -> dict[str, Any]:
        return {name: each for name, each in vars(self).items() if name not in _OF_THE_WATCH}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._watch()

    def update(self, output: StepOutput) -> None:
        """Add a batch.

        Raises:
            ValueError: If a metric cannot compare such predictions with such targets.
        """
        self.loss.add(output.loss, output.weight)
        if not self._compared:
            self._compared = _describe(output)
        if self._present() != self._watched:
            self._watch()
        scores, target = output.scores, output.target
        for counts in self._shared:
            if counts.takes(scores, target):
                counts.add(scores, target)
            else:
                self._update(counts.metrics, output)
        self._update(self._single, output)

    def _update(self, metrics: Mapping[str, Metric], output: StepOutput) -> None:
        for name, metric in metrics.items():
            try:
                metric.update(output.scores, output.target)
            except _FAULTS_OF_THE_DEVICE:
                raise
            except (ValueError, TypeError, IndexError, RuntimeError) as error:
                raise _misfit(name, metric, _describe(output), error) from error

    def reset(self) -> None:
        """Forget what an epoch that was broken off has left behind."""
        self._compared = ""
        self.loss.reset()
        self.metrics.reset()

    def logged(self) -> dict[str, Metric]:
        """Return each metric under the key it is logged by."""
        return {f"{self.name}/loss": self.loss, **dict(self.metrics.items())}

    def _compute(self, name: str, metric: Metric, compute: Callable[[], Any]) -> Any:
        try:
            return compute()
        # A RuntimeError may be another rank's that has died.
        except (ValueError, TypeError, IndexError) as error:
            raise _misfit(name, metric, self._compared, error) from error

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # torchmetrics keeps the type at `.half()` but not at `.to(torch.bfloat16)`, which is what
        # Lightning's "bf16-true" calls; a sum of bfloat16 stands still at 256 times what is added.
        super()._apply(keeping_digits(fn), recurse)  # type: ignore[no-untyped-call]
        return self


def _describe(output: StepOutput) -> str:
    scores, target = (
        f"{tuple(tensor.shape)} {tensor.dtype}" for tensor in (output.scores, output.target)
    )
    return f"predictions {scores} and targets {target}"


def _misfit(name: str, metric: Metric, compared: str, error: Exception) -> ValueError:
    return ValueError(
        f"metrics[{name!r}] of class {type(metric).__name__} must take what the task compares, "
        f"{compared}, got {' '.join(str(error).split())}: "
        "choose another class or arguments for it, or leave it out"
    )


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
