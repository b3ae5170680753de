"""What every task promises. A task that has no case here fails the suite."""

import copy
import inspect
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from contracts.task_data import FEATURES, Rows
from ignite.engine import Engine
from ignite.metrics import (
    ROC_AUC,
    Accuracy,
    Fbeta,
    MeanAbsoluteError,
    Metric,
    RootMeanSquaredError,
)
from ignite.metrics.regression.r2_score import R2Score
from pytorch_lightning.cli import LightningCLI
from sklearn import metrics as sk
from torch import Tensor

from lightning_kit import tasks
from lightning_kit.tasks import AbstractTask

#: kind of rows: (task, its arguments, width of the model's output)
CASES: dict[str, tuple[str, dict[str, Any], int]] = {
    "multiclass": ("ClassificationTask", {"num_classes": 3, "label_smoothing": 0.1}, 3),
    "binary": ("ClassificationTask", {"kind": "binary", "class_weights": [1.0, 2.0]}, 1),
    "multilabel": ("ClassificationTask", {"kind": "multilabel", "num_classes": 3}, 3),
    "regression": ("RegressionTask", {}, 1),
    "regressions": ("RegressionTask", {"num_targets": 2}, 2),
}
kinds = pytest.mark.parametrize("kind", CASES)


def settings(kind: str, folder: Path, **trainer: Any) -> dict[str, Any]:
    name, arguments, width = CASES[kind]
    model = {
        "class_path": "lightning_kit.models.MLP",
        "init_args": {"in_features": FEATURES, "out_features": width, "hidden": [8]},
    }
    quiet = {
        "accelerator": "cpu",
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "enable_checkpointing": False,
        "max_epochs": 1,
        "default_root_dir": str(folder),
    }
    return {
        "seed_everything": 0,
        "model": {
            "class_path": f"lightning_kit.tasks.{name}",
            "init_args": {"model": model, **arguments},
        },
        "data": {"class_path": "contracts.task_data.Rows", "init_args": {"kind": kind}},
        "trainer": {**quiet, **trainer},
    }


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LightningCLI]:
    """A stock LightningCLI, run with a verb on a kind's YAML."""
    monkeypatch.setattr(sys, "argv", ["train"])

    def run(kind: str, verb: str = "fit", *flags: str, **trainer: Any) -> LightningCLI:
        path = tmp_path / f"{kind}.yaml"
        path.write_text(yaml.safe_dump(settings(kind, tmp_path, **trainer)))
        return LightningCLI(
            pl.LightningModule,
            pl.LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            save_config_callback=None,
            args=[verb, "-c", str(path), *flags],
        )

    return run


def discovered() -> set[str]:
    return {
        name
        for name, value in vars(tasks).items()
        if inspect.isclass(value)
        and issubclass(value, AbstractTask)
        and not inspect.isabstract(value)
    }


def test_every_task_has_a_case() -> None:
    assert discovered() == {name for name, _, _ in CASES.values()}


@pytest.mark.parametrize("name", sorted(discovered()))
def test_every_task_is_final_and_exported(name: str) -> None:
    assert getattr(getattr(tasks, name), "__final__", False)
    assert name in tasks.__all__


@kinds
def test_fast_dev_run(kind: str, cli: Callable[..., LightningCLI]) -> None:
    cli(kind, fast_dev_run=True)


@kinds
def test_a_checkpoint_of_a_yaml_run_rebuilds_the_task_alone(
    kind: str, cli: Callable[..., LightningCLI], tmp_path: Path
) -> None:
    run = cli(kind)
    run.trainer.save_checkpoint(tmp_path / "a.ckpt", weights_only=False)
    assert torch.load(tmp_path / "a.ckpt", weights_only=True)["hyper_parameters"]["model"]
    again = type(run.model).load_from_checkpoint(tmp_path / "a.ckpt")
    assert type(again) is type(run.model)
    torch.testing.assert_close(
        dict(again.state_dict()), dict(run.model.state_dict()), rtol=0, atol=0
    )
    assert again.hparams == run.model.hparams
    # A task that was rebuilt saves checkpoints that rebuild it in turn.
    trainer = pl.Trainer(**settings(kind, tmp_path)["trainer"])
    trainer.fit(again, Rows(kind))
    trainer.save_checkpoint(tmp_path / "b.ckpt", weights_only=False)
    assert type(again).load_from_checkpoint(tmp_path / "b.ckpt").hparams == run.model.hparams


@kinds
def test_a_second_fit_goes_on_and_pickles_and_copies_are_the_same_task(
    kind: str, cli: Callable[..., LightningCLI], tmp_path: Path
) -> None:
    run = cli(kind)
    before = copy.deepcopy(run.model.state_dict())
    options = settings(kind, tmp_path)["trainer"]
    pl.Trainer(**options).fit(run.model, Rows(kind))
    assert any(not torch.equal(before[key], value) for key, value in run.model.state_dict().items())
    for again in (pickle.loads(pickle.dumps(run.model)), copy.deepcopy(run.model)):
        torch.testing.assert_close(dict(again.state_dict()), dict(run.model.state_dict()))
        pl.Trainer(**options).fit(again, Rows(kind))


@pytest.mark.parametrize("name", sorted(discovered()))
def test_a_task_built_in_python_pickles(name: str) -> None:
    kind = next(kind for kind, case in CASES.items() if case[0] == name)
    _, arguments, width = CASES[kind]
    task = getattr(tasks, name)(torch.nn.Linear(FEATURES, width), **arguments)
    again = pickle.loads(pickle.dumps(task))
    assert again.optimizer is task.optimizer


@kinds
def test_state_round_trip(kind: str, cli: Callable[..., LightningCLI], tmp_path: Path) -> None:
    """Two epochs are one, a checkpoint, and another: the same weights and the same metrics."""
    whole = cli(kind, max_epochs=2)
    cli(kind, max_epochs=1).trainer.save_checkpoint(tmp_path / "one.ckpt", weights_only=False)
    rest = cli(kind, "fit", f"--ckpt_path={tmp_path / 'one.ckpt'}", max_epochs=2)
    torch.testing.assert_close(
        dict(rest.model.state_dict()), dict(whole.model.state_dict()), rtol=0, atol=0
    )
    assert rest.trainer.callback_metrics == whole.trainer.callback_metrics


def by_ignite(metrics: dict[str, Metric], scores: Tensor, target: Tensor) -> dict[str, float]:
    evaluator = Engine(lambda engine, batch: batch)
    for name, metric in metrics.items():
        metric.attach(evaluator, name)
    return dict(evaluator.run([(scores, target)]).metrics)


def classes_by_others(scores: Tensor, target: Tensor) -> list[dict[str, float]]:
    """Each metric by scikit-learn, and by Ignite where it has it, on the whole split."""
    guess = scores.argmax(dim=1) if scores.shape != target.shape else (scores > 0.5).long()
    flat = scores.ndim == 1
    learn = {
        "accuracy": sk.accuracy_score(target.flatten(), guess.flatten()),
        "f1": sk.f1_score(target, guess, average="macro"),
        "auroc": sk.roc_auc_score(target, scores, multi_class="ovr"),
    }
    if target.ndim == 2:
        return [learn]
    ignite: dict[str, Metric] = {"accuracy": Accuracy(lambda out: (out[0].round(), out[1]))}
    if flat:
        ignite["auroc"] = ROC_AUC()
    else:
        ignite = {"accuracy": Accuracy(), "f1": Fbeta(1, average=True)}
    return [learn, by_ignite(ignite, scores, target)]


def values_by_others(values: Tensor, target: Tensor) -> list[dict[str, float]]:
    learn = {
        "mae": sk.mean_absolute_error(target, values),
        "rmse": sk.root_mean_squared_error(target.flatten(), values.flatten()),
        "r2": sk.r2_score(target, values),
    }
    if values.ndim == 2:
        return [learn]
    ignite = {"mae": MeanAbsoluteError(), "rmse": RootMeanSquaredError(), "r2": R2Score()}
    return [learn, by_ignite(ignite, values, target)]


@kinds
def test_every_metric_equals_a_reference_on_the_whole_split(
    kind: str, cli: Callable[..., LightningCLI]
) -> None:
    run = cli(kind)
    (logged,) = run.trainer.test(run.model, Rows(kind), verbose=False)
    rows, task = Rows(kind), run.model
    with torch.no_grad():
        output = task.step((rows.input, rows.target))
    others = values_by_others if "regression" in kind else classes_by_others
    references = others(output.scores, rows.target)
    assert set(logged) == {"test/loss", *(f"test/{name}" for name in references[0])}
    assert logged["test/loss"] == pytest.approx(output.loss.item(), rel=1e-5)
    for reference in references:
        for name, value in reference.items():
            assert logged[f"test/{name}"] == pytest.approx(value, rel=1e-5, abs=1e-6), name


DISTRIBUTED = """
import json, sys, yaml
import pytorch_lightning as pl
from pytorch_lightning.cli import LightningCLI

class Tell(pl.Callback):
    def __init__(self, path):
        self.path = path

    def tell(self, verb, trainer):
        values = {key: value.item() for key, value in trainer.callback_metrics.items()}
        with open(f"{self.path}.{verb}.{trainer.world_size}.{trainer.global_rank}", "w") as file:
            json.dump(values, file)

    def on_validation_end(self, trainer, pl_module):
        if trainer.state.fn == "validate":
            self.tell("validate", trainer)

    def on_fit_end(self, trainer, pl_module):
        self.tell("fit", trainer)

paths = sys.argv[1:]
sys.argv = ["train"]
for path in paths:
    for devices in (2, 1):
        with open(path) as file:
            settings = yaml.safe_load(file)
        strategy = "ddp_fork" if devices > 1 else "auto"
        settings["trainer"].update(devices=devices, strategy=strategy)
        run = LightningCLI(
            pl.LightningModule, pl.LightningDataModule, subclass_mode_model=True,
            subclass_mode_data=True, save_config_callback=None, run=False, args=settings,
        )
        run.trainer.callbacks.append(Tell(path))
        run.trainer.validate(run.model, run.datamodule, verbose=False)
        if devices > 1:  # one process alone would start threads that a fork does not survive
            run.trainer.fit(run.model, run.datamodule)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, float]]:
    """Every kind validated on one process and on two over gloo, and trained on two."""
    folder = tmp_path_factory.mktemp("ranks")
    for kind in CASES:
        (folder / kind).write_text(yaml.safe_dump(settings(kind, folder)))
    subprocess.run(
        [sys.executable, "-c", DISTRIBUTED, *(str(folder / kind) for kind in CASES)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"},
        check=True,
        timeout=300,
        cwd=folder,
    )

    def read(kind: str, verb: str, world_size: int, rank: int) -> dict[str, float]:
        values: dict[str, float] = json.loads(
            (folder / f"{kind}.{verb}.{world_size}.{rank}").read_text()
        )
        return values

    return read


@kinds
def test_two_ranks_see_what_one_sees(kind: str, told: Callable[..., dict[str, float]]) -> None:
    first, second, alone = (told(kind, "validate", *who) for who in ((2, 0), (2, 1), (1, 0)))
    assert first == second
    for key, value in alone.items():
        # Counts add up the same in any order; sums of floats do so to the last bits.
        counted = key in ("val/accuracy", "val/f1", "val/auroc")
        assert first[key] == (value if counted else pytest.approx(value, rel=1e-5)), key


@kinds
def test_two_ranks_agree_on_every_value_of_a_fit(
    kind: str, told: Callable[..., dict[str, float]]
) -> None:
    first, second = told(kind, "fit", 2, 0), told(kind, "fit", 2, 1)
    assert first.pop("train/loss_step") != second.pop("train/loss_step")  # each its own batch
    assert first == second
    assert {"train/loss", "val/loss"} < set(first)
