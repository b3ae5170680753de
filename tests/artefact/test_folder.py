"""An artefact answers raw rows, replays its golden ones, and is refused once changed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from programs.artefacts import TABLE_ROWS, graph, reseal, write, write_pictures, write_table

from lightning_kit.artefact import Artefact, ArtefactError, TensorSpec
from lightning_kit.artefact.encoders import RawRowsError
from lightning_kit.artefact.hashes import sha256_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_table(tmp_path / "small")


def pictures(count: int) -> list[NDArray[np.uint8]]:
    return [np.full((4 + at, 6, 3), 10 * at, np.uint8) for at in range(count)]


def edit_manifest(folder: Path, **changes: Any) -> None:
    """As if it had been verified so."""
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    reseal(folder)


def test_raw_rows_are_answered(folder: Path) -> None:
    answers = Artefact.open(folder).answer(TABLE_ROWS)
    features = np.array([[1.5, 0, 1], [2, 1, 0], [3, 0, 0]])
    expected = np.exp(features) / np.exp(features).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answers["probabilities"], expected, rtol=1e-6)
    assert answers["prediction"].tolist() == [0, 0, 0]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 256])
def test_the_batch_size_changes_nothing(folder: Path, batch_size: int) -> None:
    artefact = Artefact.open(folder)
    answers = artefact.answer(TABLE_ROWS, batch_size=batch_size)
    np.testing.assert_array_equal(
        answers["probabilities"], artefact.answer(TABLE_ROWS)["probabilities"]
    )


def test_pictures_are_encoded_batch_by_batch(tmp_path: Path) -> None:
    artefact = Artefact.open(write_pictures(tmp_path / "small", {"picture": pictures(2)}))
    mean = artefact.answer({"picture": pictures(5)}, batch_size=2)["mean"]
    np.testing.assert_allclose(mean[:, 0], np.arange(5) * 10 / 255, rtol=1e-6)
    with pytest.raises(RawRowsError, match="row 4, column 'picture': must be a picture"):
        artefact.answer({"picture": [*pictures(3), b"torn"]}, batch_size=2)


def test_a_picture_of_another_size_than_the_graphs_is_named(tmp_path: Path) -> None:
    encoders = [{"kind": "image", "column": "picture", "mode": "RGB", "size": None}]
    right = np.zeros((4, 6, 3), np.uint8)
    folder = write_pictures(tmp_path / "small", {"picture": [right]}, encoders=encoders)
    artefact = Artefact.open(folder)
    assert len(artefact.answer({"picture": [right, right]})["mean"]) == 2
    message = (
        r"row 2, column 'picture': must be a picture of 4 x 6 pixels, height x width, got \(4, 7\) "
        r"\(resize it, or export with an encoder that declares a size\)"
    )
    with pytest.raises(RawRowsError, match=message):
        artefact.answer({"picture": [right, np.zeros((4, 7, 3), np.uint8)]})


def test_answers_without_a_common_shape_are_named(tmp_path: Path) -> None:
    model = graph(
        [helper.make_node("Cast", ["input"], ["map"], to=TensorProto.FLOAT)],
        [helper.make_tensor_value_info("input", TensorProto.UINT8, ["batch", 3, "h", "w"])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ["batch", 3, "h", "w"])],
    )
    shape = ("batch", 3, "h", "w")
    values = {
        "inputs": (TensorSpec("input", "uint8", shape),),
        "outputs": (TensorSpec("map", "float32", shape),),
        "encoders": [{"kind": "image", "column": "picture", "mode": "RGB", "size": None}],
    }
    small, wide = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9, 3), np.uint8)
    artefact = Artefact.open(write(tmp_path / "small", model, {"picture": [small]}, values))
    assert artefact.answer({"picture": [wide, wide]})["map"].shape == (2, 3, 8, 9)
    message = r"output 'map' must have one shape a row .* got \(3, 8, 8\), \(3, 8, 9\): "
    with pytest.raises(ArtefactError, match=message):
        artefact.answer({"picture": [small, wide]})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"size": [], "colour": []}, "there must be at least one row"),
        ({"size": [1, "big"], "colour": ["red", "red"]}, "row 2, column 'size': must be a number"),
        ({"colour": ["red"]}, "column 'size': is missing"),
    ],
)
def test_wrong_rows_are_named(folder: Path, rows: Any, message: str) -> None:
    with pytest.raises(RawRowsError, match=message):
        Artefact.open(folder).answer(rows)


def test_golden_rows_are_replayed(folder: Path) -> None:
    assert Artefact.open(folder).replay(0, 0) == {"probabilities": 0, "prediction": 0}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("golden.jsonl", '"size": 3.0', '"size": 3.5', "row 3: encoded input 'input' must be 3.0"),
        ("golden.jsonl", '"red"', '"blue"', "row 1: encoded input 'input' must be 0.0, got 1.0"),
    ],
)
def test_a_replay_that_differs_names_row_and_tensor(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    (folder / file).write_text((folder / file).read_text().replace(old, new))
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edit_manifest(folder, files={**files, file: sha256_of(folder / file)})
    with pytest.raises(ArtefactError, match=message):
        Artefact.open(folder).replay()


def test_a_swapped_category_is_found_by_the_replay(tmp_path: Path) -> None:
    folder = write_table(tmp_path / "small")
    encoders = json.loads((folder / "manifest.json").read_text())["encoders"]
    encoders[1]["categories"].reverse()
    edit_manifest(folder, encoders=encoders)
    with pytest.raises(ArtefactError, match="golden row 1: encoded input 'input'"):
        Artefact.open(folder).replay()


def test_a_changed_file_is_refused(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ArtefactError, match="'model.onnx' is not the file that was verified"):
        Artefact.open(folder)


def test_without_onnx_the_way_out_is_named(folder: Path) -> None:
    formats = {"pt2": {"file": "model.onnx"}}
    edit_manifest(folder, formats=formats, left_out={"onnx": "aten::x has no ONNX form"})
    message = r"need the format onnx, it has pt2 \(aten::x has no .*export with --formats onnx"
    with pytest.raises(ArtefactError, match=message):
        Artefact.open(folder).answer(TABLE_ROWS)


@pytest.mark.parametrize(("key", "verb"), [("inputs", "takes input"), ("outputs", "gives prob")])
def test_a_manifest_of_another_graph(folder: Path, key: str, verb: str) -> None:
    specs = json.loads((folder / "manifest.json").read_text())[key]
    edit_manifest(folder, **{key: [{**specs[0], "name": "other"}]})
    with pytest.raises(ArtefactError, match=f"the graph {verb}.*the manifest says other"):
        _ = Artefact.open(folder).runtime


def test_rows_are_refused_where_input_or_answer_must_be_finite(tmp_path: Path) -> None:
    one: dict[str, Any] = {"input": np.eye(3, dtype=np.float32)}
    outputs = (
        TensorSpec("probabilities", "float32", ("batch", 3), finite=True),
        TensorSpec("prediction", "int64", ("batch",)),
    )
    folder = tmp_path / "small"
    artefact = Artefact.open(write_table(folder, rows=one, encoders=None, outputs=outputs))
    one["input"][1, 2] = np.nan
    message = r"row 2, column 'probabilities': must be finite at element \[0\], got nan \(leave"
    with pytest.raises(RawRowsError, match=message):
        artefact.answer(one, batch_size=1)
