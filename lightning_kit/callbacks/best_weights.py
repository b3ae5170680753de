"""Keep a copy of a module's weights as they were at its best score."""

import copy
from collections.abc import Mapping
from typing import Any, Literal, final

from torch import Tensor, nn


@final
class BestWeights:
    """A copy in main memory of the state that scored best.

    What a module's ``state_dict`` holds is copied: parameters and persistent buffers.

    Args:
        mode: Whether lower (``min``) or higher (``max``) is better.

    Attributes:
        score: The best so far, None before the first.
        weights: The copy, None before the first.
    """

    def __init__(self, mode: Literal["min", "max"]) -> None:
        self.mode = mode
        self.reset()

    def reset(self) -> None:
        """Forget the score and the copy."""
        self.score: float | None = None
        self.weights: dict[str, Any] | None = None

    def beaten_by(self, score: float) -> bool:
        """Say whether ``score`` is better than all before, by however little; NaN never is."""
        if score != score or self.score is None:
            return score == score
        return score > self.score if self.mode == "max" else score < self.score

    def take(self, score: float, module: nn.Module) -> None:
        """Copy what ``module`` holds now."""
        self.score = score
        self.weights = {name: _copy(value) for name, value in module.state_dict().items()}

    def give_back(self, module: nn.Module) -> bool:
        """Put the copy into ``module``; return whether there was one."""
        if self.weights is None:
            return False
        module.load_state_dict(self.weights)
        return True

    def state_dict(self) -> dict[str, Any]:
        return {"score": self.score, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.score, self.weights = state["score"], state["weights"]


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    return copy.deepcopy(value)
