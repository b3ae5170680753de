"""The kit's own flags of ``predict`` are told from Lightning's."""

from pathlib import Path

import pytest

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.rows_flags import RowsFlags, check_free


def test_they_are_taken_out() -> None:
    flags = RowsFlags.of(["runs/x", "--rows", "a.csv", "-c", "b.yaml", "--out=c.csv", "--x=1"])
    assert (flags.rows, flags.out) == (Path("a.csv"), Path("c.csv"))
    assert flags.words == ["runs/x"]
    assert flags.others == ["runs/x", "-c=b.yaml", "--x=1"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--rows"], "--rows: a file must follow"),
        (["--rows", "--out", "a.csv"], "--rows: a file must follow"),
        (["--out="], "--out: a file must follow"),
        (["--rows", "a.csv", "--rows=b.csv"], "--rows b.csv: one file is enough"),
        (["--out", "nowhere/a.csv"], "nowhere/a.csv: there is no folder nowhere: make it first"),
    ],
)
def test_what_is_wrong_is_named(args: list[str], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}$"):
        RowsFlags.of(args)


def test_what_exists_is_not_written_over() -> None:
    Path("a.csv").touch()
    with pytest.raises(InputError, match=r"a\.csv exists: move it away"):
        check_free(Path("a.csv"))


def test_a_manifest_makes_an_artefact_and_a_record_a_run() -> None:
    folder = Path("a")
    folder.mkdir()
    assert RowsFlags.of(["a"]).artefact is None
    (folder / "manifest.json").touch()
    assert RowsFlags.of(["--x", "1", "a"]).artefact == folder
    assert RowsFlags.of(["-c", "a"]).artefact is None
    (folder / "run.json").touch()
    assert RowsFlags.of(["a"]).artefact is None
