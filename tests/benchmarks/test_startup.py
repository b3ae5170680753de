"""The programs whose start is measured do start."""

from pathlib import Path

import pytest

from benchmarks.harness import DifferentWork, Plan
from benchmarks.startup import rows, runners


def test_help_comes(tmp_path: Path) -> None:
    assert runners(Plan(1, folder=tmp_path))["--help"]().leg() > 0


@pytest.mark.slow
def test_a_start_that_fails_is_found(tmp_path: Path) -> None:
    kit = runners(Plan(1, folder=tmp_path))["first step, kit"]
    (tmp_path / "first_step.yaml").write_text("model: 1\n")
    with pytest.raises(DifferentWork, match="ended with 2"):
        kit().leg()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["first step, stock", "first step, kit"])
def test_the_first_step_comes(name: str, tmp_path: Path) -> None:
    assert runners(Plan(1, folder=tmp_path))[name]().leg() > 0


def test_each_is_set_beside_lightnings_import() -> None:
    (row,) = rows(True)
    assert [ratio.to for ratio in row.ratios[:3]] == ["import pytorch_lightning"] * 3
