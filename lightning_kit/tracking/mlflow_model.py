"""What MLflow imports to load a registered artefact: its ``loader_module``. No pickle is read."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact import Artefact
from lightning_kit.artefact.encoders import RawRows


@final
class ArtefactModel:
    """An artefact with the method that ``mlflow.pyfunc`` calls.

    Args:
        artefact: Opened, so its files are as they were verified.
    """

    def __init__(self, artefact: Artefact) -> None:
        self.artefact = artefact

    def predict(
        self, model_input: Any, params: dict[str, Any] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Return every output by name, ``(N, ...)`` each.

        Args:
            model_input: Raw rows: a pandas DataFrame, a dict of columns, a list of dicts, or, where
                the graph has one input and no encoders, an array of ``N`` rows.
            params: There are none.

        Raises:
            ValueError: If ``params`` are given, or rows are of another kind or wrong.
        """
        if params:
            raise ValueError(f"params must be none, got {sorted(params)}: an artefact takes none")
        return self.artefact.answer(self._rows(model_input))

    def _rows(self, given: Any) -> RawRows:
        columns = self.artefact.columns
        if isinstance(given, Mapping):
            return {str(name): _column(values) for name, values in given.items()}
        if isinstance(given, np.ndarray) and len(columns) == 1:
            return {columns[0]: given}
        if isinstance(given, list) and all(isinstance(row, Mapping) for row in given):
            # A cell that a row leaves out is missing; a column that none has is named later.
            present = {name for row in given for name in row}
            return {name: [row.get(name) for row in given] for name in columns if name in present}
        if hasattr(given, "columns") and hasattr(given, "to_dict"):
            return {str(name): cells for name, cells in given.to_dict("list").items()}
        raise ValueError(
            "rows must be a DataFrame, a dict of columns or a list of dicts with the columns "
            f"{', '.join(columns)}, got {type(given).__name__}"
        )


def _column(values: Any) -> Any:
    return values if isinstance(values, np.ndarray | list) else list(values)


def _load_pyfunc(data_path: str) -> ArtefactModel:
    """Open the artefact that MLflow has put into ``data_path``."""
    return ArtefactModel(Artefact.open(data_path))
