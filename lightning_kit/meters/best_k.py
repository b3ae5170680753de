"""Keep the best k of what is offered with a score."""

import math
from typing import Literal, final

from lightning_kit.meters.arguments import check_whole


@final
class BestK:
    """Remember the ``k`` best names; which files that means to write and delete is the caller's.

    Args:
        k: How many to keep, at least 1; None keeps all.
        mode: Whether lower (``min``) or higher (``max``) is better.
        latest_on_tie: Whether a score equal to the worst one kept replaces it.

    Raises:
        ValueError: If ``k`` is below 1 or ``mode`` unknown.

    Example:
        >>> best = BestK(2, "max")
        >>> [best.offer(name, score) for name, score in (("a", 1), ("b", 3), ("c", 0), ("d", 2))]
        [[], [], None, ['a']]
        >>> best.kept
        {'b': 3.0, 'd': 2.0}
    """

    def __init__(
        self, k: int | None, mode: Literal["min", "max"], latest_on_tie: bool = False
    ) -> None:
        if k is not None:
            check_whole("k", k, at_least=1, unit="(None keeps all)")
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
        self.k = k
        self.mode = mode
        self.latest_on_tie = latest_on_tie
        # In the order offered: among equals the oldest is the first to go.
        self._scores: dict[str, float] = {}

    @property
    def kept(self) -> dict[str, float]:
        """Names and scores, best first; among equals the one that outlives the others first."""
        newest_first = list(self._scores.items())[::-1]
        return dict(sorted(newest_first, key=lambda item: self._rank(item[1]), reverse=True))

    def offer(self, name: str, score: float) -> list[str] | None:
        """Take a name and its score.

        Returns:
            None if it is not kept. Else the names to delete, once what ``name`` stands for is
            safely written; a name that was kept already is replaced, and nothing is deleted.
        """
        # A tensor would wait on its device at every comparison, and hinder the state's loading.
        score = float(score)
        if self.k is not None and len(self._scores) >= self.k:
            worst = min(self._scores, key=lambda kept: self._rank(self._scores[kept]))
            rank, bar = self._rank(score), self._rank(self._scores[worst])
            if not (rank > bar or (self.latest_on_tie and rank == bar)):
                return None
            dropped = [] if name in self._scores else [worst]
        else:
            dropped = []
        for gone in (name, *dropped):
            self._scores.pop(gone, None)
        self._scores[name] = score
        return dropped

    def state_dict(self) -> dict[str, dict[str, float]]:
        return {"scores": dict(self._scores)}

    def load_state_dict(self, state: dict[str, dict[str, float]]) -> None:
        self._scores = dict(state["scores"])

    def _rank(self, score: float) -> tuple[bool, float]:
        """Return what is higher for a better score; NaN comes below every number."""
        if math.isnan(score):
            return (False, 0.0)
        return (True, score if self.mode == "max" else -score)
