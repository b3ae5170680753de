"""What people read."""

import io
from pathlib import Path

from rich.console import Console

from benchmarks.harness import Measured, Plan, Ratio, Row
from benchmarks.harness.report import human, per_second, print_row, write_json


def test_values_have_their_units() -> None:
    assert [human(5e-8), human(2.5e-4), human(0.0123456), human(3.0)] == [
        "50 ns", "250 us", "12.35 ms", "3 s",
    ]  # fmt: skip
    assert human(637.2, "MiB") == "637.2 MiB"
    assert [per_second(2e-6), per_second(0.25)] == ["500,000", "4"]


def test_a_table_says_what_was_met_and_what_was_missed() -> None:
    def runners(_: Plan) -> dict[str, object]:
        return {}

    ratios = (Ratio("a", "b", at_most=1.0), Ratio("a", "b", at_least=1.5), Ratio("b", "a"))
    row = Row("title", runners, 1, ratios, print, notes="(a note)")  # type: ignore[arg-type]
    text = io.StringIO()
    print_row(Measured(row, {"a": [2.0, 2.0], "b": [1.0, 1.0]}), Console(file=text, width=110))
    lines = text.getvalue().splitlines()
    assert "title (a note)" in lines[0]
    found = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "/" in line]
    assert found == [
        ["a / b", "2.000", "2.000 - 2.000", "<= 1", "missed"],
        ["a / b", "2.000", "2.000 - 2.000", ">= 1.5", "met"],
        ["b / a", "0.500", "0.500 - 0.500", "", ""],
    ]


def test_json_ends_with_a_line(tmp_path: Path) -> None:
    write_json(tmp_path / "a" / "b.json", {"one": 1})
    assert (tmp_path / "a" / "b.json").read_text() == '{\n  "one": 1\n}\n'
