"""The models of the digits recipes, whole: from raw pixels to class and confidence."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from lightning_kit.datamodules.preprocess import Scale
from lightning_kit.export.examples import example_of
from lightning_kit.export.formats import Onnx
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.models import ClassAnswer

FOLDER = Path(__file__).parents[2] / "configs" / "recipes"
RECIPES = ("digits_mlp", "digits_cnn")
Answering = Callable[[], Mapping[str, Any]]


def pipeline(recipe: str) -> Pipeline:
    """Build what the recipe trains, with random weights: they change no time."""
    config = yaml.safe_load((FOLDER / f"{recipe}.yaml").read_text())
    torch.manual_seed(0)
    network = built(config["model"]["init_args"]["model"])
    return Pipeline(network.eval(), Scale(16), ClassAnswer())


def built(config: Any) -> Any:
    """Build an object from its ``class_path`` and ``init_args``, and those inside."""
    if not isinstance(config, dict) or "class_path" not in config:
        return config
    module, _, name = config["class_path"].rpartition(".")
    arguments = {key: built(value) for key, value in config.get("init_args", {}).items()}
    return getattr(import_module(module), name)(**arguments)


def pixels(batch: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(0).integers(0, 17, (batch, 1, 8, 8))
    return drawn.astype(np.float32)


def in_eager(recipe: str, batch: int) -> Answering:
    parts = pipeline(recipe)
    preprocess, network, postprocess = parts.preprocess, parts.network, parts.postprocess
    assert preprocess is not None
    assert postprocess is not None
    input = torch.from_numpy(pixels(batch))

    def answer() -> Mapping[str, Any]:
        with torch.inference_mode():
            answers: Mapping[str, Any] = postprocess(network(preprocess(input)))
            return answers

    return answer


def in_onnxruntime(recipe: str, batch: int, folder: Path) -> Answering:
    example, dynamic = example_of({"input": pixels(2)})
    path = folder / f"{recipe}_{batch}.onnx"
    format = Onnx()
    format.write(pipeline(recipe).graph(example), example, dynamic, path)
    session = format.open(path)
    inputs = {"input": pixels(batch)}
    return lambda: session(inputs)
