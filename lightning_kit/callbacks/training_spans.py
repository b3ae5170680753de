"""Which of the profiler's entries make up a training step, by Lightning's names."""

from collections.abc import Iterator
from typing import NamedTuple

import pytorch_lightning as pl

from lightning_kit.compat import callbacks_of

#: Before a callback's class, in the name of its part.
CALLBACK = "callback "
HOOKS = (
    "on_train_batch_start",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_train_batch_end",
)


class Spans(NamedTuple):
    """When a part begins and ends.

    Attributes:
        opened: Part that begins as an entry does.
        closed: Part that ends as an entry does.
        opened_after: Part that begins as an entry ends.
        closed_before: Part that ends as an entry begins.
    """

    opened: dict[str, str]
    closed: dict[str, str]
    opened_after: dict[str, str]
    closed_before: dict[str, str]


def training_spans(
    trainer: pl.Trainer, pl_module: pl.LightningModule, listener: pl.Callback
) -> Spans:
    """Return what makes up a step, validation and checkpointing.

    Args:
        trainer: Whose strategy and callbacks; ones that are added later are not seen.
        pl_module: The module that it trains.
        listener: A callback that is left out.
    """
    strategy = f"[Strategy]{type(trainer.strategy).__name__}"
    module = f"[LightningModule]{type(pl_module).__name__}"
    both = {
        "[_TrainingEpochLoop].train_dataloader_next": "waiting",
        f"{strategy}.batch_to_device": "transfer",
        f"{strategy}.training_step": "forward",
        f"{module}.optimizer_step": "optimizer",
        # Of manual optimization.
        "optimizer_step": "optimizer",
        f"{module}.optimizer_zero_grad": "optimizer",
        "save_checkpoint": "checkpointing",
        **dict(_callbacks(trainer, listener)),
    }
    # Lightning has no entry for a validation, and none for the backward pass where a module starts
    # it: they lie between two others.
    return Spans(
        {**both, f"{module}.on_validation_model_eval": "validation"},
        {**both, f"{module}.on_validation_end": "validation"},
        {f"{module}.on_before_backward": "backward"},
        {f"{module}.on_after_backward": "backward"},
    )


def _callbacks(trainer: pl.Trainer, listener: pl.Callback) -> Iterator[tuple[str, str]]:
    for callback in callbacks_of(trainer):
        if callback is listener:
            continue
        for hook in HOOKS:
            stock = getattr(pl.Callback, hook)
            if hook in vars(callback) or getattr(type(callback), hook) is not stock:
                part = f"{CALLBACK}{type(callback).__name__}"
                yield f"[Callback]{callback.state_key}.{hook}", part
