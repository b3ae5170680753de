"""Options of the Trainer that would have no effect as they are combined, or that train nothing."""

from collections.abc import Iterator

from lightning_kit.cli.documents import Config


def idle_options(config: Config) -> Iterator[str]:
    """Yield one line for each option that another one makes idle.

    >>> list(idle_options({"trainer": {"min_epochs": 5, "max_epochs": 3}}))
    ['trainer.min_epochs: 5 is never reached with max_epochs 3']
    """
    trainer = config.get("trainer") or {}
    if trainer.get("gradient_clip_algorithm") and trainer.get("gradient_clip_val") is None:
        yield (
            "trainer.gradient_clip_algorithm: has no effect without gradient_clip_val: set it, or "
            "leave both"
        )
    epochs, least = trainer.get("max_epochs"), trainer.get("min_epochs")
    if isinstance(epochs, int) and isinstance(least, int) and 0 <= epochs < least:
        yield f"trainer.min_epochs: {least} is never reached with max_epochs {epochs}"
    if trainer.get("enable_checkpointing") is False and any(
        entry["class_path"].endswith(".ModelCheckpoint") for entry in trainer.get("callbacks") or []
    ):
        yield "trainer.enable_checkpointing: false, and a ModelCheckpoint: leave one out"


def untrained(config: Config) -> Iterator[str]:
    """Yield one line for each amount of the Trainer's with which a fit would train nothing.

    >>> list(untrained({"trainer": {"max_epochs": 0}}))
    ['trainer.max_epochs: 0 trains nothing: give at least 1, or -1 for no limit']
    """
    trainer = config.get("trainer") or {}
    accumulated = trainer.get("accumulate_grad_batches")
    if isinstance(accumulated, int) and accumulated < 1:
        yield f"trainer.accumulate_grad_batches: must be at least 1, got {accumulated}"
    if trainer.get("fast_dev_run"):
        # It sets the amounts itself.
        return
    for name, way_out in (
        ("max_epochs", "at least 1, or -1 for no limit"),
        ("max_steps", "at least 1, or -1 for no limit"),
        ("limit_train_batches", "a number of batches, or a share up to 1.0"),
    ):
        if _is_zero(trainer.get(name)):
            yield f"trainer.{name}: {trainer[name]} trains nothing: give {way_out}"


def _is_zero(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0


def unreached_validation(trainer: Config) -> str | None:
    """Say why no validation ever runs with these numbers of epochs, None where one does.

    >>> unreached_validation({"check_val_every_n_epoch": 5, "max_epochs": 3})
    'trainer.check_val_every_n_epoch 5 is above max_epochs 3, so validation never runs: lower it'
    """
    every, epochs = trainer.get("check_val_every_n_epoch"), trainer.get("max_epochs")
    if every is None or epochs is None or not 0 < epochs < every:
        return None
    return (
        f"trainer.check_val_every_n_epoch {every} is above max_epochs {epochs}, so validation "
        "never runs: lower it"
    )
