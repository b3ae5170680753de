"""A folder that cannot be written to is refused, and nothing is made."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
from origin.stock import QUIET

from lightning_kit.callbacks.writable import refuse_unwritable


@pytest.mark.parametrize("folder", ["", "new", "new/and/below"])
def test_a_folder_that_can_be_made_passes_and_is_not_made(tmp_path: Path, folder: str) -> None:
    refuse_unwritable(pl.Trainer(**QUIET), str(tmp_path / folder))
    assert list(tmp_path.iterdir()) == []


def test_a_relative_folder_and_a_remote_one_pass() -> None:
    for folder in ("checkpoints", "memory://bucket/checkpoints"):
        refuse_unwritable(pl.Trainer(**QUIET), folder)
    assert list(Path().iterdir()) == []


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(ValueError, match=f"got .*{name}/below: .*{name} is no folder; name"):
            refuse_unwritable(pl.Trainer(**QUIET), str(tmp_path / name / "below"))


def test_a_file_system_that_refuses_is_named() -> None:
    # Also where the suite runs as root, to whom permissions say nothing.
    with pytest.raises(ValueError, match="dirpath must be .*, got /proc/kit: /proc: "):
        refuse_unwritable(pl.Trainer(**QUIET), "/proc/kit")
