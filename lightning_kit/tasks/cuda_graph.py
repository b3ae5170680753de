"""Replay a model's training passes as CUDA graphs, which spares the launch of each kernel."""

import logging
from typing import Any, final

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import GradientAccumulationScheduler
from pytorch_lightning.strategies import SingleDeviceStrategy
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import Tensor, nn
from torch.utils import _pytree as pytree

ON_CALLBACKS = (
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
)
ON_MODULE = (
    *ON_CALLBACKS,
    "backward",
    "configure_gradient_clipping",
    "optimizer_step",
    "optimizer_zero_grad",
)
_MODULE_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_log = logging.getLogger(__name__)


def why_not(module: pl.LightningModule, trainer: pl.Trainer) -> str | None:
    """Return why a run's training passes must not be replayed, None where they may be."""
    strategy = trainer.strategy
    if strategy.root_device.type != "cuda":
        return f"on {strategy.root_device.type}, where it has no effect"
    if not isinstance(strategy, SingleDeviceStrategy):
        return f"with {type(strategy).__name__}, which reduces gradients during the backward pass"
    if not module.automatic_optimization:
        return "with manual optimization, whose order is the module's own"
    # torch hands a graph's own memory out as the gradient: a second pass would overwrite the first.
    if trainer.accumulate_grad_batches > 1 or any(
        isinstance(callback, GradientAccumulationScheduler) for callback in callbacks_of(trainer)
    ):
        return "with accumulation, for a second pass overwrites the gradients of the first"
    for name in ON_MODULE:
        if is_overridden(name, module, pl.LightningModule):
            return f"with {type(module).__name__}.{name}, between forward and optimizer step"
    for callback in callbacks_of(trainer):
        for name in ON_CALLBACKS:
            if is_overridden(name, callback, pl.Callback):
                return f"with {type(callback).__name__}.{name}, between forward and optimizer step"
    return None


def callbacks_of(trainer: pl.Trainer) -> list[pl.Callback]:
    """Return the trainer's callbacks, an attribute that Lightning leaves undeclared."""
    callbacks: list[pl.Callback] = trainer.callbacks  # type: ignore[attr-defined]
    return callbacks


@final
class CudaGraph:
    """Call a model, by replay wherever the call is like the one that was captured.

    The first training batch is captured. A batch of another shape, such as a smaller last one,
    and whatever runs without gradients or in ``eval`` mode is called as it is; where parameters
    were moved or frozen, the passes are captured anew. Twice differentiating is not possible.
    """

    def __init__(self) -> None:
        self._graphed: Any = None
        self._inputs: Any = None
        self._tensors: list[Tensor] = []
        self._modules: list[nn.Module] = []
        self._state: Any = None

    def __call__(self, model: nn.Module, input: Any) -> Any:
        """Return ``model(input)``.

        Raises:
            ValueError: If ``input`` holds something else than tensors, a part of ``model`` has
                hooks, which a replay would skip, or CUDA cannot capture the model.
        """
        if not (model.training and torch.is_grad_enabled()):
            return model(input)
        inputs = _signature(input)
        if self._graphed is None:
            self._capture(model, input)
            self._inputs, self._state = inputs, self._look()
        elif inputs != self._inputs:
            _log.info("cuda_graph: inputs %s run without the graph of %s", inputs, self._inputs)
            return model(input)
        elif self._look() != self._state:
            self._capture(model, input)
            self._state = self._look()
        # The graph's own memory is overwritten by the next replay.
        return pytree.tree_map(torch.clone, self._graphed(input))

    def _look(self) -> tuple[Any, ...]:
        """Return what a captured pass rests on beside its inputs."""
        if any(vars(part)[name] for part in self._modules for name in _MODULE_HOOKS):
            raise ValueError(
                "cuda_graph must be false where a part of the model has hooks, which a replay "
                "would skip: remove them, or set cuda_graph: false"
            )
        return (
            [(tensor.data_ptr(), tensor.requires_grad) for tensor in self._tensors],
            [part.training for part in self._modules],
        )

    def _capture(self, model: nn.Module, input: Any) -> None:
        self._graphed = None
        self._modules = list(model.modules())
        self._tensors = [*model.parameters(), *model.buffers()]
        self._look()
        sample = pytree.tree_map(_sample, input)
        buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
        device = pytree.tree_leaves(input)[0].device
        is_cuda = device.type == "cuda"
        # Warming up draws random numbers and moves running statistics, as training passes do.
        with torch.random.fork_rng([device] if is_cuda else []), _uncached_autocast(device):
            try:
                self._graphed = torch.cuda.make_graphed_callables(
                    _Held(model), (sample,), allow_unused_input=True
                )
            except (RuntimeError, AssertionError) as error:
                raise ValueError(
                    f"cuda_graph must be false for a model that CUDA cannot capture, got "
                    f"{' '.join(str(error).split())}: set cuda_graph: false"
                ) from error
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)

    def __getstate__(self) -> dict[str, Any]:
        # A graph belongs to the memory it was captured in; a copy captures its own.
        return vars(CudaGraph())


class _Held(nn.Module):
    """Takes the ``forward`` that torch replaces, so that the model keeps its own."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input: Any) -> Any:
        return self.model(input)


def _sample(tensor: Tensor) -> Tensor:
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


def _signature(input: Any) -> Any:
    if type(input) is Tensor:
        return input.shape, input.dtype, input.requires_grad
    leaves, spec = pytree.tree_flatten(input)
    if not leaves or not all(isinstance(leaf, Tensor) for leaf in leaves):
        kinds = ", ".join(sorted({type(leaf).__name__ for leaf in leaves})) or "nothing"
        raise ValueError(
            f"cuda_graph must be false unless inputs are made of tensors, got {kinds}: "
            "set cuda_graph: false"
        )
    return spec, [(leaf.shape, leaf.dtype, leaf.requires_grad) for leaf in leaves]


def _uncached_autocast(device: torch.device) -> torch.autocast:
    """Keep autocast as it is, without its cache, which torch cannot capture."""
    kind = device.type
    return torch.autocast(
        kind,
        dtype=torch.get_autocast_dtype(kind),
        enabled=torch.is_autocast_enabled(kind),
        cache_enabled=False,
    )
