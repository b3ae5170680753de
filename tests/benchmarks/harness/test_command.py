"""The command line of a benchmark."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.harness import Calls, Plan, Ratio, Row, command
from benchmarks.harness.command import hushed
from benchmarks.harness.same_work import same_value


def rows(quick: bool) -> Sequence[Row]:
    def row(name: str, *outcomes: int) -> Row:
        def runners(plan: Plan) -> dict[str, object]:
            return {f"of {one}": lambda one=one: Calls(lambda: one) for one in outcomes}

        first, second = (f"of {one}" for one in outcomes)
        ratios = (Ratio(first, second, at_most=9.0),)
        return Row(name, runners, 1, ratios, same_value, rounds=(4, 2))  # type: ignore[arg-type]

    return [row("equal", 1, True), row("unequal", 1, 2)]


def test_what_was_measured_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "found.json"
    assert command("theme", rows, ["--quick", "--only", "equal", "--json", str(path)]) == 1
    found = json.loads(path.read_text())
    assert [row["name"] for row in found["rows"]] == ["equal"]
    assert found["theme"] == "theme"
    assert found["machine"]["versions"]["torch"]
    (ratio,) = found["rows"][0]["ratios"]
    assert ratio["low"] <= ratio["ratio"] <= ratio["high"]
    assert [len(a["samples"]) for a in found["rows"][0]["alternatives"].values()] == [2, 2]
    assert found["failures"] == [{"name": "unequal", "error": "of 2 gave 2, of 1 1"}]
    printed = capsys.readouterr().out
    assert "of 1 / of True" in printed
    assert "unequal: not the same work" in printed


def test_rounds_are_the_rows_own_or_those_that_are_given(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    for given, expected in (([], 4), (["--quick"], 2), (["--rounds", "3"], 3)):
        command("theme", rows, [*given, "--json", str(path)])
        alternatives = json.loads(path.read_text())["rows"][0]["alternatives"]
        assert len(alternatives["of 1"]["samples"]) == expected


def test_a_row_that_is_none_is_refused() -> None:
    with pytest.raises(SystemExit, match="--only must name one of"):
        command("theme", rows, ["--only", "none"])


def test_advice_is_left_out_for_a_while() -> None:
    logger = logging.getLogger("ignite")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with hushed():
            assert logger.level == logging.ERROR
        assert logger.level == logging.DEBUG
    finally:
        logger.setLevel(level)
