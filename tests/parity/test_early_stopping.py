"""When training stops: Ignite's and Lightning's EarlyStopping beside the kit's."""

import itertools
import math
import random
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine
from ignite.handlers import EarlyStopping as IgniteEarlyStopping
from origin.stock import QUIET
from programs.scores import OneBatch, ScoreModule

from lightning_kit.callbacks.early_stopping import EarlyStopping
from lightning_kit.meters import Plateau

PATIENCES = (1, 2, 3, 7)
CASES = list(itertools.product(("min", "max"), ("abs", "rel"), (True, False), PATIENCES))
NUM_STREAMS, LENGTH = 70, 30
assert len(CASES) * NUM_STREAMS >= 2000


def stream(generator: random.Random, length: int = LENGTH) -> list[float]:
    """Positive scores in hundredths: thresholds, which are none, never tie with one."""
    kind = generator.randrange(3)
    if kind == 0:
        return [generator.randrange(1, 400) / 100 for _ in range(length)]
    drift = 2 if kind == 1 else -2
    walk, here = [], 200
    for _ in range(length):
        here = min(400, max(1, here + drift + generator.randrange(-9, 10)))
        walk.append(here / 100)
    return walk


class Ignite:
    """Ignite's handler, fed by hand."""

    def __init__(self, patience: int, **options: Any) -> None:
        self.engine = Engine(lambda engine, batch: None)
        self.score = 0.0
        self.handler = IgniteEarlyStopping(patience, lambda _: self.score, self.engine, **options)

    def update(self, score: float) -> bool:
        self.score = score
        self.handler(self.engine)
        return bool(self.engine.should_terminate)


@pytest.mark.parametrize(("mode", "delta_mode", "cumulative", "patience"), CASES)
def test_stop_steps_are_ignites(
    mode: Any, delta_mode: Any, cumulative: bool, patience: int
) -> None:
    generator = random.Random(f"{mode} {delta_mode} {cumulative} {patience}")
    stops = set()
    for _ in range(NUM_STREAMS):
        delta = generator.choice([0.0, 0.00317, 0.0337, 0.1443])
        plateau = Plateau(
            patience, mode, min_delta=delta, delta_mode=delta_mode, cumulative=cumulative
        )
        ignite = Ignite(
            patience, threshold=delta, threshold_mode=delta_mode, cumulative=cumulative, mode=mode
        )
        stop = None
        for step, score in enumerate(stream(generator)):
            verdict = plateau.update(score)
            assert verdict == ignite.update(score)
            assert plateau.num_stale == ignite.handler.counter
            assert plateau.best == ignite.handler.best_score
            if verdict:
                stop = step
                break
        stops.add(stop)
    assert len(stops) > 3, "the streams stop at different steps"


@pytest.mark.parametrize("patience", PATIENCES)
@pytest.mark.parametrize("mode", ["min", "max"])
def test_stop_steps_are_lightnings(mode: Any, patience: int) -> None:
    generator = random.Random(f"{mode} {patience}")
    for _ in range(NUM_STREAMS):
        delta = generator.choice([0.0, 0.00317, 0.0337, 0.1443])
        plateau = Plateau(patience, mode, min_delta=delta)
        stock = pl.callbacks.EarlyStopping("score", delta, patience, mode=mode)
        for score in stream(generator):
            verdict, _ = stock._evaluate_stopping_criteria(torch.tensor(score))
            assert plateau.update(score) == verdict
            assert plateau.num_stale == stock.wait_count
            if verdict:
                break


@pytest.mark.parametrize(
    ("mode", "delta_mode", "cumulative"),
    list(itertools.product(("min", "max"), ("abs", "rel"), (True, False))),
)
def test_a_trainer_stops_where_ignites_does(mode: Any, delta_mode: Any, cumulative: bool) -> None:
    generator = random.Random(f"{mode} {delta_mode} {cumulative}")
    for patience in PATIENCES:
        scores = stream(generator, length=12)
        options: dict[str, Any] = {"mode": mode, "cumulative": cumulative}
        ignite = Ignite(patience, threshold=0.0337, threshold_mode=delta_mode, **options)
        wanted = next((n for n, score in enumerate(scores, 1) if ignite.update(score)), len(scores))
        callback = EarlyStopping("score", 0.0337, patience, delta_mode=delta_mode, **options)
        trainer = pl.Trainer(**QUIET, max_epochs=len(scores), callbacks=[callback])
        trainer.fit(ScoreModule(scores), OneBatch())
        assert trainer.current_epoch == wanted


def stops_at(decision: Any, scores: list[float]) -> int | None:
    return next((step for step, score in enumerate(scores) if decision.update(score)), None)


def test_difference_nan_is_no_improvement() -> None:
    # For Ignite NaN is a new best, and whatever follows beats it: its count starts again.
    scores = [3.0, 2.0, math.nan, 1.0, 1.0, 1.0, 1.0]
    assert stops_at(Ignite(3), scores) == 6
    assert stops_at(Plateau(3, "max", cumulative=False), scores) == 2
    assert stops_at(Plateau(3, "max", cumulative=False, nan="count"), scores) == 3
    assert stops_at(Plateau(3, "max", cumulative=False, nan="ignore"), scores) == 4


def test_difference_a_relative_threshold_of_a_negative_best_asks_for_a_gain() -> None:
    # A tenth of -1.0: Ignite takes everything above -1.1, also what is worse.
    scores = [-1.0, -1.05, -1.1, -1.15, -1.2]
    assert stops_at(Ignite(2, threshold=0.1, threshold_mode="rel", cumulative=True), scores) is None
    kit = Plateau(2, "max", min_delta=0.1, delta_mode="rel")
    assert stops_at(kit, scores) == 2


def test_difference_none_where_the_best_is_zero_any_gain_counts_in_both() -> None:
    # A share of 0 is 0, in Ignite and here: an absolute delta is what such scores need.
    scores = [0.0, 1e-6, 1e-6, 1e-6]
    ignite = Ignite(3, threshold=0.5, threshold_mode="rel", cumulative=True)
    kit = Plateau(3, "max", min_delta=0.5, delta_mode="rel")
    assert stops_at(ignite, scores) is None
    assert stops_at(kit, scores) is None
    assert ignite.handler.counter == kit.num_stale == 2
    assert stops_at(Plateau(3, "max", min_delta=0.5), scores) == 3


def test_difference_ignites_default_moves_the_baseline_lightnings_does_not() -> None:
    scores = [0.0, 0.3, 0.6, 0.9, 1.2]
    assert stops_at(Ignite(2, threshold=0.4), scores) == 2
    assert stops_at(Plateau(2, "max", min_delta=0.4, cumulative=False), scores) == 2
    assert stops_at(Plateau(2, "max", min_delta=0.4), scores) is None
