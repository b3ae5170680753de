"""Models of the kinds that people export, small, with inputs for them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lightning_kit.artefact.encoders import encode, fit_encoders
from lightning_kit.datamodules.preprocess import Scale, Standardise
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.models import CNN, MLP, ClassAnswer, Jitter, RegressionAnswer

Inputs = dict[str, Any]
Made = tuple[Pipeline, Inputs]

PIXELS = (16 * np.random.default_rng(0).random((7, 1, 8, 8))).round().astype(np.float32)
ROWS = {
    "size": ["1.5", "", "2.5", "7", "1", "2", "3"],
    "colour": ["red", "blue", "red", "", "green", "red", "blue"],
}


class Calls(nn.Module):
    """A function as a model."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, input: Any) -> Any:
        return self.function(input)


class Resized(nn.Module):
    """Raw uint8 pictures of any size to 24 x 24 of float32 in [0, 1]."""

    def forward(self, input: Tensor) -> Tensor:
        return functional.interpolate(input.float() / 255, (24, 24), mode="bilinear")


class Tokens(nn.Module):
    """A transformer over texts of any length."""

    def __init__(self, positions: int = 16) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 8)
        self.positions = nn.Parameter(torch.randn(positions, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(8, 3)

    def forward(self, input: Tensor) -> Tensor:
        embedded = self.embedding(input) + self.positions[: input.shape[1]]
        answer: Tensor = self.head(self.encoder(embedded).mean(dim=1))
        return answer


class TwoInputs(nn.Module):
    """Takes two arrays by name, and answers with a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, number: Tensor, kind: Tensor) -> tuple[Tensor, Tensor]:
        return self.linear(number) * kind.unsqueeze(1), kind + 1


class Dictionary(nn.Module):
    """Takes one dict, and gives one."""

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"sum": batch["a"] + batch["b"], "same": batch["a"]}


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True)

    def forward(self, input: Tensor) -> Tensor:
        last: Tensor = self.lstm(input)[0][:, -1]
        return last


def trained(module: nn.Module) -> nn.Module:
    """Give normalisations statistics of their own, and leave the module in training mode."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            assert part.running_mean is not None
            assert part.running_var is not None
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
    return module.train()


def table(postprocess: nn.Module, outputs: int) -> Made:
    encoders = fit_encoders(ROWS, {"size": "number", "colour": "category"})
    features = encode(ROWS, encoders)
    preprocess = Standardise(features.shape[1])
    preprocess.fit(torch.from_numpy(features))
    network = MLP(features.shape[1], outputs, hidden=[8], dropout=0.5)
    return Pipeline(network, preprocess, postprocess), {"input": features}


def regression() -> Made:
    answer = RegressionAnswer()
    answer.mean.fill_(2015)
    answer.std.fill_(12)
    return table(answer, 1)


def picture() -> Made:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Conv2d(4, 8, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(),
        nn.Linear(8, 5),
    )  # fmt: skip
    images = np.random.default_rng(0).integers(0, 256, (7, 3, 224, 224), dtype=np.uint8)
    return Pipeline(network, Resized(), ClassAnswer()), {"input": images}


def tokens() -> Made:
    generator = np.random.default_rng(0)
    texts = [generator.integers(0, 50, length) for length in (5, 9, 5, 3)]
    return Pipeline(Tokens(), postprocess=ClassAnswer()), {"input": texts}


def ties() -> Made:
    """Rows in which several classes have the largest score."""
    rows = np.array([[1, 1, 0], [0, 2, 2], [3, 3, 3], [1, 0, 1]], dtype=np.float32)
    answers = Calls(
        lambda x: {
            "largest": x.argmax(1), "smallest": x.argmin(1), "place": x.max(1).indices,
            "last": x.max(dim=-1)[1], "first_of_min": x.min(1).indices, "score": x.amax(1),
        }
    )  # fmt: skip
    return Pipeline(nn.Identity(), postprocess=answers), {"input": rows}


MODELS: dict[str, Callable[[], Made]] = {
    "digits mlp": lambda: (
        Pipeline(Jitter(MLP(64, 10, hidden=[32], dropout=0.1)), Scale(16), ClassAnswer()),
        {"input": PIXELS},
    ),
    "digits cnn": lambda: (
        Pipeline(CNN(1, 10, channels=[4, 8, 8]), Scale(16), ClassAnswer()), {"input": PIXELS},
    ),
    "table of classes": lambda: table(ClassAnswer("binary"), 1),
    "table of labels": lambda: table(ClassAnswer("multilabel"), 4),
    "table of numbers": regression,
    "picture": picture,
    "tokens": tokens,
    "recurrent": lambda: (Pipeline(Recurrent()), {"input": np.ones((3, 5, 3), np.float32)}),
    "two inputs": lambda: (
        Pipeline(TwoInputs()),
        {"number": np.ones((3, 3), np.float32), "kind": np.arange(3)},
    ),
    "dictionary": lambda: (
        Pipeline(Dictionary()),
        {"a": np.ones((1, 2)), "b": np.arange(2.0).reshape(1, 2)},
    ),
    "whole numbers": lambda: (
        Pipeline(nn.Linear(2, 2).double(), Calls(lambda x: x.double() / 3)),
        {"input": np.arange(6).reshape(3, 2)},
    ),
    "normalised": lambda: (
        Pipeline(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.9))),
        {"input": np.ones((1, 3), np.float32)},
    ),
    "ties": ties,
}  # fmt: skip


def made(name: str) -> tuple[Pipeline, Inputs]:
    torch.manual_seed(0)
    pipeline, inputs = MODELS[name]()
    trained(pipeline.network)
    return pipeline, inputs


def batches(inputs: Inputs) -> list[dict[str, Any]]:
    """Return the inputs at batch 1, 2 and 7, repeated as needed; texts keep to one length each."""
    found = []
    for size in (1, 2, 7):
        batch = {}
        for name, rows in inputs.items():
            if isinstance(rows, list):
                batch[name] = np.stack([rows[size % len(rows)]] * size)
            else:
                batch[name] = rows[np.arange(size) % len(rows)]
        found.append(batch)
    return found
