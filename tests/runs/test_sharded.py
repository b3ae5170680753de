import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.distributed.checkpoint.filesystem import FileSystemWriter
from torch.distributed.checkpoint.state_dict_saver import save

from lightning_kit.runs.sharded import read_sharded


def written(folder: Path) -> nn.Module:
    """Write what Lightning's FSDP strategy writes: weights in shards, the rest in ``meta.pt``."""
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    with warnings.catch_warnings():
        # Without a process group torch says that it saves alone.
        warnings.simplefilter("ignore")
        save(
            {"model": module.state_dict(), "optimizer_0": {"lr": 0.1}},
            storage_writer=FileSystemWriter(folder),
            no_dist=True,
        )
    torch.save({"epoch": 3, "hyper_parameters": {"lr": 0.1}}, folder / "meta.pt")
    return module


def test_shards_become_whole_weights(tmp_path: Path) -> None:
    module = written(tmp_path / "x.ckpt")
    content = read_sharded(tmp_path / "x.ckpt")
    assert content["epoch"] == 3
    torch.testing.assert_close(content["state_dict"], dict(module.state_dict()), rtol=0, atol=0)


class Runs:
    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("file", [".metadata", "meta.pt"])
def test_an_index_that_could_run_code_is_refused_and_runs_none(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "x.ckpt"
    written(folder)
    if file == "meta.pt":
        torch.save({"a": Runs()}, folder / file)
    else:
        (folder / file).write_bytes(pickle.dumps(Runs()))
    with pytest.raises(ValueError, match="more than plain data"):
        read_sharded(folder)
    assert not Path("ran").exists()


def test_a_value_that_is_no_tensor_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save(
            {"model": {"a": torch.ones(2), "b": "text"}},
            storage_writer=FileSystemWriter(tmp_path / "x.ckpt"),
            no_dist=True,
        )
    with pytest.raises(ValueError, match=r"'model\.b' is no tensor"):
        read_sharded(tmp_path / "x.ckpt")


def test_other_folders_are_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"without \.metadata"):
        read_sharded(tmp_path)
    (tmp_path / ".metadata").write_bytes(b"torn")
    with pytest.raises(ValueError, match="not a whole index"):
        read_sharded(tmp_path)
    (tmp_path / "latest").write_text("global_step1")
    with pytest.raises(ValueError, match="not a whole checkpoint of DeepSpeed's"):
        read_sharded(tmp_path)
