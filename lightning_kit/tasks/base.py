"""What every task shares: the three steps, logging, the optimizer and being rebuilt."""

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any, Self

import pytorch_lightning as pl
import torch
from pytorch_lightning.cli import OptimizerCallable
from torch import Tensor, nn

from lightning_kit.tasks import rebuild
from lightning_kit.tasks.broadcasts import spare_broadcasts
from lightning_kit.tasks.compilation import Compilation
from lightning_kit.tasks.cuda_graph import CudaGraph, why_not
from lightning_kit.tasks.data_facts import DataFacts
from lightning_kit.tasks.fused import with_fused
from lightning_kit.tasks.schedule import Schedule
from lightning_kit.tasks.stage import Metrics, Stage
from lightning_kit.tasks.step import StepOutput, input_of


class AbstractTask(pl.LightningModule, ABC):
    """The abstract half of a task. The final half owns ``__init__`` and :meth:`step`.

    A batch is ``(input, target)``, both with ``N`` rows. A step reads::

        output = step(batch)              # loss, its weight, what the metrics compare
        log train/loss_step               # in training only; the progress bar shows it
        update the stage's loss and metrics
        return {"loss": output.loss, "weight": output.weight}

    An epoch of a stage (``train``, ``val``, ``test``) logs ``<stage>/loss``, the mean over all its
    samples whatever the sizes of batches and ranks, and ``<stage>/<metric>``; each is computed
    once, at the epoch's end, over all ranks.

    The final half calls ``self.save_hyperparameters()`` after ``super().__init__(...)``.

    Args:
        model: Maps ``input`` to what :meth:`step` and ``postprocess`` read.
        postprocess: Maps the model's output to a dict of tensors: the answers, with ``N`` rows.
        train_metrics: What training logs beside the loss, by name.
        metrics: What validation and testing log beside the loss, by name.
        optimizer: Builds the optimizer from the parameters.
        schedule: Moves the learning rate.
        compile: Let ``torch.compile`` run ``model`` in training, validation and testing: True, or
            its ``mode``, ``backend``, ``dynamic`` and ``fullgraph``. Logging stays outside, and
            checkpoints, prediction and export have the plain model.
        cuda_graph: Replay the training passes of ``model`` as CUDA graphs: on one CUDA device,
            with inputs of one shape, made of tensors, and with nothing overridden between forward
            and optimizer step. A batch of another shape runs as it would without.

    Raises:
        ValueError: If ``compile`` is unknown or given beside ``cuda_graph``; when set up, if one
            of them has no effect or is not possible.
    """

    def __init__(
        self,
        model: nn.Module,
        postprocess: nn.Module,
        *,
        train_metrics: Metrics,
        metrics: Metrics,
        optimizer: OptimizerCallable,
        schedule: Schedule,
        compile: bool | dict[str, Any] = False,
        cuda_graph: bool = False,
    ) -> None:
        super().__init__()
        if cuda_graph and compile:
            raise ValueError(
                "cuda_graph must be false where compile is set, got both: leave one out; "
                "compile: {mode: reduce-overhead} replays graphs by itself"
            )
        self.cuda_graph = cuda_graph
        self._graph: CudaGraph | None = None
        self._compilation = Compilation(compile)
        self.model = model
        self.postprocess = postprocess
        self.train_stage = Stage("train", train_metrics)
        self.val_stage = Stage("val", metrics)
        self.test_stage = Stage("test", metrics)
        self.optimizer = optimizer
        self.schedule = schedule
        self._unstored: list[str] = []

    @abstractmethod
    def step(self, batch: Any) -> StepOutput:
        """Compare the model's answers with the targets of one batch ``(input, target)``."""

    def adapt(self, facts: DataFacts) -> None:
        """Take from the data what a fit needs. A resumed checkpoint is restored after this."""

    def forward(self, input: Any) -> Any:
        return self.model(input) if self._graph is None else self._graph(self.model, input)

    def setup(self, stage: str) -> None:
        self._release()
        spare_broadcasts(self)
        if stage == "fit":
            if self.cuda_graph:
                if reason := why_not(self, self.trainer):
                    raise ValueError(f"cuda_graph must be false {reason}: leave it out")
                self._graph = CudaGraph()
            self.adapt(DataFacts.of(getattr(self.trainer, "datamodule", None)))
        if stage != "predict" and self._compilation.wanted:
            self._compilation.start(self.model, self.trainer.strategy.root_device)

    def teardown(self, stage: str) -> None:
        self._release()

    def _release(self) -> None:
        self._graph = None
        self._compilation.stop(self.model)

    def configure_optimizers(self) -> Any:
        optimizer = with_fused(self.optimizer(self.parameters()), self, self.trainer)
        return self.schedule.attach(optimizer)

    def training_step(self, batch: Any, batch_idx: int) -> dict[str, Any]:
        output = self.step(batch)
        self.log("train/loss_step", output.loss, on_step=True, on_epoch=False, prog_bar=True)
        return self._measure(self.train_stage, output)

    def validation_step(self, batch: Any, batch_idx: int) -> dict[str, Any]:
        return self._measure(self.val_stage, self.step(batch))

    def test_step(self, batch: Any, batch_idx: int) -> dict[str, Any]:
        return self._measure(self.test_stage, self.step(batch))

    def predict_step(self, batch: Any, batch_idx: int) -> dict[str, Tensor]:
        answers: dict[str, Tensor] = self.postprocess(self(input_of(batch)))
        return answers

    def measure(self, answers: Mapping[str, Any], target: Any) -> dict[str, float]:
        """Score answers that were given elsewhere, as validation scores the task's own.

        Args:
            answers: What prediction gives, by name: arrays or tensors of ``N`` rows.
            target: What batches hold beside the input, ``N`` rows.

        Returns:
            The metrics of validation, without the loss, that are one number each.

        Raises:
            ValueError: If a metric cannot compare such answers with such targets.
        """
        stage = copy.deepcopy(self.val_stage).cpu()
        stage.reset()
        scores = self.scores({name: torch.as_tensor(value) for name, value in answers.items()})
        stage.update(StepOutput(torch.zeros(()), len(scores), scores, torch.as_tensor(target)))
        measured = {
            name.partition("/")[2]: torch.as_tensor(metric.compute())
            for name, metric in stage.metrics.items()
        }
        return {name: value.item() for name, value in measured.items() if value.numel() == 1}

    def scores(self, answers: Mapping[str, Tensor]) -> Tensor:
        """Return what metrics compare with targets: ``prediction``, or the only answer."""
        return answers["prediction"] if "prediction" in answers else next(iter(answers.values()))

    def on_train_epoch_start(self) -> None:
        self._start(self.train_stage)

    def on_validation_epoch_start(self) -> None:
        self._start(self.val_stage)

    def on_test_epoch_start(self) -> None:
        self._start(self.test_stage)

    def _start(self, stage: Stage) -> None:
        # Logged once, at the start: Lightning computes a metric when the epoch's values are asked
        # for, so callbacks see it in their own epoch-end hooks, and no step pays for it.
        stage.reset()
        self.log_dict(stage.logged(), on_step=False, on_epoch=True)

    def _measure(self, stage: Stage, output: StepOutput) -> dict[str, Any]:
        stage.update(output)
        return {"loss": output.loss, "weight": output.weight}

    def save_hyperparameters(
        self,
        *args: Any,
        ignore: Sequence[str] | str | None = None,
        frame: FrameType | None = None,
        logger: bool = True,
    ) -> None:
        """Keep what rebuilds the task: its YAML, or its plain arguments and the others' names."""
        caller = inspect.currentframe()
        frame = frame or (caller.f_back if caller else None)
        if args or frame is None:
            super().save_hyperparameters(*args, ignore=ignore, frame=frame, logger=logger)
            return
        try:
            # Present only while LightningCLI builds the task: it hands over the YAML.
            super().save_hyperparameters("_instantiator", frame=frame, logger=logger)
        except KeyError:
            ignored = [ignore] if isinstance(ignore, str) else ignore or []
            given = rebuild.constructor_arguments(frame)
            plain, self._unstored = rebuild.sort_out(given, type(self), ignored)
            super().save_hyperparameters(plain, frame=frame, logger=logger)
        else:
            super().save_hyperparameters(ignore=ignore, frame=frame, logger=logger)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if self._unstored:
            checkpoint[rebuild.UNSTORED] = list(self._unstored)

    def __getstate__(self) -> dict[str, Any]:
        # Pickle finds no name for the lambda that is the default, and `ddp_spawn` pickles.
        state: dict[str, Any] = super().__getstate__()
        # A graph replays into the memory of its own task.
        state["_graph"] = None
        if state["optimizer"] is self._default_optimizer():
            del state["optimizer"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        restore: Callable[[dict[str, Any]], None] = super().__setstate__
        restore({"optimizer": self._default_optimizer(), **state})

    @classmethod
    def _default_optimizer(cls) -> Any:
        parameter = inspect.signature(cls).parameters.get("optimizer")
        return parameter.default if parameter else None

    @classmethod
    def load_from_checkpoint(
        cls,
        checkpoint_path: Any,
        map_location: Any = None,
        hparams_file: Any = None,
        strict: bool | None = None,
        weights_only: bool | None = None,
        **kwargs: Any,
    ) -> Self:
        """Build the task that a checkpoint describes, with its weights.

        Args:
            checkpoint_path: Path, URL, or an open binary file.
            map_location: Where to put the tensors, as for ``torch.load``.
            hparams_file: YAML or CSV with the arguments, instead of the checkpoint's own.
            strict: Whether the names of the weights must match exactly.
            weights_only: False lets the file run code when it is read; True, the default, does not.
            **kwargs: Arguments that replace stored ones, or that a checkpoint cannot hold.

        Raises:
            ValueError: If the checkpoint names code that is not imported, or was built in Python
                around parts that are not given here.
        """
        weights_only = True if weights_only is None else weights_only
        source = rebuild.fetch(checkpoint_path)
        stored = rebuild.check_checkpoint(
            cls, source, kwargs, weights_only=weights_only, replaced=hparams_file is not None
        )
        task: Self = super().load_from_checkpoint(
            source, map_location, hparams_file, strict, weights_only, **kwargs
        )
        if "_instantiator" in stored:
            # Lightning builds it with live parts; its own checkpoints must rebuild it as well.
            plain, task._unstored = rebuild.sort_out(kwargs, type(task), ())
            settings = {name: value for name, value in stored.items() if name not in kwargs}
            task.save_hyperparameters({**settings, **plain})
        return task
