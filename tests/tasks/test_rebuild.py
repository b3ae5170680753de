import io
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from lightning_kit.tasks import AbstractTask, ClassificationTask, RegressionTask
from lightning_kit.tasks.rebuild import is_plain

Save = Callable[..., Path]


@pytest.fixture
def save(make_trainer: Callable[..., pl.Trainer], tmp_path: Path) -> Save:
    def save(task: AbstractTask) -> Path:
        trainer, path = make_trainer(), tmp_path / "task.ckpt"
        trainer.strategy.connect(task)
        task.trainer = trainer
        trainer.save_checkpoint(path, weights_only=False)
        return path

    return save


def test_plain_arguments_are_stored_and_live_ones_named(save: Save) -> None:
    path = save(ClassificationTask(nn.Linear(5, 3), 3, label_smoothing=0.25))
    content = torch.load(path, weights_only=True)
    assert content["lightning_kit_unstored_arguments"] == ["model"]
    assert content["hyper_parameters"]["label_smoothing"] == 0.25
    assert "model" not in content["hyper_parameters"]
    assert "optimizer" not in content["hyper_parameters"]


def test_building_around_a_module_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ClassificationTask(nn.Linear(5, 3), 3)


def test_a_task_built_in_python_is_rebuilt_with_its_model(save: Save) -> None:
    task = ClassificationTask(nn.Linear(5, 3), 3, label_smoothing=0.25, class_weights=[1, 2, 3])
    path, net = save(task), nn.Linear(5, 3)
    again = ClassificationTask.load_from_checkpoint(path, model=net, weights_only=True)
    assert again.model is net
    torch.testing.assert_close(dict(again.state_dict()), dict(task.state_dict()))
    assert again.criterion.label_smoothing == 0.25
    assert again.hparams == task.hparams


def test_without_the_model_one_line_says_what_to_pass(save: Save) -> None:
    path = save(ClassificationTask(nn.Linear(5, 3), 3))
    wanted = rf"built in Python around model, .*load_from_checkpoint\('{path}', model=\.\.\.\)$"
    with pytest.raises(ValueError, match=wanted) as error:
        ClassificationTask.load_from_checkpoint(path)
    assert "\n" not in str(error.value)


def test_a_live_option_that_has_a_default_is_said_to_be_lost(
    save: Save, caplog: pytest.LogCaptureFixture
) -> None:
    sgd = lambda params: torch.optim.SGD(params, lr=0.1)  # noqa: E731
    path = save(RegressionTask(nn.Linear(5, 1), optimizer=sgd))
    with caplog.at_level(logging.WARNING, "lightning_kit"):
        RegressionTask.load_from_checkpoint(path, model=nn.Linear(5, 1))
    assert "built in Python with optimizer" in caplog.text
    caplog.clear()
    again = RegressionTask.load_from_checkpoint(path, model=nn.Linear(5, 1), optimizer=sgd)
    assert again.optimizer is sgd
    assert not caplog.text


def test_an_open_file_is_read_from_where_it_stands(save: Save) -> None:
    path = save(ClassificationTask(nn.Linear(5, 3), 3))
    buffer = io.BytesIO(path.read_bytes())
    ClassificationTask.load_from_checkpoint(buffer, model=nn.Linear(5, 3))


def test_a_url_is_fetched_once(save: Save) -> None:
    path = save(ClassificationTask(nn.Linear(5, 3), 3))
    ClassificationTask.load_from_checkpoint(f"file://{path}", model=nn.Linear(5, 3))


def test_a_task_made_inside_another_module_keeps_to_its_own_arguments(save: Save) -> None:
    class Outer(pl.LightningModule):
        def __init__(self, secret: str) -> None:
            super().__init__()
            self.task = ClassificationTask(nn.Linear(5, 3), 3)

    assert "secret" not in Outer("x").task.hparams
    assert Outer("x").task.hparams["num_classes"] == 3


def test_what_a_user_saves_is_kept(save: Save) -> None:
    task = ClassificationTask(nn.Linear(5, 3), 3)
    task.save_hyperparameters({"note": "second try"})
    assert task.hparams["note"] == "second try"


@pytest.mark.parametrize("nested", [True, False])
def test_a_hostile_checkpoint_runs_nothing(
    nested: bool, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "hostile_weights.py").write_text(
        f"open({str(ran)!r}, 'w').close()\nfrom torch.nn import Linear as Evil\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    evil = {
        "class_path": "hostile_weights.Evil",
        "init_args": {"in_features": 5, "out_features": 3},
    }
    settings = {
        "_instantiator": "pytorch_lightning.cli.instantiate_module",
        "_class_path": "lightning_kit.tasks.ClassificationTask",
        "num_classes": 3,
        "model": {"class_path": "torch.nn.Sequential", "dict_kwargs": {"a": [evil]}}
        if nested
        else evil,
    }
    path = save(ClassificationTask(nn.Linear(5, 3), 3))
    content = torch.load(path, weights_only=True)
    del content["lightning_kit_unstored_arguments"]
    torch.save({**content, "hyper_parameters": settings}, path)
    for call in (ClassificationTask.load_from_checkpoint, RegressionTask.load_from_checkpoint):
        with pytest.raises(ValueError, match=r"names 'hostile_weights.Evil', which no imported"):
            call(path)
    assert not ran.exists()
    assert "hostile_weights" not in sys.modules


def test_lightning_alone_would_have_run_it(
    save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The day this fails, Lightning checks nested names itself and `check_names` may go.
    ran = tmp_path / "ran"
    (tmp_path / "hostile_twice.py").write_text(
        f"open({str(ran)!r}, 'w').close()\nfrom torch.nn import Linear as Evil\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    content = torch.load(save(ClassificationTask(nn.Linear(5, 3), 3)), weights_only=True)
    content["hyper_parameters"] = {
        "_instantiator": "pytorch_lightning.cli.instantiate_module",
        "_class_path": "lightning_kit.tasks.ClassificationTask",
        "num_classes": 3,
        "model": {
            "class_path": "hostile_twice.Evil",
            "init_args": {"in_features": 5, "out_features": 3},
        },
    }
    torch.save(content, tmp_path / "hostile.ckpt")
    pl.LightningModule.load_from_checkpoint(tmp_path / "hostile.ckpt")
    assert ran.exists()
    sys.modules.pop("hostile_twice")


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "a", [1, {"a": (2,)}], torch.zeros(1)])
def test_plain_values_survive_a_safe_load(value: Any, tmp_path: Path) -> None:
    assert is_plain(value)
    torch.save(value, tmp_path / "value")
    torch.load(tmp_path / "value", weights_only=True)


@pytest.mark.parametrize("value", [np.float64(1.5), nn.Linear(1, 1), [len], {"a": Path()}, {1}])
def test_others_are_not_plain(value: Any) -> None:
    assert not is_plain(value)
