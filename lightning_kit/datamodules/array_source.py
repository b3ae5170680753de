"""One file's rows as tensors: read, checked, and compared with what training saw."""

from dataclasses import dataclass
from typing import Literal, final

from torch import Tensor

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.datamodules.array_checks import (
    KINDS,
    check_range,
    check_same_rows,
    input_tensor,
    target_tensor,
)
from lightning_kit.datamodules.array_files import read_arrays


@final
@dataclass(frozen=True)
class ArraySource:
    """What to read from a file, whichever part it holds.

    Args:
        input: Name of the array with the inputs.
        target: Name of the array with the targets.
        input_dtype: What the model takes.
        class_names: One a class or label, where the targets have any.
    """

    input: str
    target: str
    input_dtype: Literal["float32", "int64"]
    class_names: list[str] | None

    def input_rows(self, path: str) -> Tensor:
        """Read the inputs alone.

        Raises:
            DataError: Naming the file, and row and column where one is to blame.
        """
        array = read_arrays(path, [self.input])[self.input]
        return input_tensor(array, self.input, path, self.input_dtype)

    def rows(self, path: str, target_path: str | None = None) -> tuple[Tensor, Tensor]:
        """Read inputs and targets, of one file or a file each.

        Raises:
            DataError: Naming the file, and row and column where one is to blame.
        """
        file = target_path or path
        if target_path is None:
            arrays = read_arrays(path, [self.input, self.target])
        else:
            arrays = read_arrays(path, [self.input]) | read_arrays(target_path, [self.target])
        input = input_tensor(arrays[self.input], self.input, path, self.input_dtype)
        are_labels = self.class_names is not None
        target = target_tensor(arrays[self.target], self.target, file, are_labels=are_labels)
        check_same_rows(input, target, self.target, file)
        if self.class_names is not None:
            self.check_classes(target, len(self.class_names), file)
        return input, target

    def check_same(self, arrays: dict[str, str]) -> None:
        """Refuse other arrays than those of the checkpoint that a fit goes on from.

        Raises:
            ValueError: Naming both.
        """
        for option, trained in arrays.items():
            if (given := getattr(self, option)) != trained:
                raise ValueError(
                    f"{option} must be {trained!r}, as the checkpoint was trained, got {given!r}:"
                    " set it back, or fit anew"
                )

    def check_classes(self, target: Tensor, num_classes: int, file: str) -> None:
        """Refuse a target that is not of ``num_classes`` classes or labels.

        Raises:
            DataError: Naming what is wrong, and the row of a label out of range.
        """
        if target.is_floating_point():
            raise DataError(
                f"must hold integers, the numbers of {num_classes} classes",
                file=file,
                column=self.target,
                value=str(target.dtype),
                way_out=KINDS,
            )
        if target.ndim == 1:
            check_range(target, num_classes, self.target, file)
        elif target.shape[1] != num_classes:
            rule = f"must have {num_classes} columns, one a label"
            raise DataError(rule, file=file, column=self.target, value=target.shape[1])

    def check_values(self, target: Tensor, num_targets: int, file: str) -> None:
        """Refuse a target that is not of ``num_targets`` floating-point columns.

        Raises:
            DataError: Naming what was found.
        """
        columns = 1 if target.ndim == 1 else target.shape[1]
        if not target.is_floating_point() or columns != num_targets:
            raise DataError(
                f"must hold {num_targets} column(s) of floating-point values, as in training",
                file=file,
                column=self.target,
                value=f"{columns} of {target.dtype}",
                way_out=KINDS,
            )

    def check_width(self, input: Tensor, row_shape: list[int], file: str) -> None:
        """Refuse inputs whose rows have another shape than training's.

        Raises:
            DataError: Naming both shapes.
        """
        if list(input.shape[1:]) != row_shape:
            rule = f"a row must have shape {row_shape}, as in training"
            raise DataError(rule, file=file, column=self.input, value=list(input.shape[1:]))
