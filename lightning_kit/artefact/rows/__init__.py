"""Files of raw rows, as training and answering read them: a file a format."""

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.read import read_rows

__all__ = ["DataError", "read_rows"]
