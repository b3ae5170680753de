"""A folder is what its manifest lists, byte for byte."""

from pathlib import Path

import pytest

from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.hashes import check_files, sha256_of

# Of "hello", by sha256sum.
HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_text("hello")
    (tmp_path / "manifest.json").touch()
    (tmp_path / ".DS_Store").touch()
    return tmp_path


def check(folder: Path) -> None:
    check_files(folder, {"model.onnx": HELLO}, beside="manifest.json")


def test_as_it_was(folder: Path) -> None:
    assert sha256_of(folder / "model.onnx") == HELLO
    check(folder)


def test_a_changed_file(folder: Path) -> None:
    (folder / "model.onnx").write_text("hellO")
    with pytest.raises(ArtefactError, match="'model.onnx' is not the file that was verified"):
        check(folder)


def test_a_missing_file(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(ArtefactError, match="'model.onnx' is missing"):
        check(folder)


@pytest.mark.parametrize("name", ["model.onnx.data", "more"])
def test_a_stray_file_or_folder(folder: Path, name: str) -> None:
    (folder / name).mkdir() if name == "more" else (folder / name).touch()
    with pytest.raises(ArtefactError, match=f"'{name}' is not in the manifest"):
        check(folder)
