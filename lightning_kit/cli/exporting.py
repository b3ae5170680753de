"""From a run, a checkpoint or class paths to what an export is made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import pytorch_lightning as pl

from lightning_kit.cli.app import KitCLI, prepare, written
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.quiet import quiet
from lightning_kit.cli.request import Request
from lightning_kit.cli.source import Source, load, recipe_name
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.export.samples import Samples
from lightning_kit.runs.exported import (
    dealt_training_rows,
    measure_of,
    to_export,
    training_rows,
    validation_loader,
)
from lightning_kit.runs.lineage import lineage_of
from lightning_kit.runs.restoring import restore

# An export is of one process on a CPU, where its formats are run, in the precision of the weights.
ALONE: dict[str, Any] = {
    "accelerator": "cpu",
    "devices": 1,
    "num_nodes": 1,
    "strategy": "auto",
    "precision": None,
    "plugins": None,
    "callbacks": None,
    "logger": False,
    "profiler": None,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "fast_dev_run": False,
}


@final
@dataclass(frozen=True)
class Exporting:
    """A trained module, and what its export is checked on and named by.

    Args:
        module: Any module or pipeline, as ``export`` takes it.
        samples: Validation rows; None: the module's own example.
        name: Of the recipe or the model's class.
        lineage: Where it comes from.
        measure: The task's metrics, if it is one of the kit's.
        training: Rows that it was trained on, where they are at hand.
    """

    module: pl.LightningModule | Pipeline
    samples: Samples | None
    name: str
    lineage: dict[str, Any]
    measure: Any
    training: Any

    @classmethod
    def of(cls, request: Request, source: Source) -> "Exporting":
        """Build module and data, and restore the checkpoint as ``validate`` would."""
        precision: list[Any] = []

        def alone(_: KitCLI, configured: dict[str, Any]) -> dict[str, Any]:
            precision.append(configured.get("precision"))
            root = source.run.path if source.run is not None else None
            return {**ALONE, "default_root_dir": root and str(root)}

        cli = KitCLI(request, alone)
        module, datamodule = cli.model, cli.datamodule
        assert source.checkpoint is not None
        content = load(source.checkpoint, weights_only=request.weights_only)
        with quiet():
            restore(module, datamodule, content, cli.trainer)
            pipeline, samples = to_export(module, datamodule, validation_loader(datamodule, module))
        training = training_rows(datamodule)
        lineage = lineage_of(
            run=source.run,
            checkpoint=source.checkpoint,
            weights=_which(source),
            content=content,
            config=written(cli),
            precision=str(precision[0] or "32-true"),
            datamodule=datamodule,
            samples=samples,
            training=training,
        )
        return cls(
            module=module if samples is None else pipeline,
            samples=samples,
            name=_name(request, source, module),
            lineage=lineage,
            measure=measure_of(module),
            training=dealt_training_rows(datamodule) if training is None else training,
        )


def find_weights(request: Request) -> Source:
    """Lay the layers of ``request`` together and find the checkpoint.

    Raises:
        InputError: If there is none: untrained weights are nothing to export.
    """
    if request.random_weights:
        raise InputError("--random_weights: an export is of trained weights, name their checkpoint")
    return prepare(request)


def default_out(source: Source) -> Path:
    """Return the folder of the artefact: in the run where there is one, else here."""
    return (Path() if source.run is None else source.run.path) / "artefact"


def _which(source: Source) -> str:
    record = source.run.record() if source.run is not None else None
    best = record.best.get("path") if record is not None and record.best else None
    if source.run is not None and best and source.checkpoint == source.run.path / best:
        return "best"
    return "as given"


def _name(request: Request, source: Source, module: pl.LightningModule) -> str:
    if source.run is not None:
        return source.run.name
    return recipe_name(request.files) or type(module).__name__
