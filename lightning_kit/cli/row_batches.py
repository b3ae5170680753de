"""The rows of a file in batches like those of a loader."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

from torch import Tensor

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.row_tensors import input_rows
from lightning_kit.export.errors import ExportError
from lightning_kit.runs.validation_rows import named, taken_apart


@final
class RowBatches:
    """The rows of a file in batches like another, with targets of zeros where that has some.

    Args:
        file: Of raw rows.
        first: A batch: ``input``, ``(input,)`` or ``(input, target)``.

    Raises:
        InputError: If the rows are wrong, or the batch is of another kind.
        DataError: If the file cannot be read.
    """

    def __init__(self, file: Path, first: Any) -> None:
        try:
            input, self._target = taken_apart(first)
            sample = named(input)
        except ExportError as error:
            raise InputError(f"--rows: {error}") from error
        self._like, self._is_dict = first, isinstance(input, dict)
        self._size = len(next(iter(sample.values())))
        self._inputs = input_rows(file, sample)
        self._count = len(next(iter(self._inputs.values())))

    def __len__(self) -> int:
        return -(-self._count // self._size)

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, self._count, self._size):
            some = {name: rows[start : start + self._size] for name, rows in self._inputs.items()}
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
