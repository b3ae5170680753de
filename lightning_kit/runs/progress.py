"""How far a checkpoint's run had come, and whether limits leave anything to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

import torch


@final
@dataclass(frozen=True)
class Progress:
    """Whole epochs, and steps of the optimizer, that a checkpoint has behind it.

    Args:
        epochs: Whole epochs.
        steps: Steps.
        is_validating: Whether it was saved between the batches of a validation.
    """

    epochs: int
    steps: int
    is_validating: bool = False

    @classmethod
    def of(cls, checkpoint: dict[str, Any]) -> Self:
        """Read it from the content of a checkpoint that Lightning wrote."""
        loop = (checkpoint.get("loops") or {}).get("fit_loop") or {}
        current = loop.get("epoch_progress", {}).get("current", {})
        # Within an epoch's last hooks, where it is saved, `completed` does not count it yet.
        epochs = current.get("processed", checkpoint.get("epoch", 0))
        steps = int(checkpoint.get("global_step", 0))
        validation = loop.get("epoch_loop.val_loop.batch_progress") or {}
        return cls(int(epochs), steps, _is_under_way(validation))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read it from a checkpoint file; None where that is no file of plain data."""
        try:
            return cls.of(torch.load(path, map_location="cpu", weights_only=True, mmap=True))
        except Exception:
            # Torn, sharded in a folder, or more than plain data: each loader has its own words.
            return None

    def nothing_left(self, max_epochs: int | None, max_steps: int) -> str | None:
        """Return what has been reached and the flag to raise; None where there is more to do.

        Args:
            max_epochs: As the Trainer takes it; None or -1: no limit.
            max_steps: Likewise; -1: no limit.
        """
        if max_epochs is not None and 0 <= max_epochs <= self.epochs:
            return f"{self.epochs} of {max_epochs} epochs: raise --trainer.max_epochs"
        # Lightning validates after the last step too.
        if 0 <= max_steps <= self.steps - self.is_validating:
            return f"{self.steps} of {max_steps} steps: raise --trainer.max_steps"
        return None


def _is_under_way(progress: dict[str, Any]) -> bool:
    """Say whether a loop over batches has begun and not ended its last one."""
    current = progress.get("current", {})
    ready, completed = current.get("ready", 0), current.get("completed", 0)
    return ready > completed or (ready > 0 and not progress.get("is_last_batch", True))
