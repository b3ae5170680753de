"""A folder that cannot be written to is refused, and nothing is made."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
from origin.stock import QUIET

from lightning_kit.callbacks.writable import path_of, place, refuse_unwritable


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


def test_what_is_absolute_is_tried_when_built(monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        "x must be a file that can be written to, got /proc/nope/t.csv: /proc: .*; name another x$"
    )
    with pytest.raises(ValueError, match=said):
        path_of("x", "/proc/nope/t.csv", is_file=True)
    # Another rank may be on a machine that writes nothing.
    monkeypatch.setattr("lightning_kit.callbacks.writable.global_rank", lambda: 1)
    assert path_of("x", "/proc/nope") == "/proc/nope"


def test_a_relative_path_is_below_the_trainers_root(tmp_path: Path) -> None:
    trainer = pl.Trainer(**QUIET, default_root_dir=tmp_path / "root")
    assert path_of("x", "below/t.csv", is_file=True) == "below/t.csv"
    assert place(trainer, "x", "below/t.csv", is_file=True) == str(tmp_path / "root/below/t.csv")
    assert place(trainer, "x", str(tmp_path / "a")) == str(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    trainer = pl.Trainer(**QUIET, default_root_dir="/proc/nope")
    with pytest.raises(
        ValueError, match=r"x must be .*, got /proc/nope/t.*or another trainer\.def"
    ):
        place(trainer, "x", "t")


def test_what_is_remote_or_a_folder_is_no_file_of_this_machine(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got memory://b/t: it is no path of this machine"):
        path_of("x", "memory://b/t", needs_local=True)
    with pytest.raises(ValueError, match="it is a folder"):
        path_of("x", tmp_path, is_file=True, needs_local=True)
    for nothing in ("", 3, None):
        with pytest.raises(ValueError, match="x must be the path of a folder, got"):
            path_of("x", nothing)
