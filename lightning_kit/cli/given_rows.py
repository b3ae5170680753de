"""Let a datamodule's predict data be the rows of a file, on the same way to the answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lightning_kit.artefact.encoders import Encoder
from lightning_kit.cli.encoded_alike import check_alike
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.evaluation import Evaluation
from lightning_kit.cli.row_batches import RowBatches
from lightning_kit.cli.row_tensors import encoded_rows, input_rows
from lightning_kit.cli.source import load
from lightning_kit.datamodules import AbstractDataModule
from lightning_kit.export.declared_encoders import declared_encoders


def give(file: Path, evaluation: Evaluation) -> None:
    """Put the rows of ``file`` in place of the predict data.

    Where the checkpoint has encoders, the data's own files are not needed. Otherwise the first
    batch of the predict data says what the model takes, and a datamodule of one's own may have
    ``encoders`` too: what they make must be of that type and shape.

    Raises:
        InputError: If the rows are wrong; what only the data tells is found when the run begins.
    """
    owner = evaluation.cli.datamodule or evaluation.cli.model
    encoders = _stored_encoders(evaluation)
    if encoders is not None:
        input = encoded_rows(file, encoders)
        owner.__dict__.update(setup=_no_setup, load=lambda _: (input, None))
    elif isinstance(owner, AbstractDataModule):
        owner.__dict__["predict_dataloader"] = _of_kit(file, owner)
    else:
        owner.__dict__["predict_dataloader"] = _of_any(file, owner, evaluation.cli.datamodule)


def _stored_encoders(evaluation: Evaluation) -> list[Encoder] | None:
    datamodule, checkpoint = evaluation.cli.datamodule, evaluation.source.checkpoint
    if not isinstance(datamodule, AbstractDataModule) or checkpoint is None:
        return None
    if not checkpoint.is_file():
        # Shards, which Lightning reads.
        return None
    content = load(checkpoint, weights_only=evaluation.request.weights_only)
    found: list[Encoder] | None = content.get(type(datamodule).__qualname__, {}).get("encoders")
    return found


def _no_setup(stage: str) -> None:
    """Do without the files of training."""


def _of_kit(file: Path, datamodule: AbstractDataModule) -> Callable[[], Any]:
    load, loader = datamodule.load, datamodule.predict_dataloader

    def predict_dataloader() -> Any:
        sample, _ = load("predict")
        # Fitted just now, where the weights are random.
        encoders = declared_encoders(datamodule)
        if encoders is None:
            input = input_rows(file, {"input": sample})["input"]
        else:
            input = encoded_rows(file, encoders)
            check_alike(input, {"input": sample}, encoders)
        datamodule.__dict__["load"] = lambda _: (input, None)
        return loader()

    return predict_dataloader


def _of_any(file: Path, owner: Any, datamodule: Any) -> Callable[[], Any]:
    loader = owner.predict_dataloader

    def predict_dataloader() -> Any:
        for batch in loader():
            # Restored, or fitted in setup: there by now.
            return RowBatches(file, batch, declared_encoders(datamodule))
        raise InputError("--rows: the predict data has no batch to tell what the model takes")

    return predict_dataloader
