import math

import pytest

from lightning_kit.export.loss import MetricBound, is_error, losses


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("mae", True), ("val/loss", True), ("rmse", True), ("mean_absolute_error", True),
        ("accuracy", False), ("f1", False), ("r2", False), ("auroc", False), ("lossless", False),
        ("map", False),
    ],
)  # fmt: skip
def test_errors_are_told_by_their_names(name: str, error: bool) -> None:
    assert is_error(name) is error


@pytest.mark.parametrize(
    ("name", "module", "file", "passes"),
    [
        ("accuracy", 0.95, 0.945, True),
        ("accuracy", 0.95, 0.93, False),
        ("accuracy", 0.5, 0.9, True),
        ("accuracy", math.nan, math.nan, True),
        ("accuracy", 0.9, math.nan, False),
        ("mae", 200.0, 203.0, True),
        ("mae", 200.0, 205.0, False),
        ("mae", 0.0, 0.5, False),
        ("loss", math.inf, math.inf, True),
        ("loss", 1.0, math.nan, False),
    ],
)
def test_a_loss_is_bounded(name: str, module: float, file: float, passes: bool) -> None:
    assert (MetricBound().lost(name, module, file)[1] == "") is passes


def test_the_first_wrong_metric_is_named() -> None:
    table, wrong = losses(
        {"f1": 0.9, "mae": 1.0, "r2": 0.5}, {"f1": 0.9, "mae": 2.0}, MetricBound()
    )
    assert table["mae"] == {"module": 1.0, "file": 2.0, "loss": 1.0}
    assert wrong == "metric 'mae' must not grow by more than 2 %, got 1 to 2"
    assert losses({"r2": 0.5}, {}, MetricBound())[1] == "metric 'r2' cannot be measured"
