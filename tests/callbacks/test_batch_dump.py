"""A kept batch loads as plain data, and runs again."""

from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from programs.poisoned import Normed

from lightning_kit.callbacks.batch_dump import BatchDump, plain, replay

TRAINER: Any = SimpleNamespace(
    fit_loop=SimpleNamespace(total_batch_idx=6), current_epoch=1, global_rank=1
)
Pair = namedtuple("Pair", "a b")


@dataclass
class Row:
    value: torch.Tensor


def test_what_a_file_holds(tmp_path: Path) -> None:
    module, batch = Normed(), (torch.full((4, 3), torch.nan), torch.ones(4, 1))
    path = BatchDump(str(tmp_path / "new"), 2).write(TRAINER, module, batch, 2, "loss")
    assert path == tmp_path / "new" / "non-finite-000007-rank1.pt"
    held = torch.load(path, weights_only=True)
    torch.testing.assert_close(held["batch"], batch, equal_nan=True)
    facts = {key: held[key] for key in ("batch_idx", "iteration", "epoch", "rank", "what")}
    assert facts == {"batch_idx": 2, "iteration": 7, "epoch": 2, "rank": 1, "what": "loss"}


def test_it_runs_again_from_the_weights_it_met(tmp_path: Path) -> None:
    module, batch = Normed(), (torch.randn(4, 3), torch.ones(4, 1))
    path = BatchDump(str(tmp_path), 1).write(TRAINER, module, batch, 0, "loss")
    assert path is not None
    other = Normed()
    with torch.no_grad():
        other.get_parameter("net.0.weight").fill_(9.0)
    wanted = module.training_step(batch, 0)["loss"]
    assert torch.equal(replay(path, other)["loss"], wanted)


def test_files_are_bounded(tmp_path: Path) -> None:
    dump = BatchDump(str(tmp_path), 1)
    assert dump.write(TRAINER, Normed(), [1], 0, "loss") is not None
    assert dump.write(TRAINER, Normed(), [1], 0, "loss") is None


def test_a_batch_of_anything_becomes_plain() -> None:
    batch = {
        "pair": Pair(1, "x"),
        "array": np.arange(3),
        "row": Row(torch.ones(1)),
        "set": {1},
        "none": None,
        "object": Path("a"),
    }
    found = plain(batch)
    assert (found["pair"], type(found["pair"])) == ((1, "x"), tuple)
    assert torch.equal(found["array"], torch.arange(3))
    assert found["row"] == {"value": torch.ones(1)}
    assert (found["set"], found["none"]) == ([1], None)
    assert found["object"] == repr(Path("a"))


def test_bad_arguments(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="dump_dir must be a folder .*file is no folder"):
        BatchDump(str(tmp_path / "file" / "below"), 1)
    with pytest.raises(ValueError, match="dump_dir must be the path of a folder, got ''"):
        BatchDump("", 1)
    with pytest.raises(ValueError, match="max_dumps must be at least 1 file, got 0"):
        BatchDump(str(tmp_path), 0)
