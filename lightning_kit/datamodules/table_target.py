"""What a table's target is: a class, several truth values, or one or more numbers."""

from dataclasses import dataclass
from typing import Literal, final

from torch import Tensor

from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules.table_labels import (
    TRUTH,
    class_indices,
    labels,
    numbers,
    truth_values,
)
from lightning_kit.datamodules.table_rows import TableRows

Kind = Literal["classification", "regression"]

# Integers are labels up to so many different ones, where `kind` does not say.
MAX_INFERRED_CLASSES = 20


@final
@dataclass(frozen=True)
class TableTarget:
    """The columns to predict.

    Args:
        names: One or more columns.
        kind: What they are; where None, what the training file holds decides.

    Raises:
        ValueError: If there is no name, or one comes twice.
    """

    names: list[str]
    kind: Kind | None = None

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) < len(self.names):
            raise ValueError(f"target must name one or more columns, each once, got {self.names}")
        if self.kind not in (None, "classification", "regression"):
            raise ValueError(f"kind must be 'classification' or 'regression', got {self.kind!r}")

    def kind_in(self, table: TableFile) -> Kind:
        """Say what the target is; without a ``kind``, by all rows of ``table``."""
        for name in self.names:
            table.check_has(name)
        return self.kind or _infer(TableRows(table), self.names)

    def labels_in(self, table: TableFile) -> list[str] | None:
        """Return the class of every row, None where a row has not just one."""
        if self.kind_in(table) == "regression" or len(self.names) > 1:
            return None
        return labels(TableRows(table), self.names[0])

    def read(self, rows: TableRows, classes: list[str] | None) -> Tensor:
        """Return the target of ``rows``; ``classes`` are the training part's, None for numbers.

        Raises:
            DataError: If a cell is missing, no number, or of no known class.
        """
        for name in self.names:
            rows.table.check_has(name)
        if classes is None:
            return numbers(rows, self.names)
        if len(self.names) == 1:
            return class_indices(rows, self.names[0], classes)
        return truth_values(rows, self.names)

    def check_same(self, names: list[str], kind: Kind) -> None:
        """Refuse a checkpoint whose targets are other columns, or of another kind than is given.

        Raises:
            ValueError: Naming both.
        """
        for option, trained, given in (("target", names, self.names), ("kind", kind, self.kind)):
            if given not in (None, trained):
                raise ValueError(
                    f"{option} must be {trained!r}, as the checkpoint was trained, got {given!r}:"
                    " set it back, or fit anew"
                )


def _infer(rows: TableRows, names: list[str]) -> Kind:
    """Text, truth values and few different integers are labels; all else is numbers."""
    found = {name: set(labels(rows, name)) for name in names}
    if len(names) > 1:
        truth = all(values <= set(TRUTH) for values in found.values())
        return "classification" if truth else "regression"
    values = found[names[0]]
    if rows.table.type_of(names[0]).startswith(("float", "double", "half", "decimal")):
        return "regression"
    numbers = [_number(value) for value in values]
    if None in numbers:
        return "classification"
    whole = all(number is not None and number.is_integer() for number in numbers)
    return "classification" if whole and len(values) <= MAX_INFERRED_CLASSES else "regression"


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None
