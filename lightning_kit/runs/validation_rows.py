"""Raw validation rows, as whoever asks an exported model will give them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lightning_kit.export.declared_encoders import declared_encoders
from lightning_kit.export.errors import ExportError
from lightning_kit.export.samples import Samples

# More tell little more, and each is answered several times by each format.
MOST_ROWS = 2048


def validation_samples(loader: Iterable[Any], datamodule: Any = None) -> Samples:
    """Return up to 2,048 validation rows with their targets.

    A datamodule with encoders gives its raw cells by ``raw_rows("val")`` and the targets beside
    them by ``load("val")``. Otherwise the rows are the inputs of batches before preprocessing,
    by name: ``input`` for a tensor, its own keys for a dict.

    Args:
        loader: Validation batches: ``input``, ``(input,)`` or ``(input, target)``. Of a list or
            dict of loaders the first is read.
        datamodule: Where the batches come from.

    Raises:
        ExportError: If there is no row, or a batch is of another kind.
    """
    if declared_encoders(datamodule) is not None:
        return _cells(datamodule)
    inputs: list[dict[str, NDArray[Any]]] = []
    targets: list[NDArray[Any]] = []
    count = 0
    for batch in batches(loader):
        input, target = taken_apart(batch)
        inputs.append({name: as_array(value) for name, value in named(input).items()})
        if isinstance(target, Tensor):
            targets.append(as_array(target))
        count += len(next(iter(inputs[-1].values())))
        if count >= MOST_ROWS:
            break
    if not count:
        raise ExportError("there is no validation data: its loader gives no rows")
    # Only what is as long as the first can stand in one array with it.
    kept = [place for place, each in enumerate(inputs) if _shapes(each) == _shapes(inputs[0])]
    rows = {
        name: np.concatenate([inputs[place][name] for place in kept])[:MOST_ROWS]
        for name in inputs[0]
    }
    one_each = len(targets) == len(inputs) and _rows_match(inputs, targets)
    target = np.concatenate([targets[place] for place in kept])[:MOST_ROWS] if one_each else None
    return Samples(rows, target)


def taken_apart(batch: Any) -> tuple[Any, Any]:
    """Return input and target of a batch; the target is None where there is none.

    Raises:
        ExportError: If the batch is a tuple or list of another length than one or two.
    """
    # What holds a tensor against casts by Lightning has it there.
    if not isinstance(batch, tuple | list):
        return _held(batch), None
    if len(batch) in (1, 2):
        input, target = (*batch, None)[:2]
        return _held(input), _held(target)
    raise ExportError(
        "a validation batch must be input, (input,) or (input, target), got "
        f"{type(batch).__name__} of {len(batch)}: put an input of several parts into a dict"
    )


def named(input: Any) -> dict[str, Tensor]:
    """Return the tensors of an input by the names that the exported graph gives them.

    Raises:
        ExportError: If it is neither a tensor nor a dict of tensors.
    """
    parts = dict(input) if isinstance(input, Mapping) else {"input": input}
    for name, value in parts.items():
        if not isinstance(value, Tensor):
            raise ExportError(
                f"the model's input must be a tensor or a dict of tensors, got "
                f"{type(value).__name__} for {name!r}"
            )
    return {str(name): value for name, value in parts.items()}


def as_array(value: Any) -> NDArray[Any]:
    """Return a tensor as an array; bfloat16, which numpy does not know, becomes float32."""
    tensor = torch.as_tensor(value).detach().cpu()
    array: NDArray[Any] = (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).numpy()
    return array


def batches(loader: Any) -> Iterator[Any]:
    """Yield the batches of a loader; of several loaders, those of the first."""
    if loader is None:
        raise ExportError("there is no validation data: give a datamodule with val_dataloader")
    if isinstance(loader, Mapping):
        loader = next(iter(loader.values()), ())
    elif isinstance(loader, list | tuple):
        loader = loader[0] if loader else ()
    yield from loader


def _cells(datamodule: Any) -> Samples:
    raw_rows = getattr(datamodule, "raw_rows", None)
    if raw_rows is None:
        raise ExportError(
            f"{type(datamodule).__name__} has encoders, so it must have raw_rows(part) too: the "
            "raw cells by column that they take"
        )
    samples = Samples(raw_rows("val"), as_array(datamodule.load("val")[1]))
    return samples.take(samples.spread(MOST_ROWS))


def _held(value: Any) -> Any:
    held = getattr(value, "tensor", None)
    return held if isinstance(held, Tensor) and not isinstance(value, Tensor) else value


def _shapes(arrays: Mapping[str, NDArray[Any]]) -> dict[str, tuple[int, ...]]:
    return {name: value.shape[1:] for name, value in arrays.items()}


def _rows_match(inputs: list[dict[str, NDArray[Any]]], targets: list[NDArray[Any]]) -> bool:
    return all(
        target.ndim > 0 and len(target) == len(next(iter(input.values())))
        for input, target in zip(inputs, targets, strict=True)
    )
