"""Say when several streams of scores have stopped improving."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, final, get_args

from lightning_kit.meters.plateau import Plateau

Combine = Literal["any", "all"]


@final
class Plateaus:
    """Ask a plateau for each of several scores, and combine their verdicts.

    Every plateau sees every check. A score that is not finite stops at once, whatever the others
    say, where its plateau's ``nan`` is ``stop``.

    Args:
        plateaus: One for each score.
        combine: Whether one plateau that says stop is enough (``any``) or it takes ``all``.

    Raises:
        ValueError: If there is no plateau, or ``combine`` is neither.

    Example:
        >>> both = Plateaus([Plateau(1, "min"), Plateau(1, "max")], combine="all")
        >>> [both.update(scores) for scores in ([1.0, 1.0], [2.0, 2.0], [2.0, 2.0])]
        [False, False, True]
    """

    def __init__(self, plateaus: Sequence[Plateau], combine: Combine = "any") -> None:
        if not plateaus:
            raise ValueError("plateaus must hold at least one plateau, got none")
        if combine not in get_args(Combine):
            raise ValueError(f"combine must be one of {get_args(Combine)}, got {combine!r}")
        self.plateaus = list(plateaus)
        self.combine = combine

    def __getitem__(self, index: int) -> Plateau:
        return self.plateaus[index]

    def update(self, scores: Sequence[float]) -> bool:
        """Take the next score of each stream; return True when it is time to stop."""
        pairs = list(zip(self.plateaus, scores, strict=True))
        verdicts = [plateau.update(score) for plateau, score in pairs]
        if any(plateau.nan == "stop" and not math.isfinite(score) for plateau, score in pairs):
            return True
        return any(verdicts) if self.combine == "any" else all(verdicts)

    def reset(self) -> None:
        """Forget all scores."""
        for plateau in self.plateaus:
            plateau.reset()

    def state_dict(self) -> dict[str, Any]:
        return {"plateaus": [plateau.state_dict() for plateau in self.plateaus]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for plateau, kept in zip(self.plateaus, state["plateaus"], strict=True):
            plateau.load_state_dict(kept)
