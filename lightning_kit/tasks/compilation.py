"""Let torch.compile run a task's model, and nothing around it."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import nn

MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")
KEYS = ("mode", "backend", "dynamic", "fullgraph")


@final
class Compilation:
    """Compile a model in place while a stage runs, and give it back as it was.

    Only the model's own call is compiled, so logging, loss and metrics stay outside, names in
    ``state_dict`` are the same, and copies and pickles are of the plain model.

    Args:
        option: True, False, or some of ``mode`` (default, reduce-overhead, max-autotune or
            max-autotune-no-cudagraphs), ``backend``, ``dynamic`` and ``fullgraph``, as
            ``torch.compile`` takes them.

    Raises:
        ValueError: If a key, mode or backend is unknown, or would have no effect.
    """

    def __init__(self, option: bool | Mapping[str, Any]) -> None:
        if not isinstance(option, bool):
            _check(option)
        self.wanted = option is not False
        self.options: dict[str, Any] = {} if isinstance(option, bool) else dict(option)
        self._running = False

    def start(self, model: nn.Module, device: torch.device) -> None:
        """Compile ``model``; the work is done at its first call.

        Raises:
            ValueError: If the mode has no effect on ``device``.
        """
        if self.options.get("mode") == "reduce-overhead" and device.type == "cpu":
            raise ValueError(
                "compile.mode must not be 'reduce-overhead' on cpu, where there are no graphs of "
                "kernels to replay, so that it has no effect: leave it out"
            )
        model.compile(**self.options)
        self._running = True

    def stop(self, model: nn.Module) -> None:
        """Let ``model`` run as it is written again."""
        if self._running:
            model.compile(disable=True)
            self._running = False


def _check(option: Any) -> None:
    if not isinstance(option, Mapping) or not option or option.keys() - set(KEYS):
        raise ValueError(
            f"compile must be true, false or a mapping of {', '.join(KEYS)}, got {option!r}: "
            "set compile: true for torch's defaults"
        )
    mode, backend = option.get("mode"), option.get("backend", "inductor")
    if mode is not None and mode not in MODES:
        raise ValueError(f"compile.mode must be one of {', '.join(MODES)}, got {mode!r}")
    # Importing the compiler takes seconds, and only other backends than torch's own are in doubt.
    if backend != "inductor" and backend not in torch.compiler.list_backends(exclude_tags=()):
        known = ", ".join(torch.compiler.list_backends())
        raise ValueError(
            f"compile.backend must be a backend of torch, got {backend!r}: try {known}"
        )
    if backend != "inductor" and mode is not None:
        raise ValueError(
            f"compile.mode={mode!r} has no effect with backend {backend!r}: leave one of them out"
        )
    for name in ("dynamic", "fullgraph"):
        if not isinstance(option.get(name, False), bool):
            raise ValueError(f"compile.{name} must be true or false, got {option[name]!r}")
