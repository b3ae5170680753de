"""``run.json`` is right after every ending, and never half written."""

import json
import os
from pathlib import Path

import pytest

from lightning_kit.runs.errors import RunError
from lightning_kit.runs.record import RunRecord


def test_a_record_reads_back(tmp_path: Path) -> None:
    record = RunRecord("digits", best={"score": 0.5}, settings={"lean": False})
    record.write(tmp_path / "run.json")
    assert RunRecord.read(tmp_path / "run.json") == record
    assert record.pid == os.getpid()
    assert record.versions["torch"]


def test_a_run_whose_process_is_gone_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    RunRecord("digits", process_started="long ago").write(path)
    assert RunRecord.read(path).ending == "failed (killed)"
    # The file itself is what the dead process left.
    assert json.loads(path.read_text())["status"] == "running"


def test_a_run_on_another_host_is_believed(tmp_path: Path) -> None:
    RunRecord("digits", host="elsewhere", process_started="long ago").write(tmp_path / "run.json")
    assert RunRecord.read(tmp_path / "run.json").ending == "running"


def test_an_ended_run_stays_ended(tmp_path: Path) -> None:
    RunRecord("digits", status="finished", process_started="x").write(tmp_path / "run.json")
    assert RunRecord.read(tmp_path / "run.json").ending == "finished"


@pytest.mark.parametrize("text", ["", "{", '{"no": 1}', "[]"])
def test_a_torn_record_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunError, match="cannot be read as a run's record"):
        RunRecord.read(tmp_path / "run.json")


def test_who_reads_while_it_is_replaced_sees_the_old_record(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    RunRecord("digits").write(path)
    before = path.read_text()
    with path.open() as reader:
        RunRecord("digits", status="finished").write(path)
        assert reader.read() == before
    assert [found.name for found in tmp_path.iterdir()] == ["run.json"]


def test_writing_leaves_the_old_record_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    RunRecord("digits").write(path)
    before = path.read_text()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        RunRecord("digits", status="finished").write(path)
    assert path.read_text() == before
