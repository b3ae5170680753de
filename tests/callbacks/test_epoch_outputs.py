"""An epoch's outputs are kept, or streamed, whatever the step returns."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from torch import Tensor

from lightning_kit.callbacks import EpochOutputs
from lightning_kit.meters import EventFilter


class Returns(PlainModule):
    """A step returns its loss and the answer; validation the loss alone, or nothing."""

    def __init__(self, validates: bool = True) -> None:
        super().__init__()
        self.validates = validates
        self.losses: list[Tensor] = []
        self.val_losses: list[Tensor] = []

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = super().training_step(batch, batch_idx)
        self.losses.append(loss.detach().clone())
        return {"loss": loss, "answer": self.net(batch[0]), "nested": [loss, "text"]}

    def validation_step(self, batch: Any, batch_idx: int) -> Any:
        loss = self._step(batch, "val")
        if not self.trainer.sanity_checking:
            self.val_losses.append(loss)
        return loss if self.validates else None


def fit(part: EpochOutputs, module: Returns | None = None, **options: Any) -> Returns:
    module = module or Returns()
    trainer = pl.Trainer(**{**QUIET, "max_epochs": 2, "callbacks": [part], **options})
    trainer.fit(module, PlainData())
    return module


@pytest.mark.parametrize("accumulated", [1, 4])
def test_the_losses_of_the_latest_epoch(accumulated: int) -> None:
    part = EpochOutputs()
    module = fit(part, accumulate_grad_batches=accumulated)
    assert part.outputs == module.losses[5:]


def test_another_key_is_detached() -> None:
    part = EpochOutputs("answer")
    fit(part, max_epochs=1)
    assert [output.shape for output in part.outputs] == [(8, 2)] * 5
    assert not any(output.requires_grad for output in part.outputs)


def test_a_function_of_all_and_nested_outputs() -> None:
    part = EpochOutputs(transform=lambda outputs: (outputs["loss"], outputs["nested"]))
    module = fit(part, accumulate_grad_batches=2)
    assert [loss for loss, _ in part.outputs] == module.losses[5:]
    assert not part.outputs[0][1][0].requires_grad
    assert part.outputs[0][1][1] == "text"


def test_a_consumer_takes_each_and_none_is_kept() -> None:
    taken: list[Tensor] = []
    part = EpochOutputs(consumer=taken.append)
    module = fit(part)
    assert taken == module.losses
    assert part.outputs == []


def test_validation_without_its_sanity_check() -> None:
    taken: list[Tensor] = []
    module = fit(EpochOutputs(stage="validation", consumer=taken.append))
    assert taken == module.val_losses
    assert len(taken) == 10
    part = EpochOutputs(stage="validation")
    module = fit(part, num_sanity_val_steps=2)
    assert part.outputs == module.val_losses[5:]


def test_picked_batches_and_epochs() -> None:
    part = EpochOutputs(filter=EventFilter(every=4))
    module = fit(part)
    assert part.outputs == [module.losses[7]]
    taken: list[Tensor] = []
    module = fit(
        EpochOutputs(stage="validation", consumer=taken.append, filter=EventFilter(once=2))
    )
    assert taken == module.val_losses[5:]


def test_a_step_that_returns_nothing() -> None:
    part = EpochOutputs(stage="validation")
    fit(part, Returns(validates=False))
    assert part.outputs == []


def test_outputs_go_to_the_cpu_when_the_epoch_ends() -> None:
    moved: list[str] = []

    class Late(pl.Callback):
        def on_train_batch_end(self, *args: Any) -> None:
            moved.append(str(part.outputs[-1].device))

    part = EpochOutputs(transform=lambda outputs: torch.empty(1, device="meta"))
    with pytest.raises(NotImplementedError, match="meta tensor"):
        fit(part, callbacks=[part, Late()])
    assert moved == ["meta"] * 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"output": "loss", "transform": len}, "output has no effect beside transform"),
        ({"transform": 3}, "transform must be a function"),
        ({"consumer": "print"}, r"consumer must be a function of \(output\), got 'print'"),
        ({"stage": "test"}, "stage must be one of train, validation, got 'test'"),
    ],
)
def test_bad_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EpochOutputs(**arguments)


def test_a_key_that_is_not_returned() -> None:
    with pytest.raises(ValueError, match="got 'acc'; it returned loss, answer, nested"):
        fit(EpochOutputs("acc"))
