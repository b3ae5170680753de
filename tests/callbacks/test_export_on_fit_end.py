import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from conftest import Run
from origin.stock import QUIET
from programs.exportable import Forgetful, Words
from programs.plain import PlainData, PlainModule
from pytorch_lightning.loggers import CSVLogger

from lightning_kit.artefact import Artefact
from lightning_kit.callbacks import EMA, ExportOnFitEnd, ModelCheckpoint
from lightning_kit.export import ExportError, GateRefused
from lightning_kit.runs.directory import RunDirectory

ONNX = {"formats": ["onnx"]}
QUICK = {"formats": ["pt2"]}


def fit(module: pl.LightningModule, *callbacks: pl.Callback, **options: Any) -> pl.Trainer:
    trainer = pl.Trainer(**{**QUIET, "max_epochs": 2, **options}, callbacks=list(callbacks))
    trainer.fit(module, PlainData())
    return trainer


def own_bias(module: torch.nn.Module) -> torch.Tensor:
    bias: torch.Tensor = module.state_dict()["net.1.bias"]
    return bias.clone()


def bias_of(path: Path) -> Any:
    """Return what a linear model answers to zeros."""
    return Artefact.open(path).answer({"input": np.zeros((1, 3), np.float32)})["output"][0]


def test_the_best_weights_of_a_plain_fit_are_exported_into_the_loggers_folder() -> None:
    saver = ModelCheckpoint("own", monitor="val/loss", mode="max", save_top_k=1)
    exporting, module = ExportOnFitEnd(**ONNX), PlainModule()  # type: ignore[arg-type]
    fit(module, saver, exporting, enable_checkpointing=True, logger=CSVLogger("logs", version=0))
    assert exporting.artefact == Path("logs/lightning_logs/version_0/artefact").absolute()
    best = torch.load(saver.best_model_path, weights_only=True)["state_dict"]["net.1.bias"]
    found = bias_of(exporting.artefact)
    np.testing.assert_allclose(found, best, rtol=1e-5)
    # Where the worst loss is called best, the end has other weights, and keeps them.
    assert not np.allclose(found, own_bias(module))
    lineage = Artefact.open(exporting.artefact).manifest.lineage
    assert (lineage["weights"], lineage["checkpoint"]) == ("best", Path(saver.best_model_path).name)


@pytest.mark.parametrize("final", ["ema", "raw"])
def test_the_average_is_exported_whatever_the_module_keeps(final: Any) -> None:
    module, exporting = PlainModule(), ExportOnFitEnd(weights="ema", **ONNX)  # type: ignore[arg-type]
    ema = EMA(decay=0.9, final=final)
    fit(module, ema, exporting)
    assert ema.average_model is not None
    average = module if final == "ema" else ema.average_model
    assert exporting.artefact is not None
    np.testing.assert_allclose(bias_of(exporting.artefact), own_bias(average), rtol=1e-5)


def test_without_a_score_the_weights_of_the_end_are_exported_and_the_fit_is_left_alone() -> None:
    module, exporting = PlainModule(dropout=0.5), ExportOnFitEnd(**ONNX)  # type: ignore[arg-type]
    trainer = fit(module, exporting)
    assert exporting.artefact == Path("artefact").absolute()
    np.testing.assert_allclose(bias_of(exporting.artefact), own_bias(module), rtol=1e-5)
    assert trainer.lightning_module is module
    assert Artefact.open(exporting.artefact).manifest.lineage["epoch"] == 2


def test_loaders_without_a_datamodule_will_do() -> None:
    data = PlainData()
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[ExportOnFitEnd(**QUICK)])  # type: ignore[arg-type]
    trainer.fit(PlainModule(), data.train_dataloader(), data.val_dataloader())
    assert Artefact.open("artefact").manifest.verification["samples"] == 40


def test_an_own_predict_step_is_noted_where_the_artefact_is_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Doubles(PlainModule):
        def predict_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            doubled: torch.Tensor = 2 * self(batch)
            return doubled

    fit(Doubles(), ExportOnFitEnd(**QUICK))  # type: ignore[arg-type]
    note = "Doubles has a predict_step of its own, which is not exported"
    assert note in "\n".join(Artefact.open("artefact").manifest.verification["remarks"])
    assert note in Path("artefact/MODEL_CARD.md").read_text()
    assert note in caplog.text


def test_a_second_fit_gets_a_folder_of_its_own() -> None:
    exporting = ExportOnFitEnd(**QUICK)  # type: ignore[arg-type]
    for name in ("artefact", "artefact-2"):
        fit(PlainModule(), exporting)
        assert exporting.artefact == Path(name).absolute()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"formats": ["onx"]}, "formats must be among"),
        ({"formats": ["pt2"], "opset": 20}, "opset must be left out"),
        ({"weights": "worst"}, "weights must be 'best', 'ema', 'final' or None, got 'worst'"),
    ],
)
def test_a_wrong_argument_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ExportOnFitEnd(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": "best"}, "needs a ModelCheckpoint with a monitor"),
        ({"weights": "ema"}, "needs a callback that averages weights"),
        ({"out": "taken"}, "out must not exist"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_training(arguments: Any, message: str) -> None:
    Path("taken").mkdir()
    module = PlainModule()
    before = own_bias(module)
    with pytest.raises(ValueError, match=message):
        fit(module, ExportOnFitEnd(**arguments))
    assert torch.equal(own_bias(module), before)


def test_no_trial_and_no_interrupted_fit_is_exported() -> None:
    fit(PlainModule(), ExportOnFitEnd(**QUICK), fast_dev_run=True)  # type: ignore[arg-type]

    class Stop(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fit(PlainModule(), Stop(), ExportOnFitEnd(**QUICK))  # type: ignore[arg-type]
    assert not Path("artefact").exists()


def test_a_disagreement_leaves_the_report_alone() -> None:
    with pytest.raises(GateRefused, match="artefact-refused.json"):
        fit(Forgetful(), ExportOnFitEnd(**QUICK))  # type: ignore[arg-type]
    assert json.loads(Path("artefact-refused.json").read_text())["passed"] is False
    assert not Path("artefact").exists()
    with pytest.raises(ExportError, match="must be a tensor"):
        fit(Words(), ExportOnFitEnd(**QUICK))  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "code"), [("Forgetful", 3), ("Words", 2)])
def test_on_the_command_line_the_run_is_finished_and_the_code_says_more(
    kit: Run, recipe: str, name: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "--model",
        f"programs.exportable.{name}",
        "--callbacks.ExportOnFitEnd.formats",
        "[pt2]",
    ]
    assert kit("fit", "-c", recipe, *words) == code
    record = RunDirectory.latest("small").record()
    assert (record.status, record.exit_code) == ("finished", code)
    assert record.stop_reason.startswith("no artefact: ")
    lines = [
        line for line in capsys.readouterr().err.splitlines() if line.startswith("lightning-kit: ")
    ]
    assert len(lines) == 1
