"""Tell Lightning's own methods from those that somebody has put in their place."""

import inspect

import pytorch_lightning as pl
from pytorch_lightning.plugins import MixedPrecision, Precision
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy


def is_stock(owner: object, kind: type, *names: str) -> bool:
    """Say whether ``owner`` has ``names`` as ``kind`` has them, on its class and on itself."""
    found = inspect.getattr_static
    return all(
        name not in vars(owner) and found(type(owner), name, None) is found(kind, name, None)
        for name in names
    )


def is_untouched(owner: object, *names: str) -> bool:
    """Say whether ``owner`` has ``names`` from its class."""
    return vars(owner).keys().isdisjoint(names)


def is_known(trainer: pl.Trainer) -> bool:
    """Say whether it is known what strategy and precision do in a step: little or nothing."""
    strategy, precision = trainer.strategy, trainer.precision_plugin
    return type(strategy) in (SingleDeviceStrategy, DDPStrategy) and type(precision) in (
        Precision,
        MixedPrecision,
    )


def scales(trainer: pl.Trainer) -> bool:
    """Say whether a loss is scaled for float16."""
    return getattr(trainer.precision_plugin, "scaler", None) is not None
