"""The one line about a row of a file that cannot be answered."""

from pathlib import Path

from lightning_kit.artefact.encoders import RawRowsError
from lightning_kit.artefact.rows.pictures import picture_files
from lightning_kit.cli.errors import InputError


def wrong_row(file: Path, error: RawRowsError) -> InputError:
    """Return ``error`` with its file: of a folder of pictures, the picture in place of its row."""
    if file.is_dir() and error.row is not None:
        file = picture_files(file)[error.row - 1]
        error = RawRowsError(
            error.rule, column=error.column, value=error.value, way_out=error.way_out
        )
    has_place = error.column is not None or error.row is not None
    return InputError(f"{file}{', ' if has_place else ': '}{error}")
