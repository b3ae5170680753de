"""Find misspelt names among those that the Trainer looks up: strategies, accelerators and so on."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

from lightning_kit.cli.documents import Config
from lightning_kit.cli.errors import did_you_mean

# Trainer keeps these in a local table (trainer/setup.py).
PROFILERS = ("simple", "advanced", "pytorch", "xla")


def misspelt(config: Config) -> Iterator[str]:
    """Yield one line for each argument of the Trainer whose name nothing is registered under."""
    trainer = config.get("trainer") or {}
    for argument, known in _names().items():
        name = trainer.get(argument)
        # An import path is a class's, not a registered name.
        if isinstance(name, str) and "." not in name and name.lower() not in known:
            listed = [choice for choice in known if not choice.isdigit()]
            hint = did_you_mean(name, listed) or f"; there are: {', '.join(sorted(listed))}"
            yield f"trainer.{argument}: no {argument} {name!r}{hint}"


def _names() -> dict[str, list[str]]:
    from pytorch_lightning import Trainer
    from pytorch_lightning.accelerators import AcceleratorRegistry
    from pytorch_lightning.strategies import StrategyRegistry

    return {
        "strategy": ["auto", *StrategyRegistry.available_strategies()],
        "accelerator": ["auto", "gpu", *AcceleratorRegistry.available_accelerators()],
        "precision": list(_literals(get_type_hints(Trainer.__init__)["precision"])),
        "profiler": list(PROFILERS),
    }


def _literals(hint: Any) -> Iterator[str]:
    for part in get_args(hint):
        if get_args(part):
            yield from _literals(part)
        elif isinstance(part, str | int):
            yield str(part)
