"""The trainer's callbacks, whether it is lean, and trainers of the twin package."""

import pytorch_lightning as pl


def callbacks_of(trainer: pl.Trainer) -> list[pl.Callback]:
    """Return the trainer's callbacks, an attribute that its class does not declare."""
    found: list[pl.Callback] = getattr(trainer, "callbacks", [])
    return found


def is_lean(trainer: pl.Trainer) -> bool:
    """Return whether ``lightning_kit.loops.lean`` was given the trainer, and took it."""
    return type(trainer.fit_loop.epoch_loop).__module__.startswith("lightning_kit.loops.")


def refuse_twin(trainer: object, part: object) -> None:
    """Raise TypeError where ``part`` was handed to a Trainer of the twin package.

    Classes of ``lightning.pytorch`` are not those of ``pytorch_lightning``: its Trainer calls the
    hooks but recognises neither checkpoints nor early stopping.
    """
    if not isinstance(trainer, pl.Trainer):
        found, name = type(trainer), type(part).__name__
        raise TypeError(
            f"{name} was set up by {found.__module__}.{found.__qualname__}, but it belongs to "
            "pytorch_lightning.Trainer: write `import pytorch_lightning as pl` instead of "
            "`import lightning.pytorch as pl`"
        )
