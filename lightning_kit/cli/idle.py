"""Options of the Trainer that would have no effect as they are combined, or that train nothing."""

from collections.abc import Iterator

from lightning_kit.cli.documents import Config


def idle_options(config: Config) -> Iterator[str]:
    """Yield one line for each option that another one makes idle.

    >>> list(idle_options({"trainer": {"min_epochs": 5, "max_epochs": 3}}))
    ['trainer.min_epochs: 5 is never reached with max_epochs 3']
    """
    trainer = config.get("trainer") or {}
    clip = trainer.get("gradient_clip_val")
    if isinstance(clip, int | float) and not clip >= 0:
        yield f"trainer.gradient_clip_val: must be at least 0, which clips nothing, got {clip}"
    if trainer.get("gradient_clip_algorithm") and clip is None:
        yield (
            "trainer.gradient_clip_algorithm: has no effect without gradient_clip_val: set it, or "
            "leave both"
        )
    for unit in ("epochs", "steps"):
        most, least = trainer.get(f"max_{unit}"), trainer.get(f"min_{unit}")
        if isinstance(most, int) and isinstance(least, int) and 0 <= most < least:
            yield f"trainer.min_{unit}: {least} is never reached with max_{unit} {most}"
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


def unmeasured(config: Config, verb: str) -> Iterator[str]:
    """Yield one line where ``validate``, ``test`` or ``predict`` would see no batch.

    >>> list(unmeasured({"trainer": {"limit_test_batches": 0}}, "test"))
    ['trainer.limit_test_batches: 0 leaves nothing to test: give a number of batches, or up to 1.0']
    """
    trainer = config.get("trainer") or {}
    name = f"limit_{'val' if verb == 'validate' else verb}_batches"
    if _is_zero(trainer.get(name)) and not trainer.get("fast_dev_run"):
        yield (
            f"trainer.{name}: {trainer[name]} leaves nothing to {verb}: give a number of batches, "
            "or up to 1.0"
        )


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
