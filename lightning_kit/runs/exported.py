"""What an export of a trained module needs: its pipeline, and validation rows to check it on."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.hooks import DataHooks

from lightning_kit.artefact.encoders import RawRows
from lightning_kit.export.declared_encoders import declared_encoders
from lightning_kit.export.errors import ExportError
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.export.samples import Samples
from lightning_kit.runs.own_answers import OwnAnswers, has_own_predict_step, is_task
from lightning_kit.runs.validation_rows import (
    MOST_ROWS,
    as_array,
    batches,
    taken_apart,
    validation_samples,
)

_logger = logging.getLogger(__name__)


def to_export(
    module: pl.LightningModule,
    datamodule: pl.LightningDataModule | None = None,
    loader: Iterable[Any] | None = None,
) -> tuple[Pipeline, Samples | None]:
    """Return the pipeline of a trained module with its own answers, and rows to check them on.

    Args:
        module: With the weights to export.
        datamodule: Set up for validation; what it fitted restored.
        loader: Validation batches. None: there are none, and the samples are None where the module
            has an ``example_input_array`` to make rows from.

    Raises:
        ExportError: If the module has nothing to export or there is no row to check it on.
    """
    refuse_without_forward(module)
    remarks = tuple(_remarks(module))
    if loader is None and getattr(module, "example_input_array", None) is not None:
        for remark in remarks:
            _logger.warning(remark)
        return Pipeline.of(module, datamodule), None
    if loader is None:
        way_out = "give data (--data CLASS)"
        if datamodule is not None:
            way_out = f"give {type(datamodule).__name__} a val_dataloader, which it lacks"
        raise ExportError(
            f"there is no validation data, and {type(module).__name__} has no example: {way_out}, "
            "or set example_input_array in the module"
        )
    samples = validation_samples(loader, datamodule)
    target = None if samples.target is None else torch.from_numpy(samples.target[:1])
    if target is None:
        target = _target_of(loader)
    answer = OwnAnswers(module, datamodule, target=target)
    return replace(Pipeline.of(module, datamodule), answer=answer, remarks=remarks), samples


def validation_loader(*owners: Any) -> Any:
    """Return the validation loader of the first of ``owners`` that has one; None without any.

    Args:
        owners: A datamodule, or None, and a module, in Lightning's order.
    """
    for owner in owners:
        own = getattr(owner, "val_dataloader", None)
        # One that was built from data sets has it in the object, not in its class.
        if own is not None and getattr(own, "__func__", own) is not DataHooks.val_dataloader:
            return own()
    return None


def measure_of(module: pl.LightningModule) -> Any:
    """Return the task's ``measure(answers, target)``, None where the module has none."""
    return getattr(module, "measure", None) if is_task(module) else None


def training_rows(datamodule: Any) -> RawRows | None:
    """Return up to 2,048 raw training rows, spread over all; None where they are not at hand.

    A datamodule gives them by ``raw_rows("train")`` where it has encoders, else by
    ``load("train")``.
    """
    has_encoders = declared_encoders(datamodule) is not None
    give = getattr(datamodule, "raw_rows" if has_encoders else "load", None)
    if give is None:
        return None
    try:
        found = give("train")
    except (ValueError, OSError):
        # The data of another day or machine, for validation alone: not what was trained on.
        return None
    rows = found if has_encoders else _arrays(found)
    if rows is None:
        return None
    samples = Samples(rows)
    return samples.take(samples.spread(MOST_ROWS)).rows


def dealt_training_rows(datamodule: Any) -> RawRows | None:
    """Return the first 2,048 inputs that a datamodule's training loader deals; None without one.

    They are as the loader shuffles and augments them, so they describe what a model has seen and
    tell no data apart. A datamodule of the kit has :func:`training_rows`, or data that it was not
    trained on; one that is not set up for its training rows, or deals none, gives none.
    """
    has_own = any(hasattr(datamodule, name) for name in ("load", "raw_rows"))
    deal = getattr(datamodule, "train_dataloader", None)
    if has_own or deal is None or getattr(deal, "__func__", deal) is DataHooks.train_dataloader:
        return None
    try:
        return validation_samples(deal()).rows
    except Exception as error:
        # Somebody's own code, and an export does not hang on its statistics.
        _logger.info("no training rows to describe: %s", error)
        return None


def refuse_without_forward(module: pl.LightningModule) -> None:
    """Raise ExportError if ``module`` has nothing that could be exported."""
    if not is_task(module) and type(module).forward is pl.LightningModule.forward:
        raise ExportError(
            f"{type(module).__name__} must have a forward, which is what is exported, got none: "
            "let it return what the model answers"
        )


def _remarks(module: pl.LightningModule) -> Iterable[str]:
    if has_own_predict_step(module) and not is_task(module):
        yield (
            f"{type(module).__name__} has a predict_step of its own, which is not exported: what "
            "is exported, and checked, is its forward"
        )


def _arrays(found: Any) -> RawRows | None:
    input = found[0] if isinstance(found, tuple) else found
    return {"input": as_array(input)} if isinstance(input, torch.Tensor) else None


def _target_of(loader: Any) -> Any:
    """Return the target of the first batch, where it is a pair whose target no metric takes."""
    first = next(batches(loader), None)
    target = taken_apart(first)[1] if isinstance(first, tuple | list) else None
    return target if isinstance(target, torch.Tensor) else None
