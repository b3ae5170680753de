"""A process as a runner."""

import sys
from pathlib import Path

import pytest

from benchmarks.harness.process import Process
from benchmarks.harness.same_work import DifferentWork


def python(code: str, folder: Path, expected: str = "here") -> Process:
    return Process([sys.executable, "-S", "-c", code], folder / "own", expected)


def test_a_leg_is_a_process_that_does_what_is_expected(tmp_path: Path) -> None:
    process = python("import benchmarks; print('here'); open('file', 'a').write('x')", tmp_path)
    assert process.leg() > 0
    assert process.leg() > 0
    assert (tmp_path / "own" / "file").read_text() == "xx"


@pytest.mark.parametrize("code", ["print('away')", "print('here'); raise SystemExit(3)"])
def test_another_output_or_code_is_other_work(code: str, tmp_path: Path) -> None:
    with pytest.raises(DifferentWork, match="ended with"):
        python(code, tmp_path).leg()
