from pathlib import Path

import numpy as np
import pytest

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.flat import read_flat
from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.artefact.tensor_spec import TensorSpec


def read(text: str, *specs: TensorSpec) -> dict[str, np.ndarray]:
    Path("a.csv").write_text(text)
    return read_flat(TableFile("a.csv"), specs)


def test_a_column_each_number() -> None:
    text = "x_3,x_0,x_1,x_2,y,more\n4,1,2,3,7,a\n8,5,6,,9,b\n"
    found = read(
        text, TensorSpec("x", "float32", ("batch", 2, 2)), TensorSpec("y", "int64", ("n",))
    )
    np.testing.assert_array_equal(found["x"], [[[1, 2], [3, 4]], [[5, 6], [np.nan, 8]]])
    assert found["y"].tolist() == [7, 9]


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("x_0\n1\n", ("batch", 2), r"a\.csv, column 'x_1': is missing \(did you mean 'x_0'"),
        (
            "x_0\n1\nbig\n",
            ("batch", 1),
            r"a\.csv, row 2, column 'x_0': must be a number, got 'big'",
        ),
        ("x_0\n1\n", ("batch", "length"), r"input x \(batch, length\) float32 has no fixed number"),
    ],
)
def test_what_is_wrong_is_named(text: str, shape: tuple[int | str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(text, TensorSpec("x", "float32", shape))
