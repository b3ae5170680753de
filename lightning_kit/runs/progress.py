"""How far a checkpoint's run had come, and whether limits leave anything to do."""

from dataclasses import dataclass
from typing import Any, Self, final


@final
@dataclass(frozen=True)
class Progress:
    """Whole epochs, and steps of the optimizer, that a checkpoint has behind it."""

    epochs: int
    steps: int

    @classmethod
    def of(cls, checkpoint: dict[str, Any]) -> Self:
        """Read it from the content of a checkpoint that Lightning wrote."""
        loop = (checkpoint.get("loops") or {}).get("fit_loop") or {}
        current = loop.get("epoch_progress", {}).get("current", {})
        # Within an epoch's last hooks, where it is saved, `completed` does not count it yet.
        epochs = current.get("processed", checkpoint.get("epoch", 0))
        return cls(int(epochs), int(checkpoint.get("global_step", 0)))

    def nothing_left(self, max_epochs: int | None, max_steps: int) -> str | None:
        """Return what has been reached and the flag to raise; None where there is more to do.

        Args:
            max_epochs: As the Trainer takes it; None or -1: no limit.
            max_steps: Likewise; -1: no limit.
        """
        if max_epochs is not None and 0 <= max_epochs <= self.epochs:
            return f"{self.epochs} of {max_epochs} epochs: raise --trainer.max_epochs"
        if 0 <= max_steps <= self.steps:
            return f"{self.steps} of {max_steps} steps: raise --trainer.max_steps"
        return None
