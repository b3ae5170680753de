import importlib
from pathlib import Path

import numpy as np
import yaml
from programs.artefacts import TABLE_ROWS, write_table

from lightning_kit.artefact import Artefact
from lightning_kit.tracking.mlflow_files import write_mlflow_model


def test_the_folder_is_loaded_as_mlflow_loads_it(tmp_path: Path) -> None:
    artefact = Artefact.open(write_table(tmp_path / "small"))
    (folder := tmp_path / "model").mkdir()
    write_mlflow_model(artefact, folder)
    flavour = yaml.safe_load((folder / "MLmodel").read_text())["flavors"]["python_function"]
    # mlflow.pyfunc.load_model does these two, and asks `predict`.
    loader = importlib.import_module(flavour["loader_module"])
    model = loader._load_pyfunc(str(folder / flavour["data"]))
    wanted = artefact.answer(TABLE_ROWS)
    np.testing.assert_array_equal(model.predict(TABLE_ROWS)["prediction"], wanted["prediction"])


def test_there_is_no_pickle_and_requirements_are_exact(tmp_path: Path) -> None:
    artefact = Artefact.open(write_table(tmp_path / "small"))
    (folder := tmp_path / "model").mkdir()
    write_mlflow_model(artefact, folder)
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert not suffixes & {".pkl", ".pickle", ".pt", ".pth", ".bin"}
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert [line.partition("==")[0] for line in lines] == [
        "lightning_kit", "numpy", "onnxruntime", "safetensors",
    ]  # fmt: skip
    assert all("==" in line for line in lines)
