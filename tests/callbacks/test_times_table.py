"""Times read well in a narrow terminal, and as a file."""

import csv
import io
import math
from pathlib import Path

import pytest
from rich.console import Console

from lightning_kit.callbacks.times_table import Times, duration, rows, show, write_csv
from lightning_kit.meters import Durations


def times() -> Times:
    found = {
        ("EarlyStopping", "on_validation_end"): (0.5, 0.25, 0.75),
        ("TerminateOnNonFinite", "on_before_optimizer_step"): (2.0,),
        ("ModelCheckpoint", "on_train_end"): (),
    }
    made = {key: Durations() for key in found}
    for key, each in found.items():
        for seconds in each:
            made[key].add(seconds)
    return made


def test_what_ran_the_longest_first() -> None:
    first, second = rows(times())
    assert (first["callback"], first["total_s"]) == ("TerminateOnNonFinite", 2.0)
    assert second == {
        "callback": "EarlyStopping",
        "hook": "on_validation_end",
        "count": 3,
        "total_s": 1.5,
        "mean_s": 0.5,
        "min_s": 0.25,
        "min_at": 2,
        "max_s": 0.75,
        "max_at": 3,
        "std_s": 0.25,
    }


def test_the_file_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "times.csv"
    write_csv(times(), path)
    write_csv(times(), path)
    with path.open() as file:
        found = list(csv.DictReader(file))
    assert [row["hook"] for row in found] == ["on_before_optimizer_step", "on_validation_end"]
    assert (found[1]["min_at"], float(found[1]["std_s"])) == ("2", 0.25)
    assert [each.name for each in path.parent.iterdir()] == ["times.csv"]


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_and_breaks_no_name(width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    show(times(), 7.0, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= width
    for wanted in ("TerminateOnNonFinite", " on_before_optimizer_step", "250 ms", "3.5 s", "7 s"):
        assert wanted in text
    assert "ModelCheckpoint" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(123.4, "123 s"), (1.5, "1.5 s"), (0.0123, "12.3 ms"), (8.67e-7, "0.87 us"), (0.0, "0 us")],
)
def test_a_duration_has_a_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text
    assert duration(math.nan) == "-"
