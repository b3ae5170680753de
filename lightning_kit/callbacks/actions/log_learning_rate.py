"""Log the learning rates now."""

from typing import final

import pytorch_lightning as pl

from lightning_kit.compat import logged_step


@final
class LogLearningRate:
    """Log the rate of each optimizer and parameter group to all loggers.

    One optimizer with one group is logged under ``name`` itself, several as
    ``<name>/<optimizer>/<group>``, each by its index from 0, a group by its own name if it has one;
    the part of which there is only one is left out. The event says how often:
    ``log_every_n_steps`` does not count.

    Args:
        name: Key.

    Raises:
        ValueError: If it is empty.
    """

    def __init__(self, name: str = "monitor/lr") -> None:
        if not name:
            raise ValueError(f"name must be a key to log under, got {name!r}")
        self.name = name

    def __call__(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        rates: dict[str, float] = {}
        for i, optimizer in enumerate(trainer.optimizers):
            groups = optimizer.param_groups
            for j, group in enumerate(groups):
                parts = [self.name]
                parts += [str(i)] if len(trainer.optimizers) > 1 else []
                parts += [str(group.get("name", j))] if len(groups) > 1 else []
                rates["/".join(parts)] = float(group["lr"])
        for logger in trainer.loggers:
            logger.log_metrics(rates, step=logged_step(trainer))
