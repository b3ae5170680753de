from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs.artefacts import TABLE_ROWS, write_table

from lightning_kit.artefact import Artefact
from lightning_kit.tracking.mlflow_model import ArtefactModel, _load_pyfunc


class Frame:
    """What is read of a pandas DataFrame."""

    columns = tuple(TABLE_ROWS)

    def to_dict(self, orient: str) -> dict[str, list[Any]]:
        assert orient == "list"
        return {name: list(cells) for name, cells in TABLE_ROWS.items()}


@pytest.fixture
def model(tmp_path: Path) -> ArtefactModel:
    return _load_pyfunc(str(write_table(tmp_path / "small")))


def rows_of(columns: Any) -> list[dict[str, Any]]:
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize("given", [TABLE_ROWS, Frame(), rows_of(TABLE_ROWS)])
def test_rows_of_every_kind_get_the_artefacts_answers(model: ArtefactModel, given: Any) -> None:
    wanted = model.artefact.answer(TABLE_ROWS)
    for name, values in model.predict(given).items():
        np.testing.assert_array_equal(values, wanted[name])


def test_other_kinds_and_params_are_refused(model: ArtefactModel) -> None:
    with pytest.raises(ValueError, match="with the columns size, colour, got str"):
        model.predict("size")
    with pytest.raises(ValueError, match="params must be none, got \\['depth'\\]"):
        model.predict(TABLE_ROWS, {"depth": 1})
    with pytest.raises(ValueError, match="column 'size'"):
        model.predict([{"colour": "red"}])


def test_a_changed_file_is_not_loaded(tmp_path: Path) -> None:
    folder = write_table(tmp_path / "small")
    Artefact.open(folder)
    (folder / "golden.jsonl").write_text("{}")
    with pytest.raises(ValueError, match="golden.jsonl"):
        _load_pyfunc(str(folder))
