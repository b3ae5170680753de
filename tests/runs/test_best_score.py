"""The best score is the checkpoint callback's, found once each time that it is new."""

from pathlib import Path

import pytorch_lightning as pl
from programs.scored import fit

from lightning_kit.callbacks import ModelCheckpoint
from lightning_kit.runs.best_score import BestScore


class Finds(pl.Callback):
    def __init__(self, best: BestScore) -> None:
        self.best = best
        self.scores: list[float | None] = []

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        found = self.best.found(trainer)
        self.scores.append(None if found is None else found["score"])


def found(tmp_path: Path, before: float | None) -> list[float | None]:
    best = None if before is None else {"monitor": "score", "mode": "min", "score": before}
    finds = Finds(BestScore(best))
    fit([3.0, 4.0, 2.0, 5.0], ModelCheckpoint(tmp_path, monitor="score"), finds)
    return finds.scores


def test_each_new_best_is_found_once(tmp_path: Path) -> None:
    assert found(tmp_path, None) == [None, 3.0, None, 2.0]


def test_one_that_does_not_beat_the_run_before_is_none(tmp_path: Path) -> None:
    assert found(tmp_path, 2.5) == [None, None, None, 2.0]
