"""The rows of a file in batches like those of a loader."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from torch import Tensor

from lightning_kit.artefact.encoders import Encoder
from lightning_kit.cli.encoded_alike import check_alike
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.row_tensors import encoded_batches, input_rows
from lightning_kit.export.errors import ExportError
from lightning_kit.runs.validation_rows import named, taken_apart


@final
class RowBatches:
    """The rows of a file in batches like another, with targets of zeros where that has some.

    Args:
        file: Of raw rows.
        first: A batch: ``input``, ``(input,)`` or ``(input, target)``.
        encoders: That made its input of raw cells, as they do of the cells of ``file``; None: the
            rows are inputs.

    Raises:
        InputError: If the rows are wrong, or the batch is of another kind, or of another type or
            shape than what the encoders make.
        DataError: If the file cannot be read.
    """

    def __init__(self, file: Path, first: Any, encoders: Sequence[Encoder] | None = None) -> None:
        try:
            input, self._target = taken_apart(first)
            sample = named(input)
        except ExportError as error:
            raise InputError(f"--rows: {error}") from error
        self._like, self._is_dict = first, isinstance(input, dict)
        size = len(next(iter(sample.values())))
        if encoders is None:
            self._inputs = list(_cut(input_rows(file, sample), size))
        else:
            encoded = encoded_batches(file, encoders, size)
            for some in encoded[:1]:
                check_alike(some, sample, encoders)
            self._inputs = [{"input": rows} for rows in encoded]

    def __len__(self) -> int:
        return len(self._inputs)

    def __iter__(self) -> Iterator[Any]:
        for some in self._inputs:
            input = some if self._is_dict else some["input"]
            if not isinstance(self._like, tuple | list):
                yield input
            elif len(self._like) == 1:
                yield [input]
            else:
                yield [input, self._no_target(len(next(iter(some.values()))))]

    def _no_target(self, count: int) -> Any:
        target = self._target
        if not isinstance(target, Tensor) or not target.ndim:
            return target
        return target.new_zeros((count, *target.shape[1:]))


def _cut(rows: Mapping[str, Tensor], size: int) -> Iterator[dict[str, Tensor]]:
    for start in range(0, len(next(iter(rows.values()))), size):
        yield {name: values[start : start + size] for name, values in rows.items()}
