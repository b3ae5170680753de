import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from programs import zero_checkpoints

from lightning_kit.runs.zero_shards import is_of_deepspeed, read_zero


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of stages 0 to 3; DeepSpeed's engine changes globals, so it has its process."""
    if find_spec("deepspeed") is None:
        pytest.skip("deepspeed is not installed")
    folder = tmp_path_factory.mktemp("zero")
    words = [sys.executable, zero_checkpoints.__file__, str(folder), "0", "1", "2", "3"]
    # It builds an operation when it is first used.
    done = subprocess.run(words, capture_output=True, text=True, timeout=280, check=False)
    if done.returncode:
        pytest.skip(f"DeepSpeed's engine does not run here: {done.stderr.splitlines()[-1:]}")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("stage", [0, 1, 2])
def test_a_real_checkpoint_gives_the_weights_that_the_engine_held(
    written: Path, stage: int, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = written / str(stage)
    assert is_of_deepspeed(folder)
    content = read_zero(folder)
    assert (content["epoch"], content["global_step"]) == (1, 3)
    truth = torch.load(folder.with_suffix(".truth"), weights_only=True)
    torch.testing.assert_close(content["state_dict"], dict(truth), rtol=0, atol=0)
    assert capfd.readouterr().out == ""


@pytest.mark.slow
def test_the_third_stage_is_merged_from_its_pieces(written: Path) -> None:
    found = read_zero(written / "3")["state_dict"]
    model = zero_checkpoints.module()
    model.load_state_dict(found)
    truth = torch.load(written / "2.truth", weights_only=True)
    torch.testing.assert_close(dict(found), dict(truth))


class Runs:
    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("file", ["mp_rank_00_model_states.pt", "zero_0_optim_states.pt"])
def test_a_file_that_could_run_code_is_refused_and_runs_none(tmp_path: Path, file: str) -> None:
    _small(tmp_path, **{file: {"a": Runs()}})
    with pytest.raises(ValueError, match=r"more than plain data.*--weights_only false"):
        read_zero(tmp_path)
    assert not Path("ran").exists()


def test_weights_that_no_optimizer_took_need_no_deepspeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepspeed", None)
    _small(tmp_path)
    content = read_zero(tmp_path)
    assert content == {"epoch": 1, "state_dict": {"a": torch.ones(1)}}


def test_a_missing_deepspeed_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepspeed", None)
    monkeypatch.setitem(sys.modules, "deepspeed.utils.zero_to_fp32", None)
    _small(tmp_path, **{"zero_0_optim_states.pt": {}})
    with pytest.raises(ValueError, match=r"deepspeed.*pip install 'lightning_kit\[deepspeed\]'"):
        read_zero(tmp_path)


def test_a_torn_checkpoint_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(ValueError, match="not a whole checkpoint of DeepSpeed's"):
        read_zero(tmp_path)
    (tmp_path / "checkpoint" / "mp_rank_00_model_states.pt").write_bytes(b"torn")
    with pytest.raises(ValueError, match="not a whole checkpoint of DeepSpeed's"):
        read_zero(tmp_path)


def _small(folder: Path, **others: Any) -> None:
    (folder / "checkpoint").mkdir()
    whole = {"module": {"_forward_module.a": torch.ones(1)}, "epoch": 1}
    for name, content in {"mp_rank_00_model_states.pt": whole, **others}.items():
        torch.save(content, folder / "checkpoint" / name)
