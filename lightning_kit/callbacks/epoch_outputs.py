"""Keep what the steps of an epoch returned, or hand it on batch by batch."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, final, get_args

import pytorch_lightning as pl
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.step_loss import step_loss
from lightning_kit.compat import mend_resume, refuse_twin
from lightning_kit.meters import EventFilter
from lightning_kit.meters.functions import check_function

Stage = Literal["train", "validation"]


@final
class EpochOutputs(pl.Callback):
    """Keep the latest epoch's outputs in ``outputs``, one a batch, or hand each to a function.

    They are detached at once and moved to the CPU together when the epoch ends, so no step waits
    for the device; until then they take its memory. ``outputs`` is emptied when the next epoch
    begins. Each rank keeps its own. Of several validation loaders the batches stand one after the
    other. An epoch resumed halfway has the rest only: outputs are in no checkpoint.

    Args:
        output: ``loss``, the training loss not divided by ``accumulate_grad_batches``, or another
            key of the dict that the step returned. By default the loss.
        transform: In place of ``output``, a function of all that the step returned (a dict, with
            the loss as above); what it returns is kept.
        consumer: Takes each output, detached and on its device, instead of keeping it.
        stage: Whose steps: ``train`` or ``validation``; the sanity check is left out.
        filter: Which batches, by the iteration; of validation, which by the epoch. Counted from 1.

    Raises:
        ValueError: If both ``output`` and ``transform`` are given, or an argument has a wrong form;
            in the first batch, if the step did not return the key.
    """

    def __init__(
        self,
        output: str | None = None,
        *,
        transform: Callable[[Any], Any] | None = None,
        consumer: Callable[[Any], Any] | None = None,
        stage: Stage = "train",
        filter: EventFilter | None = None,
    ) -> None:
        if output is not None and transform is not None:
            raise ValueError(
                f"output has no effect beside transform, got {output!r}: leave one of them out"
            )
        for name, given, takes in (
            ("transform", transform, "outputs"), ("consumer", consumer, "output")
        ):  # fmt: skip
            if given is not None:
                check_function(name, given, takes)
        if stage not in get_args(Stage):
            raise ValueError(f"stage must be one of {', '.join(get_args(Stage))}, got {stage!r}")
        self.output = output or "loss"
        self.transform = transform
        self.consumer = consumer
        self.stage = stage
        self.filter = EventFilter.given(filter) or EventFilter()
        self.outputs: list[Any] = []

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mend_resume(trainer)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.stage == "train":
            self.outputs = []

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if self.stage == "train" and self.filter.matches(iteration(trainer)):
            loss = step_loss(trainer, pl_module, outputs)
            self._take(outputs if loss is None else {**_named(outputs), "loss": loss})

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.stage == "train":
            self._to_cpu()

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._validates(trainer):
            self.outputs = []

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if self._validates(trainer) and self.filter.matches(trainer.current_epoch + 1):
            self._take(_named(outputs))

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._validates(trainer):
            self._to_cpu()

    def _validates(self, trainer: pl.Trainer) -> bool:
        return self.stage == "validation" and not trainer.sanity_checking

    def _take(self, outputs: Any) -> None:
        if not outputs:
            # The step returned nothing, as one that skips a batch.
            return
        if self.transform is not None:
            output = self.transform(outputs)
        elif self.output in outputs:
            output = outputs[self.output]
        else:
            raise ValueError(
                f"output must be returned by the step, got {self.output!r}; it returned "
                f"{', '.join(map(str, outputs))}"
            )
        output = apply_to_collection(output, Tensor, Tensor.detach)
        if self.consumer is not None:
            self.consumer(output)
        else:
            self.outputs.append(output)

    def _to_cpu(self) -> None:
        self.outputs = apply_to_collection(self.outputs, Tensor, Tensor.cpu)


def _named(outputs: Any) -> dict[str, Any]:
    """Return what a step returned as a dict; a bare tensor is its loss."""
    if isinstance(outputs, Mapping):
        return {**outputs}
    return {} if outputs is None else {"loss": outputs}
