"""What the gate found, in plain values that JSON takes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from lightning_kit.export.difference import Difference
from lightning_kit.export.tolerance import Tolerance


@final
@dataclass
class FormatVerdict:
    """What the gate found about one file.

    Args:
        reason: Empty, or the first thing that is wrong.
        inside: Where it begins: the first part of the model, or value in the file, that differs.
        batches: Of each way of asking, the largest share of what is allowed that was found.
        outputs: The largest difference of each output, over all ways of asking.
        agreement: Of each whole-number output, the share of rows with the module's own answer.
        metrics: Of each metric: ``module``, ``file`` and ``loss``.
        extremes: How many extreme rows were tried, and which the module itself refuses.
        finite: Inputs that must be finite, as the file answers NaN and infinities otherwise.
        overflow: Outputs of a quantized file that must be finite, as far rows make them overflow.
        latency_us: Median microseconds by batch size.
    """

    reason: str = ""
    batches: dict[str, float] = field(default_factory=dict)
    outputs: dict[str, Difference] = field(default_factory=dict)
    agreement: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    extremes: dict[str, Any] = field(default_factory=dict)
    finite: list[str] = field(default_factory=list)
    overflow: list[str] = field(default_factory=list)
    latency_us: dict[str, float] = field(default_factory=dict)
    inside: str = ""

    @property
    def passed(self) -> bool:
        return not self.reason

    def as_json(self) -> dict[str, Any]:
        outputs = {name: difference.as_json() for name, difference in self.outputs.items()}
        return {"passed": self.passed, **vars(self), "outputs": outputs}


@final
@dataclass
class Verdict:
    """What the gate found about all files.

    Args:
        samples: How many rows were asked in full batches.
        one_by_one: How many of them also in batches of 1 and 2.
        tolerance: What counted as rounding.
        formats: Each file's own verdict.
        metrics: Of each metric of the module: ``value``, ``low`` and ``high`` (95 %).
        eager_us: Median microseconds of the module itself, by batch size.
        remarks: What a reader should know, a line each.
    """

    samples: int
    one_by_one: int
    tolerance: Tolerance
    formats: dict[str, FormatVerdict] = field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    eager_us: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return bool(self.formats) and all(each.passed for each in self.formats.values())

    @property
    def reason(self) -> str:
        """The first disagreement, with its format; empty where all passed."""
        for name, each in self.formats.items():
            if each.reason:
                begins = f" (it begins at {each.inside})" if each.inside else ""
                return f"{name}: {each.reason}{begins}"
        return ""

    def as_json(self) -> dict[str, Any]:
        """Return plain values; a number that is not finite becomes its name."""
        values = {
            "passed": self.passed,
            "reason": self.reason,
            **vars(self),
            "tolerance": vars(self.tolerance),
            "formats": {name: each.as_json() for name, each in self.formats.items()},
        }
        plain: dict[str, Any] = _plain(values)
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
