"""A table model to export, and formats that write another model than they were given."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from lightning_kit.artefact.encoders import encode, fit_encoders
from lightning_kit.datamodules.preprocess import Standardise
from lightning_kit.export.formats import Answerer, Dynamic, Example, Format
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.export.samples import Samples
from lightning_kit.models.answers import ClassAnswer

COLOURS = ["red", "green", "blue", ""]
CLASSES = ["low", "middle", "high"]


def table(rows: int = 300, seed: int = 0) -> tuple[Pipeline, Samples]:
    """Raw cells with missing ones, and a network that has seen some."""
    generator = np.random.default_rng(seed)
    cells: dict[str, Any] = {
        "size": [None if u < 0.1 else float(u) for u in generator.random(rows)],
        "colour": [COLOURS[place] for place in generator.integers(0, 4, rows)],
        "day": [f"2024-{1 + place % 12:02d}-{1 + place % 28:02d}" for place in range(rows)],
    }
    encoders = fit_encoders(cells, {"size": "number", "colour": "category", "day": "date"})
    features = torch.from_numpy(encode(cells, encoders))
    torch.manual_seed(seed)
    preprocess = Standardise(features.shape[1])
    preprocess.fit(features)
    network = nn.Sequential(
        nn.Linear(features.shape[1], 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(16, 3),
    )  # fmt: skip
    for _ in range(5):
        network(preprocess(features))
    pipeline = Pipeline(network, preprocess, ClassAnswer(), encoders, CLASSES)
    answers = pipeline.answers(cells)
    return pipeline, Samples(cells, target=answers["prediction"])


def accuracy(answers: Any, target: Any) -> dict[str, float]:
    return {"accuracy": float((answers["prediction"] == target).mean())}


@final
class Planted(Format):
    """A format's file of a graph that ``change`` got to before, and ``edit`` after it was written.

    The name and the file are those of ``inner``.
    """

    name = "onnx"
    file_name = "model.onnx"

    def __init__(
        self,
        inner: Format,
        change: Callable[[AnswerGraph], None] | None = None,
        edit: Callable[[onnx.ModelProto], None] | None = None,
        *,
        static: bool = False,
    ) -> None:
        self.inner, self.change, self.edit, self.static = inner, change, edit, static
        self.name, self.file_name = inner.name, inner.file_name  # type: ignore[misc]

    def write(self, graph: AnswerGraph, example: Example, dynamic: Dynamic, path: Path) -> None:
        other = copy.deepcopy(graph)
        if self.change is not None:
            self.change(other)
        self.inner.write(other, example, {} if self.static else dynamic, path)
        if self.edit is not None:
            model = onnx.load(path)
            self.edit(model)
            onnx.save(model, path)

    def open(self, path: Path) -> Answerer:
        return self.inner.open(path)


@final
class AlwaysDropout(nn.Module):
    def forward(self, input: Tensor) -> Tensor:
        return input * (torch.rand_like(input) > 0.1)


@final
class Rounded(nn.Module):
    """Whole numbers and halves to whole numbers."""

    def forward(self, input: Tensor) -> Tensor:
        return torch.round(input)


@final
class Filled(nn.Module):
    """What stood before, after NaN was made 0."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, input: Tensor) -> Tensor:
        output: Tensor = self.inner(torch.nan_to_num(input, nan=0.0))
        return output


@final
class Neighbours(nn.Module):
    """Less what the rows of a batch have in common."""

    def forward(self, input: Tensor) -> Tensor:
        return input - 0.01 * input.mean(0, keepdim=True)


@final
class First(nn.Module):
    """The first row for all."""

    def forward(self, input: Tensor) -> Tensor:
        return input[:1].expand(input.shape)


@final
class Backwards(nn.Module):
    def forward(self, input: Tensor) -> Tensor:
        return input.flip(0)
