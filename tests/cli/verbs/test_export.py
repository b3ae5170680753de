import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from conftest import Run
from programs.plain import PlainData
from torch.distributed.checkpoint.filesystem import FileSystemWriter
from torch.distributed.checkpoint.state_dict_saver import save

from lightning_kit.artefact import Artefact
from lightning_kit.runs.directory import RunDirectory

QUICK = ("--formats", "pt2,safetensors")
PROGRAMS = "programs.exportable"


@pytest.fixture
def run(kit: Run, recipe: str) -> RunDirectory:
    assert kit("fit", "-c", recipe, "--trainer.max_epochs", "1") == 0
    return RunDirectory.latest("small")


def of_class(name: str, data: str = "programs.plain.PlainData") -> list[str]:
    where = "programs.plain" if name.startswith("Plain") else PROGRAMS
    return ["--model", f"{where}.{name}", "--data", data]


def test_a_run_becomes_an_artefact_and_nothing_else_is_added(
    kit: Run, run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path for path in run.path.rglob("*") if path.is_file()}
    assert kit("export", "runs/small/latest") == 0
    added = {path for path in run.path.rglob("*") if path.is_file()} - before
    assert {path.parent.name for path in added} == {"artefact"}
    assert f"artefact: {run.path.relative_to(Path.cwd())}/artefact" in capsys.readouterr().out
    artefact = Artefact.open(run.path / "artefact")
    assert set(artefact.manifest.formats) == {"onnx", "safetensors"}
    rows = PlainData().rows.tensors[0]
    weights = torch.load(run.best(), weights_only=True)["state_dict"]
    wanted = torch.nn.functional.linear(rows, weights["net.1.weight"], weights["net.1.bias"])
    found = artefact.answer({"input": rows.numpy()})["output"]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    lineage = artefact.manifest.lineage
    assert lineage["run"] == f"small/{run.path.name}"
    assert lineage["weights"] == "best"
    described = artefact.manifest.statistics
    assert (described["of"], described["rows"]) == ("training rows", 40)
    artefact.replay()


def test_a_second_export_finds_the_first(
    kit: Run, run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    (run.path / "artefact").mkdir()
    assert kit("export", str(run.path)) == 2
    assert "out must not exist" in capsys.readouterr().err
    assert kit("export", str(run.path), "--out", "another", *QUICK) == 0
    assert Path("another/manifest.json").is_file()


def test_a_checkpoint_alone_is_enough_where_it_holds_its_settings(kit: Run, tmp_path: Path) -> None:
    recipe = {
        "model": {
            "class_path": "lightning_kit.tasks.ClassificationTask",
            "init_args": {
                "num_classes": 10,
                "model": {
                    "class_path": "lightning_kit.models.MLP",
                    "init_args": {"in_features": 64, "out_features": 10, "hidden": [8]},
                },
            },
        },
        "data": {"class_path": "lightning_kit.datamodules.DigitsDataModule"},
        "trainer": {"max_steps": 3, "accelerator": "cpu", "enable_progress_bar": False},
    }
    Path("digits.yaml").write_text(yaml.safe_dump(recipe))
    assert kit("fit", "-c", "digits.yaml") == 0
    RunDirectory.latest("digits").last().rename(tmp_path / "moved.ckpt")
    assert kit("export", "moved.ckpt", *QUICK) == 0
    manifest = Artefact.open("artefact").manifest
    assert [spec.name for spec in manifest.outputs] == ["probabilities", "prediction", "confidence"]
    assert manifest.classes == [str(digit) for digit in range(10)]
    assert set(manifest.verification["metrics"]) == {"accuracy", "f1", "auroc"}
    assert manifest.statistics["of"] == "training rows"


def test_any_module_is_exported_by_its_class_path(kit: Run, run: RunDirectory) -> None:
    best = str(run.best())
    assert kit("export", *of_class("Pairs"), "--ckpt_path", best, "--out", "own", *QUICK) == 0
    outputs = Artefact.open("own").manifest.outputs
    assert [spec.name for spec in outputs] == ["logits", "best"]


def test_averaged_weights_are_exported_as_validate_would_use_them(
    kit: Run, plain_recipe: dict[str, Any]
) -> None:
    plain_recipe["trainer"]["callbacks"].append(
        {"class_path": "lightning_kit.callbacks.EMA", "init_args": {"decay": 0.9}}
    )
    Path("ema.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "ema.yaml") == 0
    run = RunDirectory.latest("ema")
    assert kit("export", str(run.path), "--formats", "onnx,safetensors") == 0
    content = torch.load(run.best(), weights_only=True)
    averaged, raw = content["state_dict"], content["current_model_state"]
    assert not torch.equal(averaged["net.1.bias"], raw["net.1.bias"])
    zero = np.zeros((1, 3), np.float32)
    found = Artefact.open(run.path / "artefact").answer({"input": zero})["output"][0]
    np.testing.assert_allclose(found, averaged["net.1.bias"], rtol=1e-5)


def test_a_disagreement_ends_with_code_3_and_leaves_the_report_alone(
    kit: Run, run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*of_class("Forgetful"), "--ckpt_path", str(run.best()), "--out", "own", *QUICK]
    assert kit("export", *words) == 3
    error = capsys.readouterr().err
    assert "pt2: " in error
    assert "own-refused.json" in error
    report = json.loads(Path("own-refused.json").read_text())
    assert report["passed"] is False
    assert not Path("own").exists()
    assert not list(Path().glob(".own*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (of_class("Words"), "must be a tensor"),
        (of_class("Other"), "the checkpoint must be one of Other"),
        (of_class("PlainModule", f"{PROGRAMS}.EmptyValidation"), "there is no validation data"),
        (
            of_class("PlainModule", f"{PROGRAMS}.TrainingOnly"),
            "give TrainingOnly a val_dataloader, which it lacks, or set example_input_array",
        ),
        (of_class("Branching"), "pt2: "),
        ([*of_class("PlainModule"), "--formats", "onx"], "formats must be among"),
        ([*of_class("PlainModule"), "--formats", "safetensors"], "formats must have one with"),
        ([*of_class("PlainModule"), "--random_weights"], "an export is of trained weights"),
        ([*of_class("PlainModule"), "--quantize", "int8"], "quantize must have measure"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_left(
    kit: Run, run: RunDirectory, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(Path().iterdir())
    formats = [] if {"--formats", "--quantize"} & set(words) else QUICK
    assert kit("export", *words, "--ckpt_path", str(run.best()), "--out", "own", *formats) == 2
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if line.startswith("lightning-kit: ")]
    assert len(lines) == 1
    assert message in lines[0]
    assert sorted(Path().iterdir()) == before


# Without a process group torch says that it saves and loads alone.
@pytest.mark.filterwarnings("ignore:torch.distributed is disabled:UserWarning")
def test_a_folder_of_shards_is_exported_too(kit: Run, run: RunDirectory) -> None:
    weights = torch.load(run.best(), weights_only=True)["state_dict"]
    save({"model": weights}, storage_writer=FileSystemWriter("x.ckpt"), no_dist=True)
    assert kit("export", *of_class("PlainModule"), "--ckpt_path", "x.ckpt", "--out", "own") == 0
    zero = np.zeros((1, 3), np.float32)
    found = Artefact.open("own").answer({"input": zero})["output"][0]
    np.testing.assert_allclose(found, weights["net.1.bias"], rtol=1e-5)


def test_a_module_without_data_needs_an_example_of_its_own(
    kit: Run, run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    run.best().rename("moved.ckpt")
    words = ["--ckpt_path", "moved.ckpt", "--out", "own", *QUICK]
    assert kit("export", "--model", "programs.plain.PlainModule", *words) == 2
    error = capsys.readouterr().err
    assert "there is no validation data, and PlainModule has no example: give data" in error
    assert kit("export", "--model", f"{PROGRAMS}.Example", *words) == 0
    remarks = Artefact.open("own").manifest.verification["remarks"]
    assert any("random rows like" in remark for remark in remarks)
    lacking = ["--data", f"{PROGRAMS}.TrainingOnly", "--ckpt_path", "moved.ckpt", "--out", "two"]
    assert kit("export", "--model", f"{PROGRAMS}.Example", *lacking, *QUICK) == 0


def test_no_checkpoint_is_one_line(kit: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert kit("export", *of_class("PlainModule")) == 2
    assert "export needs trained weights" in capsys.readouterr().err


def test_a_missing_extra_is_one_line(
    kit: Run, run: RunDirectory, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert kit("export", str(run.path), "--out", "own") == 2
    assert "lightning_kit[export]" in capsys.readouterr().err
    assert not Path("own").exists()


def test_help(kit: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert kit("export", "--help") == 0
    assert "usage: lightning-kit export" in capsys.readouterr().out
