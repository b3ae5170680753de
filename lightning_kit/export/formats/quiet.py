"""What torch's exporters say that nobody who exports can act on."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

# Logger -> how its message starts.
NOISE: dict[str, str | tuple[str, ...]] = {
    # Operators of torchvision are offered to models that use none.
    "torch.onnx._internal.exporter._registration": "torchvision is not installed",
    # Said of operations that also raise, which is what the caller is told.
    "torch.fx.experimental.symbolic_shapes": "Unable to find user code",
    "torch._subclasses.fake_tensor": "failed while attempting to run meta",
    # Of an opset: which way it goes, and a failure that the opset of the result tells.
    "onnxscript.version_converter": (
        "The model version conversion is not supported by the onnxscript",
        "Failed to convert the model to the target version",
    ),
}


@final
class _Drop(logging.Filter):
    def __init__(self, start: str | tuple[str, ...]) -> None:
        super().__init__()
        self.start = start

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(self.start)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence exactly the known noise of torch's exporters while the block runs."""
    filters = [(logging.getLogger(name), _Drop(start)) for name, start in NOISE.items()]
    for logger, drop in filters:
        logger.addFilter(drop)
    try:
        with warnings.catch_warnings():
            # torch 2.13 copies the tree specs of its own programs, which makes new ones.
            warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)`", FutureWarning)
            # Recurrent layers collect their weights anew; torch puts the list back.
            warnings.filterwarnings(
                "ignore", r"The tensor attributes? [^\n]*_flat_weights", UserWarning
            )
            yield
    finally:
        for logger, drop in filters:
            logger.removeFilter(drop)
