"""Say when a stream of scores has stopped improving."""

import math
from collections.abc import Mapping
from typing import Any, Literal, final, get_args

from torch import Tensor

from lightning_kit.meters.arguments import check_whole, is_number

Mode = Literal["min", "max"]
DeltaMode = Literal["abs", "rel"]
NonFinite = Literal["stop", "count", "ignore"]


@final
class Plateau:
    """Count checks since the best score was last beaten.

    The first finite score is the first best. A later one beats it in mode ``max`` where
    ``score > best + delta``, in mode ``min`` where ``score < best - delta``, in float64.

    Args:
        patience: Checks without a better score after which to stop, at least 1.
        mode: Whether lower (``min``) or higher (``max``) is better.
        min_delta: What counts as better, at least 0.
        delta_mode: ``abs``: delta is ``min_delta``; ``rel``: ``min_delta * abs(best)``.
        cumulative: Whether small gains add up: the best stays until it is beaten by more than
            delta. False moves it on every gain, also one that does not count as better.
        nan: What a score that is not finite does: ``stop`` at once, ``count`` as a check without
            a better score, or ``ignore``.

    Attributes:
        best: What the next score is compared with, None before the first.
        num_stale: Checks since it was last beaten.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> plateau = Plateau(2, "min")
        >>> [plateau.update(loss) for loss in (1.0, 0.5, 0.6, 0.7)]
        [False, False, False, True]
    """

    def __init__(
        self,
        patience: int,
        mode: Mode,
        *,
        min_delta: float = 0.0,
        delta_mode: DeltaMode = "abs",
        cumulative: bool = True,
        nan: NonFinite = "stop",
    ) -> None:
        check_whole("patience", patience, at_least=1, unit="check")
        if not is_number(min_delta) or not 0 <= min_delta < math.inf:
            raise ValueError(f"min_delta must be at least 0 and finite, got {min_delta!r}")
        for name, value, allowed in (
            ("mode", mode, Mode), ("delta_mode", delta_mode, DeltaMode), ("nan", nan, NonFinite)
        ):  # fmt: skip
            if value not in get_args(allowed):
                raise ValueError(f"{name} must be one of {get_args(allowed)}, got {value!r}")
        self.patience = patience
        self.mode = mode
        self.min_delta = min_delta
        self.delta_mode = delta_mode
        self.cumulative = cumulative
        self.nan = nan
        self.reset()

    def reset(self) -> None:
        """Forget all scores."""
        self.best: float | None = None
        self.num_stale = 0

    def update(self, score: float | Tensor) -> bool:
        """Take the next score; return True when it is time to stop."""
        score = float(score.detach() if isinstance(score, Tensor) else score)
        if not math.isfinite(score):
            if self.nan == "count":
                self.num_stale += 1
            return self.nan == "stop" or (self.nan == "count" and self._is_exhausted())
        if self.best is None or self._beats(score, self.best):
            self.best, self.num_stale = score, 0
            return False
        self.num_stale += 1
        if not self.cumulative:
            self.best = max(score, self.best) if self.mode == "max" else min(score, self.best)
        return self._is_exhausted()

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "num_stale": self.num_stale}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best, self.num_stale = state["best"], state["num_stale"]

    def _beats(self, score: float, best: float) -> bool:
        delta = self.min_delta * (abs(best) if self.delta_mode == "rel" else 1.0)
        # `best + delta` is rounded before it is compared, as Ignite and Lightning round it.
        return score > best + delta if self.mode == "max" else score < best - delta

    def _is_exhausted(self) -> bool:
        return self.num_stale >= self.patience
