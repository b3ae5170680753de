"""Rows of a file are answered as the same rows of the predict data are."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import Run
from PIL import Image
from programs.artefacts import write
from programs.plain import PlainData

from lightning_kit.artefact import TensorSpec
from lightning_kit.datamodules import DigitsDataModule
from lightning_kit.datamodules.preprocess import Standardise
from lightning_kit.export.formats.onnx import Onnx
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.tasks import ClassificationTask

TABLE: dict[str, Any] = {
    "seed_everything": 0,
    "model": {
        "class_path": "lightning_kit.tasks.ClassificationTask",
        "init_args": {
            "num_classes": 2,
            "model": {
                "class_path": "lightning_kit.models.MLP",
                "init_args": {"in_features": 3, "out_features": 2, "hidden": []},
            },
        },
    },
    "data": {
        "class_path": "lightning_kit.datamodules.TableDataModule",
        "init_args": {"path": "table.csv", "target": "label", "categorical": ["colour"]},
    },
    "trainer": {
        "max_epochs": 1, "accelerator": "cpu", "enable_progress_bar": False,
        "enable_model_summary": False, "logger": False,
    },
}  # fmt: skip
DIGITS: dict[str, Any] = {
    **TABLE,
    "model": {
        "class_path": "lightning_kit.tasks.ClassificationTask",
        "init_args": {
            "num_classes": 10,
            "model": {
                "class_path": "lightning_kit.models.MLP",
                "init_args": {"in_features": 64, "out_features": 10, "hidden": []},
            },
        },
    },
    "data": {"class_path": "lightning_kit.datamodules.DigitsDataModule", "init_args": {}},
}


def table(file: str) -> list[list[str]]:
    return list(csv.reader(Path(file).read_text().splitlines()))


def fitted(kit: Run, recipe: dict[str, Any], capsys: Any) -> str:
    """Return the run, with its own predictions in ``own.csv``."""
    Path("small.json").write_text(json.dumps(recipe))
    Path("small.yaml").write_text(json.dumps(recipe))
    assert kit("fit", "-c", "small.yaml") == 0
    run = "runs/small/latest"
    assert kit("predict", run, "--ckpt_path", "last", "--out", "own.csv") == 0
    capsys.readouterr()
    return run


def rows_of_table(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    colours, sizes = rng.integers(0, 2, count), rng.normal(size=count)
    return [
        f"{'red' if colour else 'blue'},{size:.3f},{'yes' if colour ^ (size > 0) else 'no'}"
        for colour, size in zip(colours, sizes, strict=True)
    ]


def test_a_table_needs_no_file_of_training(kit: Run, capsys: Any) -> None:
    Path("table.csv").write_text("\n".join(["colour,size,label", *rows_of_table(60)]) + "\n")
    run = fitted(kit, TABLE, capsys)
    Path("table.csv").rename("rows.csv")
    args = (run, "--ckpt_path", "last", "--rows", "rows.csv")
    assert kit("predict", *args, "--out", "given.csv") == 0
    header, *given = table("given.csv")
    assert header == table("own.csv")[0]
    assert len(given) == 60
    # The run's own predictions are of nine of these rows, the test part.
    assert {tuple(row) for row in table("own.csv")[1:]} <= {tuple(row) for row in given}
    Path("wrong.csv").write_text("colour,size\nred,1\nblue,big\n")
    assert kit("predict", *args[:-1], "wrong.csv") == 2
    assert "wrong.csv, row 2, column 'size': must be a number" in capsys.readouterr().err


def test_a_run_and_its_artefact_answer_the_same_file_alike(kit: Run, capsys: Any) -> None:
    Path("table.csv").write_text("\n".join(["colour,size,label", *rows_of_table(60)]) + "\n")
    run = fitted(kit, TABLE, capsys)
    artefact_of(Path(run), Path("art"))
    Path("rows.csv").write_text("size,colour\n0.5,red\n,blue\n-1e3,green\n2,\n")
    for asked, out in ((run, "run.csv"), ("art", "art.csv")):
        last = ("--ckpt_path", "last") if asked == run else ()
        assert kit("predict", asked, *last, "--rows", "rows.csv", "--out", out) == 0
    (header, *ours), (same, *theirs) = table("run.csv"), table("art.csv")
    assert header == same
    at = header.index("prediction")
    assert [row.pop(at) for row in ours] == [row.pop(at) for row in theirs]
    np.testing.assert_allclose(np.array(ours, float), np.array(theirs, float), atol=1e-6)


def artefact_of(run: Path, folder: Path) -> None:
    """Write what the run's checkpoint answers with, by hand."""
    (checkpoint,) = run.glob("checkpoints/*.ckpt")
    task = ClassificationTask.load_from_checkpoint(checkpoint).eval()
    state = torch.load(checkpoint, weights_only=True)["TableDataModule"]
    preprocess = Standardise(3)
    preprocess.load_state_dict(state["preprocess"])
    names = ("probabilities", "prediction", "confidence")
    graph = AnswerGraph(preprocess, task.model, task.postprocess, output_names=names)
    Onnx().write(graph, {"input": torch.zeros(2, 3)}, {"input": {0: "batch"}}, Path("model.onnx"))
    values = {
        "inputs": (TensorSpec("input", "float32", ("batch", 3)),),
        "outputs": (
            TensorSpec("probabilities", "float32", ("batch", 2)),
            TensorSpec("prediction", "int64", ("batch",)),
            TensorSpec("confidence", "float32", ("batch",)),
        ),
        "classes": state["classes"],
        "encoders": state["encoders"],
    }
    rows = {"size": [1.0], "colour": ["red"]}
    write(folder, Path("model.onnx").read_bytes(), rows, values)


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".jsonl"])
def test_arrays_are_the_inputs(kit: Run, capsys: Any, suffix: str) -> None:
    run = fitted(kit, DIGITS, capsys)
    data = DigitsDataModule()
    data.setup("predict")
    input = data.load("predict")[0].numpy()
    file = Path(f"rows{suffix}")
    if suffix == ".npz":
        np.savez(file, input=input)
    elif suffix == ".csv":
        header = ",".join(f"input_{at}" for at in range(64))
        np.savetxt(file, input, delimiter=",", header=header, comments="")
    else:
        file.write_text("".join(json.dumps({"input": row}) + "\n" for row in input.tolist()))
    args = (run, "--ckpt_path", "last", "--rows", str(file))
    assert kit("predict", *args, "--out", "given.csv") == 0
    assert table("given.csv") == table("own.csv")
    np.savez("wrong.npz", input=input[:, :63])
    assert kit("predict", *args[:-1], "wrong.npz") == 2
    message = "wrong.npz, column 'input': must have the shape (batch, 64), got (270, 63)"
    assert message in capsys.readouterr().err


def test_a_module_that_never_heard_of_the_kit(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("predict", "-c", recipe, "--random_weights", "--out", "own.csv") == 0
    # Its predict_step takes the first of a pair, so it must get one.
    np.savez("rows.npz", input=PlainData().rows.tensors[0].numpy()[:21])
    args = ("-c", recipe, "--random_weights", "--rows", "rows.npz")
    assert kit("predict", *args, "--out", "given.csv") == 0
    assert table("given.csv") == table("own.csv")[:22]
    assert kit("predict", *args[:-1], "gone.npz") == 2
    assert "gone.npz: there is no such file" in capsys.readouterr().err


def test_a_datamodule_of_ones_own_has_encoders(
    kit: Run, recipe: str, monkeypatch: Any, capsys: Any
) -> None:
    from programs.plain import PlainModule

    def predict_step(self: Any, batch: Any, batch_idx: int) -> torch.Tensor:
        total: torch.Tensor = batch[0].sum((1, 2, 3))
        return total

    picture = {"kind": "image", "column": "picture", "mode": "L", "size": None}
    batch = (torch.zeros(2, 1, 2, 2, dtype=torch.uint8), torch.zeros(2))
    monkeypatch.setattr(PlainModule, "predict_step", predict_step)
    monkeypatch.setattr(PlainData, "predict_dataloader", lambda self: Once([batch]))
    monkeypatch.setattr(PlainData, "encoders", [picture], raising=False)
    Path("pictures").mkdir()
    for name, shape in (("a.png", (2, 2)), ("b.png", (1, 3))):
        Image.fromarray(np.ones(shape, np.uint8)).save(f"pictures/{name}")
    args = ("-c", recipe, "--random_weights", "--rows", "pictures")
    assert kit("predict", *args) == 0
    assert table("predictions.csv") == [["prediction"], ["4"], ["3"]]
    Path("pictures/c.png").write_bytes(b"torn")
    assert kit("predict", *args, "--out", "torn.csv") == 2
    assert "pictures/c.png, column 'picture': must be a picture" in capsys.readouterr().err


@pytest.mark.parametrize("whose", ["module", "datamodule"])
@pytest.mark.parametrize("other", [{}, [], ["bpe"], torch.nn.ModuleList([torch.nn.ReLU()])])
def test_what_else_is_called_encoders_is_let_be(
    kit: Run, recipe: str, monkeypatch: Any, whose: str, other: Any
) -> None:
    from programs.plain import PlainModule

    owner = PlainModule if whose == "module" else PlainData
    monkeypatch.setattr(owner, "encoders", other, raising=False)
    assert kit("predict", "-c", recipe, "--random_weights", "--out", "own.csv") == 0
    np.savez("rows.npz", input=PlainData().rows.tensors[0].numpy())
    args = ("-c", recipe, "--random_weights", "--rows", "rows.npz")
    assert kit("predict", *args, "--out", "given.csv") == 0
    assert table("given.csv") == table("own.csv")


def test_a_module_that_deals_its_own_data_may_have_encoders(
    kit: Run, plain_recipe: dict[str, Any], monkeypatch: Any
) -> None:
    from programs.plain import PlainModule

    loader = Once([(torch.zeros(2, 3), torch.zeros(2))])
    monkeypatch.setattr(PlainModule, "predict_dataloader", lambda self: loader)
    monkeypatch.setattr(PlainModule, "encoders", torch.nn.ModuleList(), raising=False)
    del plain_recipe["data"]
    Path("alone.yaml").write_text(json.dumps(plain_recipe))
    np.savez("rows.npz", input=np.ones((5, 3)))
    args = ("-c", "alone.yaml", "--random_weights", "--rows", "rows.npz")
    assert kit("predict", *args) == 0
    assert len(table("predictions.csv")) == 6


def test_a_loader_that_scales_is_refused(
    kit: Run, recipe: str, monkeypatch: Any, capsys: Any
) -> None:
    picture = {"kind": "image", "column": "picture", "mode": "RGB", "size": [8, 8]}
    batch = (torch.rand(2, 3, 8, 8), torch.ones(2))
    monkeypatch.setattr(PlainData, "predict_dataloader", lambda self: Once([batch]))
    monkeypatch.setattr(PlainData, "encoders", [picture], raising=False)
    np.savez("rows.npz", picture=np.full((2, 9, 9, 3), 121, np.uint8))
    assert kit("predict", "-c", recipe, "--random_weights", "--rows", "rows.npz") == 2
    said = capsys.readouterr().err
    assert "uint8 (3, 8, 8) a row, got float32 (3, 8, 8) a row: " in said
    assert "Traceback" not in said


def test_random_weights_fit_the_encoders(kit: Run, capsys: Any) -> None:
    Path("table.csv").write_text("\n".join(["colour,size,label", *rows_of_table(60)]) + "\n")
    Path("small.yaml").write_text(json.dumps(TABLE))
    Path("rows.csv").write_text("size,colour\n1,red\n2,green\n")
    assert kit("predict", "-c", "small.yaml", "--random_weights", "--rows", "rows.csv") == 0
    assert len(table("predictions.csv")) == 3


def test_tokens_may_have_another_length(kit: Run, recipe: str, monkeypatch: Any) -> None:
    from programs.plain import PlainModule

    def predict_step(self: Any, batch: Any, batch_idx: int) -> torch.Tensor:
        assert set(batch[0]) == {"tokens", "mask"}
        total: torch.Tensor = batch[0]["tokens"].sum(1)
        return total

    def loader(self: Any) -> Any:
        return [[[{"tokens": torch.ones(2, 4).long(), "mask": torch.ones(2, 4).bool()}]]]

    monkeypatch.setattr(PlainModule, "predict_step", predict_step)
    monkeypatch.setattr(PlainData, "predict_dataloader", lambda self: Once(loader(self)[0]))
    np.savez("rows.npz", tokens=np.arange(15).reshape(3, 5), mask=np.ones((3, 5)))
    assert kit("predict", "-c", recipe, "--random_weights", "--rows", "rows.npz") == 0
    assert table("predictions.csv") == [["prediction"], ["10"], ["35"], ["60"]]


class Once:
    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Any:
        return iter(self.batches)
