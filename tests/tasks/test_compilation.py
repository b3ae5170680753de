import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.cli import LightningCLI
from torch import nn

from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.tasks import ClassificationTask, RegressionTask
from lightning_kit.tasks.compilation import Compilation

MakeTrainer = Callable[..., pl.Trainer]
MakeLoader = Callable[..., BatchLoader]
EAGER = {"backend": "eager"}
CPU = torch.device("cpu")


class Spy(nn.Module):
    """Counts its calls in Python, and says of each whether a compiler was reading along."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(5, 3)
        self.compiled: list[bool] = []

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        self.compiled.append(torch.compiler.is_compiling())
        return self.layer(input)  # type: ignore[no-any-return]


def data(make_loader: MakeLoader) -> BatchLoader:
    generator = torch.Generator().manual_seed(0)
    return make_loader(torch.randn(8, 5, generator=generator), torch.arange(8) % 3)


def task(compile: bool | dict[str, Any]) -> ClassificationTask:
    torch.manual_seed(0)
    return ClassificationTask(nn.Sequential(nn.Linear(5, 3)), 3, compile=compile)


def test_a_compiled_task_logs_and_learns_the_same(
    make_trainer: MakeTrainer, make_loader: MakeLoader
) -> None:
    found = []
    for option in (False, EAGER):
        trainer, fitted = make_trainer(), task(option)
        trainer.fit(fitted, data(make_loader), data(make_loader))
        found.append((fitted.state_dict(), trainer.callback_metrics))
    torch.testing.assert_close(*found)
    assert set(found[1][0]) == {"model.0.weight", "model.0.bias"}
    assert "train/loss_step" in found[1][1]


def test_every_stage_but_prediction_is_compiled_and_the_model_is_given_back(
    make_trainer: MakeTrainer, make_loader: MakeLoader
) -> None:
    model, trainer = Spy(), make_trainer()
    compiled = ClassificationTask(model, 3, compile=EAGER)
    runs: dict[str, Callable[..., Any]] = {
        "validate": trainer.validate, "test": trainer.test, "fit": trainer.fit,
    }  # fmt: skip
    quiet: dict[str, Any] = {"verbose": False}
    options = {"validate": quiet, "test": quiet, "fit": {"val_dataloaders": data(make_loader)}}
    for name, run in runs.items():
        model.compiled.clear()
        run(compiled, data(make_loader), **options[name])
        assert model.compiled, name
        assert all(model.compiled), name
    model.compiled.clear()
    compiled(torch.zeros(2, 5))
    trainer.predict(compiled, data(make_loader))
    assert model.compiled == [False] * 3


def test_a_failed_run_leaves_no_prediction_compiled(
    make_trainer: MakeTrainer, make_loader: MakeLoader
) -> None:
    class Break(pl.Callback):
        def on_train_batch_end(self, *args: Any) -> None:
            raise RuntimeError("broken off")

    model = Spy()
    compiled = ClassificationTask(model, 3, compile=EAGER)
    with pytest.raises(RuntimeError, match="broken off"):
        make_trainer(callbacks=[Break()]).fit(compiled, data(make_loader), data(make_loader))
    model.compiled.clear()
    make_trainer().predict(compiled, data(make_loader))
    assert model.compiled == [False] * 2


def test_copies_and_exports_in_the_middle_are_of_the_plain_model() -> None:
    compiled, compilation = task(EAGER), Compilation(EAGER)
    compilation.start(compiled.model, CPU)
    compiled(torch.zeros(2, 5))
    assert compiled.model._compiled_call_impl is not None
    for again in (copy.deepcopy(compiled), pickle.loads(pickle.dumps(compiled))):
        assert again.model._compiled_call_impl is None
    compilation.stop(compiled.model)
    exported = torch.export.export(compiled.model, (torch.zeros(2, 5),)).module()
    torch.testing.assert_close(exported(torch.ones(2, 5)), compiled(torch.ones(2, 5)))


def test_a_checkpoint_keeps_the_option(
    make_trainer: MakeTrainer, make_loader: MakeLoader, tmp_path: Path
) -> None:
    trainer, fitted = make_trainer(), task(EAGER)
    trainer.fit(fitted, data(make_loader), data(make_loader))
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    again = ClassificationTask.load_from_checkpoint(
        tmp_path / "a.ckpt", model=nn.Sequential(nn.Linear(5, 3))
    )
    assert again.hparams["compile"] == EAGER
    torch.testing.assert_close(dict(again.state_dict()), dict(fitted.state_dict()))


@pytest.mark.parametrize(
    ("flag", "wanted"),
    [
        ("true", {}),
        ("{mode: max-autotune}", {"mode": "max-autotune"}),
        ("{backend: eager}", EAGER),
        ("false", None),
    ],
)
def test_the_command_line_takes_it(
    flag: str, wanted: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["train"])
    run = LightningCLI(
        RegressionTask,
        save_config_callback=None,
        run=False,
        args=[
            "--seed_everything=0",
            "--model.model",
            "torch.nn.Identity",
            f"--model.compile={flag}",
        ],
    )
    found = run.model._compilation
    assert (found.options if found.wanted else None) == wanted


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"mode": "fast"}, "compile.mode must be one of default, .*, got 'fast'"),
        ({"backend": "gcc"}, "compile.backend must be a backend of torch, got 'gcc'"),
        ({"backend": "eager", "mode": "max-autotune"}, "has no effect with backend 'eager'"),
        ({"dynamic": "yes"}, "compile.dynamic must be true or false"),
        ({"modes": "default"}, "compile must be true, false or a mapping of mode, .*'modes'"),
        ({}, "set compile: true"),
        ("default", "compile must be true, false or a mapping"),
    ],
)
def test_what_is_unknown_or_without_effect_is_refused(option: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RegressionTask(nn.Linear(1, 1), compile=option)


def test_a_mode_without_effect_on_the_device_is_refused() -> None:
    with pytest.raises(ValueError, match="compile.mode must not be 'reduce-overhead' on cpu"):
        Compilation({"mode": "reduce-overhead"}).start(nn.Linear(1, 1), CPU)
