"""Seeded scores and targets, measured by what the tasks log and by ``ignite.metrics``."""

from typing import Any

import torch
from ignite.engine import Engine
from ignite.metrics import (
    ROC_AUC,
    Accuracy,
    Fbeta,
    MeanAbsoluteError,
    Precision,
    Recall,
    RootMeanSquaredError,
)
from ignite.metrics.regression.r2_score import R2Score
from torch import Tensor
from torch.nn.functional import one_hot

from lightning_kit.tasks import ClassificationTask, RegressionTask
from lightning_kit.tasks.step import StepOutput

Batches = list[tuple[Tensor, Tensor]]
CLASSES = 4
#: Per rank: 27 rows, so that the last batch is smaller.
ROWS, BATCH = 27, 8


def stream(kind: str, seed: int, rank: int = 0) -> Batches:
    """Return one rank's batches of what metrics see: probabilities, or values, and targets."""
    generator = torch.Generator().manual_seed(seed * 10 + rank)
    latent = torch.randn(ROWS, CLASSES, generator=generator)
    noise = latent + torch.randn(ROWS, CLASSES, generator=generator)
    if kind == "multiclass":
        scores, target = noise.softmax(dim=1), latent.argmax(dim=1)
    elif kind == "binary":
        scores, target = noise[:, 0].sigmoid(), (latent[:, 0] > 0.5).long()
    elif kind == "multilabel":
        scores, target = noise.sigmoid(), (latent > 0.3).long()
    else:
        scores, target = 50 + 20 * noise[:, 0], 50 + 20 * latent[:, 0]
    parts = torch.split(scores, BATCH), torch.split(target, BATCH)
    return list(zip(*parts, strict=True))


def by_the_kit(kind: str, batches: Batches) -> dict[str, float]:
    model = torch.nn.Identity()
    task = (
        RegressionTask(model)
        if kind == "regression"
        else ClassificationTask(
            model,
            num_classes=None if kind == "binary" else CLASSES,
            kind=kind,  # type: ignore[arg-type]
        )
    )
    for scores, target in batches:
        task.val_stage.update(StepOutput(torch.tensor(0.0), len(target), scores, target))
    found = task.val_stage.metrics.compute()
    return {name.removeprefix("val/"): value.item() for name, value in found.items()}


def rounded(output: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return (output[0] > 0.5).long(), output[1]


def flat(output: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    scores, target = rounded(output)
    return scores.flatten(), target.flatten()


def ignites(kind: str) -> dict[str, Any]:
    if kind == "multiclass":
        one_of = lambda out: (out[0], one_hot(out[1], CLASSES))  # noqa: E731
        return {"accuracy": Accuracy(), "f1": Fbeta(1), "auroc": ROC_AUC(one_of)}
    if kind == "binary":
        # Ignite's binary F1 is that of 1; as two classes it is the mean over both.
        both = lambda out: (torch.stack([1 - out[0], out[0]], dim=1), out[1])  # noqa: E731
        two: dict[str, Any] = {"average": False, "output_transform": both}
        f1 = Fbeta(1, precision=Precision(**two), recall=Recall(**two))
        return {"accuracy": Accuracy(rounded), "f1": f1, "auroc": ROC_AUC()}
    if kind == "multilabel":
        labels: dict[str, Any] = {
            "average": False,
            "is_multilabel": True,
            "output_transform": rounded,
        }
        f1 = Fbeta(1, precision=Precision(**labels), recall=Recall(**labels))
        return {"accuracy": Accuracy(flat), "f1": f1, "auroc": ROC_AUC()}
    return {"mae": MeanAbsoluteError(), "rmse": RootMeanSquaredError(), "r2": R2Score()}


def by_ignite(kind: str, batches: Batches) -> dict[str, float]:
    evaluator = Engine(lambda engine, batch: batch)
    for name, metric in ignites(kind).items():
        metric.attach(evaluator, name)
    return {name: float(value) for name, value in evaluator.run(batches).metrics.items()}
