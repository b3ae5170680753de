"""Refuse settings of the Trainer under which a run could not keep its record."""

from typing import Any

from lightning_kit.cli.errors import InputError
from lightning_kit.compat import forks


def refuse_lost_record(trainer: dict[str, Any]) -> None:
    """Refuse what would lose the record of a fit.

    Args:
        trainer: The Trainer's arguments as configured.

    Raises:
        InputError: If it would train in processes that are started from within, for the record
            would end in them, or without loggers and callbacks.
    """
    strategy = trainer["strategy"]
    if forks(strategy):
        name = strategy if isinstance(strategy, str) else type(strategy).__name__
        raise InputError(
            f"--trainer.strategy {name}: fit keeps the run's record in the process that it starts "
            "in, and this one trains in others: say --trainer.strategy ddp"
        )
    if trainer["barebones"]:
        raise InputError(
            "--trainer.barebones: switches off what a run's record is made of, the log and the "
            "checkpoints: leave it out, or use pl.Trainer(barebones=True) in Python"
        )
