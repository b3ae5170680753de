import json
from datetime import date
from typing import Any

import numpy as np
import pytest

from lightning_kit.artefact.json_cells import from_json, to_json


@pytest.mark.parametrize(
    "cell", [None, True, 3, 2.5, "text", b"\x00\xff", [[1, 2], [3, 4]], ["a", None]]
)
def test_plain_cells_come_back(cell: Any) -> None:
    assert from_json(json.loads(json.dumps(to_json(cell), allow_nan=False))) == cell


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.array([[1, 2]], np.uint8), [[1, 2]]),
        (float("nan"), None),
        (np.array([np.inf, -np.inf]), ["inf", "-inf"]),
        (date(2024, 1, 31), "2024-01-31"),
    ],
)
def test_what_json_lacks(cell: Any, plain: Any) -> None:
    assert to_json(cell) == plain


@pytest.mark.parametrize(
    "value", [{}, {"base64": 3}, {"base64": "?"}, {"base64": "aGk=", "more": 1}, {"path": "/etc"}]
)
def test_other_objects_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"an object must be|[Bb]ase64|[Nn]on-base64|padding"):
        from_json(value)
