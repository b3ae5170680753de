"""The tables in ``configs/data`` are scikit-learn's data; ``python`` on this file writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

FOLDER = Path(__file__).parents[2] / "configs" / "data"
# scikit-learn's own names are s1 to s6, explained in its description.
DIABETES = [
    "age", "sex", "bmi", "blood_pressure", "total_cholesterol", "ldl", "hdl",
    "cholesterol_hdl_ratio", "log_triglycerides", "glucose", "progression",
]  # fmt: skip


def breast_cancer() -> str:
    data = load_breast_cancer()
    lines = [",".join([*data.feature_names, "diagnosis"])]
    for row, label in zip(data.data, data.target, strict=True):
        lines.append(",".join([*(f"{value:.10g}" for value in row), data.target_names[label]]))
    return "\n".join(lines) + "\n"


def diabetes() -> str:
    # Years, kg/m2, mmHg, mg/dl as they were measured; by default they come standardised.
    data = load_diabetes(scaled=False)
    lines = [",".join(DIABETES)]
    for row, value in zip(data.data, data.target, strict=True):
        lines.append(",".join(f"{cell:.10g}" for cell in [*row, value]))
    return "\n".join(lines) + "\n"


TABLES = {"breast_cancer.csv": breast_cancer, "diabetes.csv": diabetes}


@pytest.mark.parametrize(("name", "make"), TABLES.items())
def test_the_shipped_table_is_the_data_to_the_byte(name: str, make: Callable[[], str]) -> None:
    assert (FOLDER / name).read_bytes() == make().encode()


def test_the_numbers_are_those_of_scikit_learn_exactly() -> None:
    for text, data in (
        (breast_cancer(), load_breast_cancer().data),
        (diabetes(), load_diabetes(scaled=False).data),
    ):
        rows = [line.split(",")[:-1] for line in text.splitlines()[1:]]
        assert [[float(cell) for cell in row] for row in rows] == data.tolist()


if __name__ == "__main__":
    for name, make in TABLES.items():
        (FOLDER / name).write_bytes(make().encode())
