"""Lightning's logger connector, which gathers a batch's values when somebody looks at them."""

from typing import Any, final

from pytorch_lightning.trainer.connectors.logger_connector.logger_connector import _LoggerConnector
from pytorch_lightning.trainer.connectors.logger_connector.result import (
    _ResultCollection,
    _ResultMetric,
)
from torch import Tensor


@final
class LeanLoggerConnector(_LoggerConnector):
    """Gathers the values of a training batch late.

    Lightning copies every value to three dictionaries at the end of each batch, and reads those
    of the progress bar off the device. A value that is not looked at before the next one takes its
    place is never seen, so it is enough to do that at the next look and before the epoch's end.
    """

    late: _ResultCollection | None = None
    _values: list[tuple[_ResultMetric, Any]]

    def batch_has_ended(self, results: _ResultCollection) -> None:
        """Do ``on_batch_end`` for a training batch's ``results`` at the next look."""
        self.late = results
        self._values = [(metric, metric._forward_cache) for metric in results.values()]
        results.batch = None
        results.batch_size = None

    def gather(self) -> None:
        """Do what waits, with the values as they were then: another batch may be half through."""
        if self.late is not None:
            results, self.late = self.late, None
            now = [(metric, metric._forward_cache) for metric in results.values()]
            for metric, _ in now:
                metric._forward_cache = None
            for metric, value in self._values:
                metric._forward_cache = value
            metrics = results.metrics(True)
            for metric, value in now:
                metric._forward_cache = value
            self._progress_bar_metrics.update(metrics["pbar"])
            self._callback_metrics.update(metrics["callback"])
            self._logged_metrics.update(metrics["log"])

    def epoch_end_reached(self) -> None:
        self.gather()
        super().epoch_end_reached()

    def on_batch_end(self) -> None:
        self.gather()
        super().on_batch_end()

    def reset_results(self) -> None:
        self.gather()
        super().reset_results()

    def reset_metrics(self) -> None:
        self.late = None
        super().reset_metrics()

    def log_metrics(self, metrics: dict[str, Tensor], step: int | None = None) -> None:
        self.gather()
        super().log_metrics(metrics, step)

    def teardown(self) -> None:
        self.gather()
        super().teardown()

    @property
    def callback_metrics(self) -> dict[str, Any]:
        self.gather()
        return super().callback_metrics

    @property
    def logged_metrics(self) -> dict[str, Any]:
        self.gather()
        return super().logged_metrics

    @property
    def progress_bar_metrics(self) -> dict[str, Any]:
        self.gather()
        return super().progress_bar_metrics
