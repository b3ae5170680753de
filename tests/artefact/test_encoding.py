"""Raw rows become the graph's inputs, through encoders or as they are."""

from typing import Any

import numpy as np
import pytest
from programs.artefacts import ENCODERS, PICTURE_ENCODERS, TABLE_ROWS

from lightning_kit.artefact.encoders import RawRowsError
from lightning_kit.artefact.encoding import columns_of, count_rows, encode_inputs
from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.tensor_spec import TensorSpec

MATRIX = (TensorSpec("input", "float32", ("batch", 3)),)
TWO = (
    TensorSpec("tokens", "int64", ("batch", "length")),
    TensorSpec("mask", "bool", ("batch", "length")),
)


def test_encoders_make_one_matrix() -> None:
    encoded = encode_inputs({**TABLE_ROWS, "more": [1]}, ENCODERS, MATRIX)
    assert encoded["input"].tolist() == [[1.5, 0, 1], [2, 1, 0], [3, 0, 0]]


def test_an_image_encoder_makes_pixels() -> None:
    spec = TensorSpec("pixels", "uint8", ("batch", 3, 4, 6))
    rows = {"picture": [np.ones((2, 3), np.uint8)]}
    assert encode_inputs(rows, PICTURE_ENCODERS, [spec])["pixels"].shape == (1, 3, 4, 6)


def test_without_encoders_rows_are_the_inputs() -> None:
    encoded = encode_inputs({"tokens": [[1, 2]], "mask": [[1, 0]], "more": []}, None, TWO)
    assert encoded["tokens"].tolist() == [[1, 2]]
    assert encoded["mask"].tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("rows", "encoders", "inputs", "message"),
    [
        ({"size": [1]}, ENCODERS, MATRIX, r"column 'colour': is missing in the rows \(columns: s"),
        ({"size": [1], "color": ["red"]}, ENCODERS, MATRIX, "did you mean 'color'"),
        ({"size": [1, 2], "colour": ["red"]}, ENCODERS, MATRIX, "must have the 2 rows of column"),
        ({"size": ["x"], "colour": ["red"]}, ENCODERS, MATRIX, "row 1, column 'size': must be a n"),
        ({"tokens": [[1]]}, None, TWO, "column 'mask': is missing"),
        (
            {"tokens": [[1, 2]], "mask": [[1]]}, None, TWO,
            "column 'mask': must have the length of 'tokens', 2, got 1",
        ),
    ],
)  # fmt: skip
def test_wrong_rows_are_named(rows: Any, encoders: Any, inputs: Any, message: str) -> None:
    with pytest.raises(RawRowsError, match=message):
        encode_inputs(rows, encoders, inputs)


@pytest.mark.parametrize(
    ("encoders", "inputs", "message"),
    [
        (ENCODERS, TWO, "encoders make one input, the graph takes 2"),
        (
            ENCODERS,
            [TensorSpec("input", "float32", ("batch", 4))],
            "not for this graph: .*batch, 4",
        ),
        ([*ENCODERS, *PICTURE_ENCODERS], MATRIX, "an image encoder must stand alone"),
    ],
)
def test_encoders_for_another_graph(encoders: Any, inputs: Any, message: str) -> None:
    with pytest.raises(ArtefactError, match=message):
        encode_inputs({**TABLE_ROWS, "picture": [0] * 3}, encoders, inputs)


def test_columns_and_rows() -> None:
    assert columns_of([*ENCODERS, *ENCODERS], MATRIX) == ["size", "colour"]
    assert columns_of(None, TWO) == ["tokens", "mask"]
    assert count_rows(TABLE_ROWS, ENCODERS, MATRIX) == 3
