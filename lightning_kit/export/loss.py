"""What a metric lost, and how much it may."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

_ERRORS = re.compile(
    r"(^|[/_])(loss|error|err|mae|mse|rmse|mape|smape|msle|nll|perplexity|brier|ece|deviance)($|[/_])"
)


@final
@dataclass(frozen=True)
class MetricBound:
    """How much worse than the module's own a file's metrics may be.

    Args:
        absolute: For metrics where more is better (accuracy, F1, AUROC, R2), in their own unit.
        relative: For errors (names such as ``mae`` and ``loss``), as a share of the module's own.
    """

    absolute: float = 0.01
    relative: float = 0.02

    def lost(self, name: str, module: float, file: float) -> tuple[float, str]:
        """Return what metric ``name`` lost (negative where it gained), and what is wrong.

        >>> MetricBound().lost("mae", 2.0, 2.03)
        (0.015, '')
        >>> MetricBound().lost("accuracy", 0.9, 0.875)
        (0.025, "metric 'accuracy' must not lose more than 0.01, got 0.9 to 0.875")
        """
        if module == file or (math.isnan(module) and math.isnan(file)):
            return 0.0, ""
        if is_error(name):
            loss, bound, rule = (file - module) / (abs(module) or 1.0), self.relative, "grow by"
        else:
            loss, bound, rule = module - file, self.absolute, "lose"
        loss = round(loss, 9)
        # Written so that NaN is wrong.
        if loss <= bound:
            return loss, ""
        limit = f"{100 * bound:g} %" if is_error(name) else f"{bound:g}"
        return loss, (
            f"metric {name!r} must not {rule} more than {limit}, got {module:.6g} to {file:.6g}"
        )


def is_error(name: str) -> bool:
    """Say whether less of metric ``name`` is better."""
    return bool(_ERRORS.search(name.lower()))


def losses(
    module: Mapping[str, float], file: Mapping[str, float], bound: MetricBound
) -> tuple[dict[str, dict[str, float]], str]:
    """Compare metrics by name; return ``module``, ``file`` and ``loss`` of each, and what is wrong.

    The first wrong one is named.
    """
    table: dict[str, dict[str, float]] = {}
    wrong = ""
    for name, value in module.items():
        if name not in file:
            wrong = wrong or f"metric {name!r} cannot be measured"
            continue
        loss, reason = bound.lost(name, value, file[name])
        table[name] = {"module": value, "file": file[name], "loss": loss}
        wrong = wrong or reason
    return table, wrong
