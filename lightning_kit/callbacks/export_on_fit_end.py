"""Export at the end of a fit, through the same gate as the command line's ``export``."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy
from pytorch_lightning.utilities import rank_zero_info
from pytorch_lightning.utilities.seed import isolate_rng

from lightning_kit.callbacks.final_weights import FinalWeights, Which, averaging_of, scored_by
from lightning_kit.compat import refuse_twin
from lightning_kit.export import ExportError, export
from lightning_kit.export.chosen import chosen
from lightning_kit.export.staging import refuse_existing
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.exported import (
    dealt_training_rows,
    measure_of,
    refuse_without_forward,
    to_export,
    training_rows,
    validation_loader,
)
from lightning_kit.runs.lineage import lineage_of

_SHARDED = (FSDPStrategy, DeepSpeedStrategy, ModelParallelStrategy)
_NARROW = (torch.float16, torch.bfloat16)


@final
class ExportOnFitEnd(pl.Callback):
    """Write an artefact when a fit ends, from a copy of the module on the CPU, on rank 0 alone.

    It is proved to answer validation rows as the module does; on several ranks, rows of rank 0. A
    fit that was interrupted or is a ``fast_dev_run`` writes none.

    Args:
        formats: ``onnx``, ``safetensors``, ``pt2``, ``torchscript``.
        out: Folder that must not exist; None: ``artefact`` in the logger's folder, which is the
            run's own, and ``artefact-2`` where that is taken.
        weights: ``best``: of the best checkpoint. ``ema``: the average. ``final``: as the module
            has them at the end. None: ``best`` where a checkpoint was scored, else ``final``.
        opset: Of ONNX; None: the exporter's own.
        quantize: ``int8``, ``int8-dynamic`` or ``fp16``, of ONNX.
        lengths: Input -> a dimension of it that may be of any size.
        name: Of the artefact; None: the run's, else the class of the module.

    Attributes:
        artefact: Folder of the last one written, on rank 0.

    Raises:
        ValueError: When a fit begins, if an argument is wrong or has no effect, ``out`` exists, the
            module has no forward, or the strategy shards weights (``lightning-kit export`` reads
            its checkpoints). When it ends, on all ranks: :class:`.GateRefused` if a file disagrees
            with the module, which leaves ``<out>-refused.json``; :class:`.ExportError` if the
            module cannot be exported.

    Example:
        >>> exporting = ExportOnFitEnd(["onnx", "pt2"], weights="best")
    """

    def __init__(
        self,
        formats: Sequence[str] = ("onnx", "safetensors"),
        out: str | Path | None = None,
        *,
        weights: Which | None = None,
        opset: int | None = None,
        quantize: str | None = None,
        lengths: dict[str, int] | None = None,
        name: str | None = None,
    ) -> None:
        if weights not in (None, "best", "ema", "final"):
            raise ValueError(f"weights must be 'best', 'ema', 'final' or None, got {weights!r}")
        chosen(formats, opset=opset, quantize=quantize)
        self.formats, self.weights, self.name = tuple(formats), weights, name
        self.out = None if out is None else Path(out)
        self.opset, self.quantize, self.lengths = opset, quantize, lengths
        self.artefact: Path | None = None
        self._folder = Path()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        if stage != "fit":
            return
        refuse_without_forward(pl_module)
        if isinstance(trainer.strategy, _SHARDED):
            raise ValueError(
                f"ExportOnFitEnd exports whole weights, and {type(trainer.strategy).__name__} "
                "shards them: leave it out, and export the checkpoint afterwards"
            )
        if self.weights == "best" and not scored_by(trainer):
            raise ValueError("weights='best' needs a ModelCheckpoint with a monitor: add one")
        if self.weights == "ema" and averaging_of(trainer) is None:
            raise ValueError("weights='ema' needs a callback that averages weights: add EMA")
        if self.out is not None and not _is_trial(trainer):
            refuse_existing(self.out)
        # A broadcast, so on all ranks.
        self._folder = Path(trainer.log_dir or trainer.default_root_dir).absolute()

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if _is_trial(trainer) or trainer.interrupted:
            return
        error: Exception | None = None
        if trainer.is_global_zero:
            try:
                with isolate_rng():
                    self._export(trainer, pl_module)
            except Exception as raised:
                error = raised
        said = trainer.strategy.broadcast(None if error is None else str(error))
        if error is not None:
            raise error
        if said is not None:
            raise ExportError(f"rank 0 could not export: {said}")

    def _export(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        weights = FinalWeights.of(trainer, self.weights)
        module = copy.deepcopy(pl_module).cpu()
        module.load_state_dict(weights.state, strict=module.strict_loading)
        datamodule: Any = getattr(trainer, "datamodule", None)
        run = RunDirectory(self._folder) if (self._folder / "run.json").is_file() else None
        with _as_alone(module, datamodule):
            pipeline, samples = to_export(module, datamodule, _loader(trainer, datamodule, module))
            training = training_rows(datamodule)
            artefact = export(
                module if samples is None else pipeline,
                self._free_folder(),
                samples=samples,
                formats=self.formats,
                opset=self.opset,
                quantize=self.quantize,
                lengths=self.lengths,
                name=self.name or (type(pl_module).__name__ if run is None else run.name),
                training=dealt_training_rows(datamodule) if training is None else training,
                measure=measure_of(module),
                lineage=lineage_of(
                    run=run,
                    checkpoint=weights.checkpoint,
                    weights=weights.which,
                    content=weights.content or _progress(trainer),
                    precision=str(trainer.precision),
                    datamodule=datamodule,
                    samples=samples,
                    training=training,
                ),
            )
        self.artefact = artefact.path
        for remark in artefact.manifest.verification.get("remarks", ()):
            rank_zero_info(remark)
        rank_zero_info(f"artefact: {artefact.path}")

    def _free_folder(self) -> Path:
        if self.out is not None:
            return self.out
        path, number = self._folder / "artefact", 2
        while path.exists():
            path, number = self._folder / f"artefact-{number}", number + 1
        return path


def _is_trial(trainer: pl.Trainer) -> bool:
    return bool(getattr(trainer, "fast_dev_run", False))


def _loader(trainer: pl.Trainer, datamodule: Any, module: pl.LightningModule) -> Any:
    """Return what the fit validated on; where it never did, what it would have."""
    if trainer.val_dataloaders is not None:
        return trainer.val_dataloaders
    return validation_loader(datamodule, module)


def _progress(trainer: pl.Trainer) -> dict[str, Any]:
    # A checkpoint has the 0-based number of the epoch that it was saved in.
    return {"epoch": trainer.current_epoch - 1, "global_step": trainer.global_step}


@contextmanager
def _as_alone(module: pl.LightningModule, datamodule: Any) -> Iterator[None]:
    """Let the module answer on the CPU in float32, with what the datamodule does before it."""
    narrow = any(tensor.dtype in _NARROW for tensor in module.parameters())
    if narrow:
        module.float()
    preprocess = getattr(datamodule, "preprocess", None) or torch.nn.Identity()
    device = next((tensor.device for tensor in preprocess.buffers()), None)
    before = getattr(datamodule, "trainer", None)
    try:
        preprocess.cpu()
        if narrow and datamodule is not None:
            # A datamodule that casts to the Trainer's precision must not do so here.
            datamodule.trainer = None
        yield
    finally:
        if device is not None:
            preprocess.to(device)
        if narrow and datamodule is not None:
            datamodule.trainer = before
