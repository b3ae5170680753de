"""An edited manifest is refused when opened, by the name of what was edited."""

import json
from pathlib import Path
from typing import Any

import pytest
from programs.artefacts import hashes, reseal, write_table

from lightning_kit.artefact import Artefact, ArtefactError, Manifest
from lightning_kit.artefact.golden import read_golden, write_golden
from lightning_kit.artefact.seals import seals_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_table(tmp_path / "small")


def edit(folder: Path, change: Any) -> None:
    path = folder / "manifest.json"
    plain = json.loads(path.read_text())
    change(plain)
    path.write_text(json.dumps(plain))


EDITS: dict[str, Any] = {
    "inputs": lambda plain: plain["inputs"][0].update(finite=True),
    "outputs": lambda plain: plain["outputs"][1].update(dtype="int32"),
    "classes": lambda plain: plain["classes"].reverse(),
    "encoders": lambda plain: plain["encoders"][0].update(fill=3.0),
    "formats": lambda plain: plain["formats"]["onnx"].update(file="golden.jsonl"),
}


@pytest.mark.parametrize("part", EDITS)
def test_what_decides_an_answer_is_sealed(folder: Path, part: str) -> None:
    edit(folder, EDITS[part])
    message = f"manifest.json: {part!r} was changed after the artefact was verified: .*export again"
    with pytest.raises(ArtefactError, match=message) as error:
        Artefact.open(folder)
    assert "\n" not in str(error.value)
    reseal(folder)
    Artefact.open(folder)


def test_the_order_of_categories_is_sealed(folder: Path) -> None:
    edit(folder, lambda plain: plain["encoders"][1]["categories"].reverse())
    with pytest.raises(ArtefactError, match="'encoders' was changed"):
        Artefact.open(folder)


def test_another_graph_in_the_place_of_the_verified_one_is_refused(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\0")
    edit(folder, lambda plain: plain.update(files=hashes(folder)))
    with pytest.raises(ArtefactError, match="'formats' was changed"):
        Artefact.open(folder)


def test_what_decides_nothing_may_be_edited(folder: Path) -> None:
    edit(folder, lambda plain: plain.update(name="other", lineage={"run": "a/1"}))
    assert Artefact.open(folder).manifest.name == "other"


def test_layout_and_order_of_keys_are_no_change(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    Artefact.open(folder)


def test_an_artefact_without_seals_is_refused(folder: Path) -> None:
    golden = read_golden(folder, ["size", "colour"])
    write_golden(folder, golden.rows, golden.inputs, golden.answers)
    edit(folder, lambda plain: plain.update(files=hashes(folder)))
    with pytest.raises(ArtefactError, match="must seal 'inputs' of the manifest.*export again"):
        Artefact.open(folder)


def test_a_manifest_gives_the_same_seals_once_read_back(folder: Path) -> None:
    manifest = Manifest.read(folder)
    assert seals_of(Manifest.of(json.loads((folder / "manifest.json").read_text()))) == seals_of(
        manifest
    )
