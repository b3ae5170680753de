from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainModule
from torch import nn

from lightning_kit.callbacks import EMA
from lightning_kit.datamodules import TableDataModule
from lightning_kit.runs.restoring import restore
from lightning_kit.tasks import RegressionTask


def table(folder: Path) -> TableDataModule:
    lines = [f"{place % 7},{'ab'[place % 2]},{place / 3}" for place in range(40)]
    (folder / "rows.csv").write_text("\n".join(["size,kind,price", *lines]))
    return TableDataModule(str(folder / "rows.csv"), "price", numeric=["size"])


@pytest.mark.parametrize("callbacks", [[], [EMA(decay=0.5)]])
def test_a_task_answers_as_validated(tmp_path: Path, callbacks: list[Any]) -> None:
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=callbacks)
    trainer.fit(RegressionTask(nn.Linear(3, 1)), table(tmp_path))
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    content = torch.load(tmp_path / "x.ckpt", weights_only=True)

    fresh, data = RegressionTask(nn.Linear(3, 1)), table(tmp_path)
    restore(fresh, data, content, pl.Trainer(**QUIET))
    (found,) = pl.Trainer(**QUIET).validate(fresh, data, verbose=False)
    other = RegressionTask(nn.Linear(3, 1))
    (wanted,) = pl.Trainer(**QUIET, callbacks=callbacks).validate(
        other, table(tmp_path), ckpt_path=tmp_path / "x.ckpt", weights_only=True, verbose=False
    )
    assert found == wanted
    assert data.encoders == content["TableDataModule"]["encoders"]


def test_what_the_data_was_fitted_to_comes_from_the_checkpoint(tmp_path: Path) -> None:
    trainer = pl.Trainer(**QUIET, max_epochs=1)
    trainer.fit(RegressionTask(nn.Linear(3, 1)), table(tmp_path))
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    content = torch.load(tmp_path / "x.ckpt", weights_only=True)
    content["TableDataModule"]["preprocess"]["mean"] += 7
    data = table(tmp_path)
    restore(RegressionTask(nn.Linear(3, 1)), data, content, pl.Trainer(**QUIET))
    assert data.preprocess is not None
    found = data.preprocess.state_dict()["mean"]
    torch.testing.assert_close(found, content["TableDataModule"]["preprocess"]["mean"])


def test_layers_that_are_built_late_get_their_weights(tmp_path: Path) -> None:
    class Late(pl.LightningModule):
        def configure_model(self) -> None:
            self.net = nn.Linear(2, 1)

    late = Late()
    restore(late, None, {"state_dict": nn.ModuleDict({"net": nn.Linear(2, 1)}).state_dict()},
            pl.Trainer(**QUIET))  # fmt: skip
    assert late.net.weight.shape == (1, 2)


def test_another_models_checkpoint_is_refused_in_one_line() -> None:
    content = {"state_dict": nn.Linear(2, 1).state_dict()}
    with pytest.raises(ValueError, match="must be one of PlainModule: .*issing key") as raised:
        restore(PlainModule(), None, content, pl.Trainer(**QUIET))
    assert "\n" not in str(raised.value)
