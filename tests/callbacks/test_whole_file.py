"""A file is in its place whole, or what was there is."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
from lightning_fabric.plugins.io import TorchCheckpointIO
from origin.stock import QUIET
from pytorch_lightning.plugins.io import AsyncCheckpointIO
from pytorch_lightning.strategies import SingleDeviceStrategy

from lightning_kit.callbacks.whole_file import save_whole, writes_one_file


def trainer(io: Any = None) -> pl.Trainer:
    return pl.Trainer(**QUIET, plugins=[] if io is None else [io])


def test_it_is_written_beside_and_renamed(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    path.write_text("old")
    seen: list[tuple[str, str]] = []

    def write(name: str) -> None:
        Path(name).write_text("new")
        seen.append((Path(name).name, path.read_text()))

    save_whole(trainer(), str(path), write)
    assert seen == [("a.ckpt.part", "old")]
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    path.write_text("old")

    def write(name: str) -> None:
        Path(name).write_text("ha")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        save_whole(trainer(), str(path), write)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_and_its_target_left(tmp_path: Path) -> None:
    target, link = tmp_path / "a.ckpt", tmp_path / "last.ckpt"
    target.write_text("old")
    link.symlink_to(target)

    def write(name: str) -> None:
        Path(name).write_text("new")

    save_whole(trainer(), str(link), write)
    assert (target.read_text(), link.read_text()) == ("old", "new")


class MyIO(TorchCheckpointIO): ...


def test_what_others_write_is_written_directly(tmp_path: Path) -> None:
    for io in (MyIO(), AsyncCheckpointIO()):
        other = trainer(io)
        assert not writes_one_file(other)
        names: list[str] = []
        save_whole(other, str(tmp_path / "a.ckpt"), names.append)
        assert names == [str(tmp_path / "a.ckpt")]
    names = []
    save_whole(trainer(), "memory://a.ckpt", names.append)
    assert names == ["memory://a.ckpt"]


def test_a_strategy_of_many_writers_is_told_from_one_writer() -> None:
    class Many(SingleDeviceStrategy):
        def save_checkpoint(self, *args: Any, **kwargs: Any) -> None: ...

    usual = trainer()
    assert writes_one_file(usual)
    usual.strategy.__class__ = Many
    assert not writes_one_file(usual)
