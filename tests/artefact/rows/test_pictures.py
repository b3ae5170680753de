from pathlib import Path

import pytest

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.artefact.rows.pictures import read_pictures


def test_a_folder_is_its_pictures_by_name(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", ".hidden.png", "notes.txt"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "c.png").mkdir()
    assert read_pictures(tmp_path, "picture") == {"picture": [b"a.jpg", b"b.PNG"]}
    assert read_pictures(tmp_path / "a.jpg", "picture") == {"picture": [b"a.jpg"]}


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must hold a picture"):
        read_pictures(tmp_path, "picture")
