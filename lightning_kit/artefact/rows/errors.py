"""The one error that bad data raises: it names the file, the row, the column and the way out."""

from pathlib import Path
from typing import final


@final
class DataError(ValueError):
    """Data that cannot be trained on.

    Args:
        rule: What should hold, e.g. ``"must be a number"``.
        file: Where the data came from, if from a file.
        row: 1-based row of the data (the header is not counted), if one row is to blame.
        column: Name of the column or array, if one is to blame.
        value: What was found instead.
        way_out: What to do about it.
    """

    def __init__(
        self,
        rule: str,
        *,
        file: str | Path | None = None,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
        way_out: str = "",
    ) -> None:
        self.rule, self.file, self.row, self.column = rule, file, row, column
        self.value, self.way_out = value, way_out
        place = [str(file)] if file is not None else []
        place += [f"row {row}"] if row is not None else []
        place += [f"column {column!r}"] if column is not None else []
        found = f", got {value!r}" if value is not None else ""
        hint = f" ({way_out})" if way_out else ""
        super().__init__(f"{', '.join(place)}{': ' if place else ''}{rule}{found}{hint}")

    def placed(
        self, *, file: str | Path, column: str | None = None, way_out: str = ""
    ) -> "DataError":
        """Return the same error with what it does not yet say of the place and the way out."""
        return DataError(
            self.rule,
            file=self.file or file,
            row=self.row,
            column=self.column or column,
            value=self.value,
            way_out=self.way_out or way_out,
        )
