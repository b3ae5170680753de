"""Find the weights that a fit ends with: the best checkpoint's, the average's, or the last."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, final

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint, WeightAveraging

from lightning_kit.callbacks.ema import EMA
from lightning_kit.compat import average_of, callbacks_of
from lightning_kit.export.errors import ExportError

Which = Literal["best", "ema", "final"]


@final
@dataclass(frozen=True)
class FinalWeights:
    """A module's weights by name, and where they come from.

    Args:
        which: What they are.
        state: As a module's ``state_dict`` has them.
        checkpoint: The file that they were read from, if one.
        content: What that file holds.
    """

    which: Which
    state: dict[str, Any]
    checkpoint: Path | None = None
    content: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, trainer: pl.Trainer, which: Which | None) -> "FinalWeights":
        """Return those of ``which``, where None means the best if a checkpoint has them.

        Raises:
            ExportError: If there are none.
        """
        path = best_path(trainer) if which in (None, "best") else None
        if path is not None:
            content = torch.load(path, map_location="cpu", weights_only=True)
            return cls("best", content["state_dict"], path, content)
        if which == "best":
            raise ExportError(
                "weights must not be 'best' where no checkpoint was scored: 'final' takes those "
                "of the fit's end"
            )
        module: torch.nn.Module = trainer.lightning_module
        if which == "ema":
            averaging = averaging_of(trainer)
            # Lightning's own, and the kit's as `final` says, have left the average in the module.
            if isinstance(averaging, EMA) and not averaging.shows_average(averaging.final):
                module = average_of(averaging) or module
        return cls(which or "final", module.state_dict())


def scored_by(trainer: pl.Trainer) -> list[Any]:
    """Return the callbacks that keep the best of scored checkpoints."""
    return [
        callback
        for callback in callbacks_of(trainer)
        if isinstance(callback, Checkpoint)
        and getattr(callback, "monitor", None) is not None
        and getattr(callback, "modules", None) is None
    ]


def best_path(trainer: pl.Trainer) -> Path | None:
    """Return the best checkpoint file of this fit, None where none was scored."""
    for callback in scored_by(trainer):
        path = Path(getattr(callback, "best_model_path", "") or ".")
        if path.is_file():
            return path
    return None


def averaging_of(trainer: pl.Trainer) -> WeightAveraging | None:
    """Return the callback that averages weights, if one does."""
    found = [each for each in callbacks_of(trainer) if isinstance(each, WeightAveraging)]
    return found[0] if found else None
