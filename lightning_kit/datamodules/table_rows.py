"""Some rows of a table file, as the raw columns that encoders take."""

from collections.abc import Iterator, Mapping
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lightning_kit.artefact.encoders import Encoder, RawRowsError, encode, fit_encoders
from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules.splits import Indices


@final
class TableRows(Mapping[str, NDArray[Any]]):
    """Raw cells by column, made when asked for: a large table is never objects all at once.

    Args:
        table: The file.
        rows: 0-based rows of it; all where None.
    """

    def __init__(self, table: TableFile, rows: Indices | None = None) -> None:
        self.table = table
        self.rows = np.arange(table.num_rows) if rows is None else rows
        self._taken = rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.table.cells(name, self._taken)

    def __contains__(self, name: object) -> bool:
        return name in self.table.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.names)

    def __len__(self) -> int:
        return len(self.table.names)

    def fit(self, kinds: Mapping[str, str]) -> list[Encoder]:
        """Fit encoders to these rows; what is wrong is a DataError with file and row."""
        try:
            return fit_encoders(self, kinds)
        except RawRowsError as error:
            raise self.placed(error) from None

    def encode(self, encoders: list[Encoder]) -> Tensor:
        """Return ``(N, F)`` float32; what is wrong is a DataError with file and row."""
        try:
            return torch.from_numpy(encode(self, encoders))
        except RawRowsError as error:
            raise self.placed(error) from None

    def plain(self, columns: list[str]) -> dict[str, list[Any]]:
        """Return raw cells as JSON has them: numbers, text, truth values, and None where missing.

        Dates are ISO text, and text is as it stands in the file.
        """
        return {
            name: [None if cell != cell else cell for cell in self[name].tolist()]
            for name in columns
        }

    def placed(self, error: RawRowsError, *, way_out: str = "") -> DataError:
        """Say where in the file an encoder's error is."""
        at = None if error.row is None else error.row - 1
        way_out = error.way_out or way_out
        return self.error(error.rule, at, error.column, value=error.value, way_out=way_out)

    def error(
        self,
        rule: str,
        at: int | None,
        column: str | None,
        *,
        value: object = None,
        way_out: str = "",
    ) -> DataError:
        """Return an error about the cell of ``column`` at the 0-based ``at`` of these rows."""
        row = None if at is None else int(self.rows[at]) + 1
        return DataError(
            rule, file=self.table.path, row=row, column=column, value=value, way_out=way_out
        )
