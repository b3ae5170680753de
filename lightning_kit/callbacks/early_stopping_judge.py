"""What EarlyStopping says of a check where the kit's plateaus decide."""

import math
from typing import Any, final

from pytorch_lightning.callbacks.early_stopping import EarlyStoppingReason as Reason

from lightning_kit.callbacks.early_stopping_options import EarlyStoppingOptions

Verdict = tuple[Reason, str | None]


@final
class EarlyStoppingJudge:
    """Judge the scores of one check: thresholds first, as Lightning does, then the plateaus.

    Args:
        options: What was given to the callback.
    """

    def __init__(self, options: EarlyStoppingOptions) -> None:
        self.names, self.modes = options.names, options.modes
        self.stopping_threshold = options.stopping_threshold
        self.divergence_threshold = options.divergence_threshold
        self.plateaus = options.plateaus()

    def judge(self, scores: list[float]) -> Verdict:
        """Return why to stop, in a word and in a sentence; ``NOT_STOPPED`` and None to go on."""
        # Lightning leaves the count alone where a threshold stops.
        if (crossed := self._crossed(scores[0])) is not None:
            return crossed
        if not self.plateaus.update(scores):
            return Reason.NOT_STOPPED, None
        return self._why(scores)

    def reset(self) -> None:
        """Forget all scores."""
        self.plateaus.reset()

    @property
    def num_stale(self) -> int:
        """Checks without a gain of the first score."""
        return self.plateaus[0].num_stale

    @property
    def best(self) -> float:
        """The first score's best, infinitely bad before there is one."""
        best = self.plateaus[0].best
        if best is not None:
            return best
        return math.inf if self.modes[0] == "min" else -math.inf

    def state_dict(self) -> dict[str, Any]:
        return self.plateaus.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take the kit's state, or what Lightning's own EarlyStopping kept."""
        if "plateaus" not in state:
            best = float(state["best_score"])
            known = best if math.isfinite(best) else None
            state = {"plateaus": [{"best": known, "num_stale": state["wait_count"]}]}
        self.plateaus.load_state_dict(state)

    def _crossed(self, score: float) -> Verdict | None:
        name, is_max = self.names[0], self.modes[0] == "max"
        for threshold, above, reason, word in (
            (self.stopping_threshold, is_max, Reason.STOPPING_THRESHOLD, "Stopping"),
            (self.divergence_threshold, not is_max, Reason.DIVERGENCE_THRESHOLD, "Divergence"),
        ):
            if threshold is None or not math.isfinite(score):
                continue
            if score > threshold if above else score < threshold:
                sign = ">" if above else "<"
                return reason, f"{word} threshold reached: {name} = {score:.5g} {sign} {threshold}"
        return None

    def _why(self, scores: list[float]) -> Verdict:
        """Return the reason, naming each score that asked for the stop."""
        reason, said = Reason.PATIENCE_EXHAUSTED, []
        for name, score, plateau in zip(self.names, scores, self.plateaus.plateaus, strict=True):
            if plateau.nan == "stop" and not math.isfinite(score):
                reason = Reason.NON_FINITE_METRIC
                said.append(f"{name} = {score} is not finite")
            elif plateau.num_stale >= plateau.patience:
                best = "none" if plateau.best is None else f"{plateau.best:.5g}"
                said.append(
                    f"{name} did not improve in the last {plateau.num_stale} checks (best {best})"
                )
        return reason, "; ".join(said)
