"""Refuse strategies under which a run could not keep its record."""

from typing import Any

from lightning_kit.cli.errors import InputError
from lightning_kit.compat import forks


def refuse_lost_record(strategy: Any) -> None:
    """Refuse to train in processes that are started from within: the record would end in them."""
    if forks(strategy):
        name = strategy if isinstance(strategy, str) else type(strategy).__name__
        raise InputError(
            f"--trainer.strategy {name}: fit keeps the run's record in the process that it starts "
            "in, and this one trains in others: say --trainer.strategy ddp"
        )
