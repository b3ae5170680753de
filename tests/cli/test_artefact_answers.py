"""An artefact answers a file of rows, and whatever is wrong is one line and exit code 2."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Run
from PIL import Image
from programs.artefacts import reseal, write_pictures, write_table


@pytest.fixture
def folder() -> Path:
    Path("rows.csv").write_text("colour,size\nred,1.5\nblue,\ngreen,3\n")
    return write_table(Path("art"))


def answers(file: str = "predictions.csv") -> list[list[str]]:
    return list(csv.reader(Path(file).read_text().splitlines()))


def edit_manifest(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_table_is_answered(kit: Run, folder: Path, capsys: Any) -> None:
    assert kit("predict", "art", "--rows", "rows.csv") == 0
    assert capsys.readouterr().out == "3 predictions: predictions.csv\n"
    header, *rows = answers()
    assert header == ["probabilities_a", "probabilities_b", "probabilities_c", "prediction"]
    assert [row[-1] for row in rows] == ["a", "a", "a"]
    # exp(1.5) of exp(1.5) + exp(0) + exp(1).
    assert float(rows[0][0]) == pytest.approx(0.546549, abs=1e-6)


def test_pictures_are_answered(kit: Run) -> None:
    pixels = np.full((8, 9, 3), 51, np.uint8)
    write_pictures(Path("art"), {"picture": [pixels]})
    Path("pictures").mkdir()
    for name, value in (("b.png", 102), ("a.png", 51)):
        Image.fromarray(np.full((5, 7, 3), value, np.uint8)).save(f"pictures/{name}")
    assert kit("predict", "art", "--rows", "pictures", "--out", "many.csv") == 0
    assert answers("many.csv")[0] == ["mean_0", "mean_1", "mean_2"]
    assert [float(row[0]) for row in answers("many.csv")[1:]] == pytest.approx([0.2, 0.4])
    assert kit("predict", "art", "--rows", "pictures/b.png", "--out", "one.csv") == 0
    assert len(answers("one.csv")) == 2


def test_a_torn_picture_is_named(kit: Run, capsys: Any) -> None:
    write_pictures(Path("art"), {"picture": [np.full((8, 9, 3), 51, np.uint8)]})
    Path("pictures").mkdir()
    Image.fromarray(np.zeros((5, 7, 3), np.uint8)).save("pictures/a.png")
    Path("pictures/b.png").write_bytes(b"torn")
    message = refused(kit, capsys, "--rows", "pictures")
    assert "pictures/b.png, column 'picture': must be a picture" in message


def refused(kit: Run, capsys: Any, *more: str) -> str:
    assert kit("predict", "art", *more) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("lightning-kit: ")
    assert captured.err.count("\n") == 1
    assert not list(Path().glob("predictions*.csv"))
    return str(captured.err)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.csv", None, "gone.csv: there is no such file"),
        ("rows.xlsx", "x", "rows.xlsx: must end in one of .csv"),
        ("a.csv", "size,color\n1,red\n", "a.csv, column 'colour': is missing (did you mean 'col"),
        ("a.csv", "size,colour\n1,red\nbig,red\n", "a.csv, row 2, column 'size': must be a number"),
        ("a.csv", "size,colour\n", "a.csv: must have at least one row"),
        ("a.jsonl", '{"size": 1}\n', "a.jsonl, row 1, column 'colour': is missing in the row"),
        ("a.jsonl", '{"size": [1], "colour": "red"}\n', "a.jsonl, row 1, column 'size': must be a"),
    ],
)
def test_wrong_rows(
    kit: Run, folder: Path, capsys: Any, name: str, content: str | None, message: str
) -> None:
    if content is not None:
        Path(name).write_text(content)
    assert message in refused(kit, capsys, "--rows", name)


def test_without_onnx(kit: Run, folder: Path, capsys: Any) -> None:
    edit_manifest(folder, formats={"pt2": {"file": "model.onnx"}})
    reseal(folder)
    assert "export with --formats onnx" in refused(kit, capsys, "--rows", "rows.csv")


def test_rows_that_are_not_finite(kit: Run, folder: Path, capsys: Any) -> None:
    spec = {"name": "input", "dtype": "float32", "shape": ["batch", 3], "finite": True}
    edit_manifest(folder, encoders=None, inputs=[spec])
    reseal(folder)
    np.savez("rows.npz", input=np.array([[1, 2, 3], [4, np.nan, 6]]))
    message = "rows.npz, row 2, column 'input': must be finite at element [1], got nan (leave"
    assert message in refused(kit, capsys, "--rows", "rows.npz")


def test_a_wrong_shape(kit: Run, folder: Path, capsys: Any) -> None:
    edit_manifest(folder, encoders=None)
    reseal(folder)
    np.savez("rows.npz", input=np.zeros((2, 4)))
    message = "rows.npz, column 'input': must have the shape (batch, 3), got (2, 4)"
    assert message in refused(kit, capsys, "--rows", "rows.npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 2}, "manifest.json: format_version must be at most 1, got 2: a later"),
        ({"files": {"../x": "a" * 64}}, "plain name in the folder, got '../x'"),
        ({"formats": {"pt2": {"file": "model.onnx"}}}, "'formats' was changed after the artefact"),
        ({"classes": ["c", "b", "a"]}, "'classes' was changed after the artefact was verified"),
        ({"classes": 3}, "manifest.json: classes must be a list of texts, or null, got 3"),
        ({"encoders": [{"kind": "token", "column": "size"}]}, "kind must be one of number"),
        ({"encoders": [{"kind": "number", "column": "size"}]}, "fill must be a finite number, got"),
    ],
)
def test_a_wrong_manifest(
    kit: Run, folder: Path, capsys: Any, changes: dict[str, Any], message: str
) -> None:
    edit_manifest(folder, **changes)
    assert message in refused(kit, capsys, "--rows", "rows.csv")


def test_a_torn_manifest(kit: Run, folder: Path, capsys: Any) -> None:
    (folder / "manifest.json").write_text('{"name": "sm')
    assert "not a whole JSON file" in refused(kit, capsys, "--rows", "rows.csv")


def test_a_changed_file(kit: Run, folder: Path, capsys: Any) -> None:
    (folder / "golden.jsonl").write_text("{}")
    message = "'golden.jsonl' is not the file that was verified"
    assert message in refused(kit, capsys, "--rows", "rows.csv")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "art is an artefact, which brings no data along: say --rows FILE"),
        (["--rows", "rows.csv", "-c", "a.yaml"], "an artefact takes --rows and --out alone"),
        (["--rows", "rows.csv", "other"], "other: one artefact is enough"),
        (["--rows", "rows.csv", "--out", "art/a.csv"], "an artefact holds what was verified alone"),
        (["--rows", "rows.csv", "--out", "rows.csv"], "rows.csv exists: move it away"),
    ],
)
def test_wrong_flags(kit: Run, folder: Path, capsys: Any, args: list[str], message: str) -> None:
    assert message in refused(kit, capsys, *args)


@pytest.mark.parametrize(
    ("package", "extra"), [("onnxruntime", "export"), ("pyarrow", "data"), ("PIL", "data")]
)
def test_a_missing_extra(
    kit: Run, folder: Path, capsys: Any, monkeypatch: Any, package: str, extra: str
) -> None:
    file = "rows.csv"
    if package == "PIL":
        folder.rename("table")
        write_pictures(Path("art"), {"picture": [np.zeros((2, 2), np.uint8)]})
        file = "a.png"
        Path(file).write_bytes(b"x")
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    message = f"need {package}, which is not installed: pip install 'lightning_kit[{extra}]'"
    assert message in refused(kit, capsys, "--rows", file)
