"""EarlyStopping: Lightning's decisions where nothing is asked for, the kit's options, its mends."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from conftest import Run
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from programs.ranks import two_ranks
from programs.scores import OneBatch, ScoreModule, StepScores
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.callbacks.early_stopping import EarlyStoppingReason as Reason

from lightning_kit.callbacks.actions import Validate
from lightning_kit.callbacks.early_stopping import EarlyStopping
from lightning_kit.callbacks.ema import EMA
from lightning_kit.callbacks.end_epoch import end_epoch
from lightning_kit.callbacks.exception_policy import ExceptionPolicy
from lightning_kit.callbacks.exception_rule import Rule
from lightning_kit.callbacks.last_outputs import last_outputs
from lightning_kit.callbacks.on_event import OnEvent
from lightning_kit.callbacks.unlogged_key import UnloggedKey
from lightning_kit.meters import EventFilter
from lightning_kit.runs.stopping import stop_reason

NAN, INF = math.nan, math.inf
pytestmark = pytest.mark.filterwarnings("ignore:Checkpoint directory .* is not empty:UserWarning")


def fit(
    callback: pl.Callback,
    scores: list[float],
    other: list[float] | None = None,
    ckpt_path: Any = None,
    **trainer: Any,
) -> pl.Trainer:
    callbacks = [callback, *trainer.pop("callbacks", [])]
    built = pl.Trainer(**{**QUIET, "max_epochs": len(scores), **trainer}, callbacks=callbacks)
    built.fit(ScoreModule(scores, other), OneBatch(), ckpt_path=ckpt_path)
    return built


def epochs(callback: pl.Callback, scores: list[float], *args: Any, **trainer: Any) -> int:
    return fit(callback, scores, *args, **trainer).current_epoch


STREAMS = [
    [5.0, 4.0, 4.5, 4.2, 3.0, 2.0],
    [5.0, 5.0, 5.0, 5.0, 5.0, 5.0],
    [5.0, 4.0, NAN, 1.0, 1.0, 1.0],
    [5.0, 4.0, -INF, 1.0, 1.0, 1.0],
    [5.0, 4.95, 4.9, 4.85, 4.8, 4.75],
    [5.0, 4.0, 0.5, 1.0, 1.0, 1.0],
    [5.0, 9.0, 0.5, 1.0, 1.0, 1.0],
]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"patience": 1},
    {"patience": 0},
    {"patience": 2, "min_delta": 0.3},
    {"mode": "max", "patience": 1},
    {"check_finite": False, "patience": 2},
    {"stopping_threshold": 1.0},
    {"divergence_threshold": 8.0},
    {"check_on_train_epoch_end": False, "patience": 2},
]


def same(mine: dict[str, Any], stocks: dict[str, Any]) -> None:
    assert mine.keys() == stocks.keys()
    for key, value in stocks.items():
        if isinstance(value, torch.Tensor):
            assert mine[key].dtype == value.dtype
            torch.testing.assert_close(mine[key], value, rtol=0, atol=0, equal_nan=True)
        else:
            assert mine[key] == value, key


class Stock(pl.callbacks.EarlyStopping):
    """Lightning's under a name of its own: one trainer takes no two of the same state key."""


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_without_a_new_option_it_is_lightnings_to_the_bit(settings: dict[str, Any]) -> None:
    for scores in STREAMS:
        mine, stock = EarlyStopping("score", **settings), Stock("score", **settings)
        # In one trainer, whoever stops first leaves the others without their stop.
        kits = dict(settings)
        on_epoch = kits.pop("check_on_train_epoch_end", True)
        kit = EarlyStopping("score", check_on="epoch" if on_epoch else "validation", **kits)
        assert kit.judge is not None
        epochs(mine, scores, callbacks=[kit, stock])
        same(mine.state_dict(), stock.state_dict())
        assert mine.state_key == stock.state_key.replace("Stock", "EarlyStopping")
        if "check_finite" in settings and -INF in scores:
            continue  # Lightning takes it for the best score for ever, a plateau counts it
        assert kit.wait_count == stock.wait_count
        assert kit.stopping_reason == stock.stopping_reason
        assert kit.stopped_epoch == stock.stopped_epoch
        torch.testing.assert_close(kit.best_score, stock.best_score.double(), rtol=0, atol=0)


def test_a_verdict_before_min_epochs_is_taken_again() -> None:
    # Two checks without a gain at epoch 4, gains until 7, two without at 9.
    scores = [5.0, 4.0, 4.5, 4.2, 3.0, 2.0, 1.0, 1.5, 1.6, 1.7, 8.0, 9.0]
    mine = EarlyStopping("score", patience=2)
    assert epochs(mine, scores, min_epochs=6) == 9
    assert epochs(pl.callbacks.EarlyStopping("score", patience=2), scores, min_epochs=6) == 6
    assert mine.stopping_reason == Reason.PATIENCE_EXHAUSTED

    withdrawn = EarlyStopping("score", patience=2)
    assert epochs(withdrawn, scores[:7], min_epochs=6) == 7
    assert (withdrawn.stopping_reason, withdrawn.stopping_reason_message) == (
        Reason.NOT_STOPPED,
        None,
    )


@pytest.mark.parametrize("check_on", ["validation", "epoch"])
def test_a_verdict_that_holds_ends_the_fit_when_min_epochs_are_met(check_on: Any) -> None:
    scores = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    callback = EarlyStopping("score", patience=1, check_on=check_on)
    assert epochs(callback, scores, min_epochs=4) == 4


@pytest.mark.parametrize("manual", [False, True])
@pytest.mark.parametrize("bad", [0, 2])
def test_a_batch_that_was_skipped_is_no_check(bad: int, manual: bool) -> None:
    class Breaking(PlainModule):
        automatic_optimization = not manual

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            if batch_idx == bad:
                raise OSError("cursed")
            return {"loss": super().training_step(batch, batch_idx), "number": batch_idx}

    # The scores rise at every batch but the one that is not there.
    callback = EarlyStopping(
        score_function=lambda trainer, _: last_outputs(trainer)["number"],
        mode="max", patience=1, check_on="step",
    )  # fmt: skip
    policy = ExceptionPolicy([Rule("OSError", "skip_batch", max_times=1)])
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[policy, callback])
    trainer.fit(Breaking(), PlainData())
    assert (callback.num_checks, callback.wait_count, float(callback.best_score)) == (4, 0, 4.0)


def test_a_verdict_waits_for_min_steps() -> None:
    callback = EarlyStopping("score", patience=1, check_on="step")
    trainer = pl.Trainer(**QUIET, max_epochs=4, min_steps=7, callbacks=[callback])
    # Batches 2 and 3 are worse, 4 is better, then none is.
    trainer.fit(StepScores([3.0, 4.0, 4.0, 2.0, *[9.0] * 20]), PlainData())
    assert trainer.global_step == 7


def test_patience_is_yamls_after_a_resume_and_the_count_is_kept(tmp_path: Path) -> None:
    scores = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    saver = ModelCheckpoint(tmp_path, filename="{epoch}", save_top_k=-1)
    options: dict[str, Any] = {"enable_checkpointing": True}
    fit(EarlyStopping("score", patience=9), scores, callbacks=[saver], **options)
    again = EarlyStopping("score", patience=4)
    # Epoch 3 ended with two checks without a gain: two more are left.
    trainer = fit(again, scores, ckpt_path=tmp_path / "epoch=2.ckpt", callbacks=[saver], **options)
    assert (trainer.current_epoch, again.patience, again.wait_count) == (5, 4, 4)


class Saves(pl.Callback):
    """Save when a validation of an epoch ends, where the Trainer leaves it among callbacks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        if not trainer.sanity_checking:
            trainer.save_checkpoint(self.folder / f"{trainer.current_epoch + 1}.ckpt")


@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before")
@pytest.mark.parametrize("new", [{}, {"nan": "stop"}], ids=["lightning decides", "kit decides"])
@pytest.mark.parametrize("check_on", ["epoch", "validation"])
@pytest.mark.parametrize("is_first", [True, False], ids=["saved before", "saved after"])
def test_no_check_is_lost_or_made_twice_after_a_resume_from_a_validations_end(
    is_first: bool, check_on: Any, new: dict[str, Any], tmp_path: Path
) -> None:
    # The best is the second; three are worse: epoch 5 is the last.
    scores = [5.0, 4.0, 6.0, 6.0, 6.0, 6.0, 6.0]
    whole, saves = EarlyStopping("score", patience=3, check_on=check_on, **new), Saves(tmp_path)
    callbacks = [saves, whole] if is_first else [whole, saves]
    trainer = pl.Trainer(**QUIET, max_epochs=7, callbacks=callbacks)
    trainer.fit(ScoreModule(scores), OneBatch())
    assert trainer.current_epoch == 5
    # Behind the last verdict, a run that stopped goes on where it is told to.
    was_told = check_on == "validation" and not is_first
    for epoch in range(1, 5 if was_told else 6):
        rest = EarlyStopping("score", patience=3, check_on=check_on, **new)
        path = tmp_path / f"{epoch}.ckpt"
        assert torch.load(path, weights_only=True)
        assert epochs(rest, scores, ckpt_path=path) == 5
        assert (rest.wait_count, float(rest.best_score)) == (3, 4.0)
        assert rest.num_checks == whole.num_checks or not new


@pytest.mark.parametrize(
    ("check_on", "every"), [("epoch", 1), ("epoch", 2), ("step", 1), ("step", 2)]
)
def test_a_score_from_before_a_resume_is_judged_once(
    check_on: Any, every: int, tmp_path: Path
) -> None:
    """Five batches an epoch; each score is a gain, so that only looking twice could stop."""

    def run(epochs: int, path: Any = None) -> EarlyStopping:
        stopping = EarlyStopping("score", patience=1, check_on=check_on, nan="stop")
        saver = ModelCheckpoint(tmp_path, "{epoch}", "score", save_top_k=-1)
        options: dict[str, Any] = {**QUIET, "enable_checkpointing": True}
        options |= {"max_epochs": epochs, "check_val_every_n_epoch": every}
        trainer = pl.Trainer(**options, callbacks=[saver, stopping])
        scores = [8.0, 7.0, 6.0, 5.0, 4.0, 3.0]
        trainer.fit(ScoreModule(scores), PlainData(), ckpt_path=path)
        assert trainer.current_epoch == epochs
        return stopping

    half = run(2)
    saved = tmp_path / "epoch=1.ckpt"
    rest, whole = run(6, saved), run(6)
    assert half.num_checks < whole.num_checks
    assert rest.num_checks == whole.num_checks
    assert rest.best_score == whole.best_score


@pytest.mark.parametrize("check_on", ["epoch", "step", "validation"])
def test_a_score_of_other_loaders_is_judged_once_each_time(check_on: Any) -> None:
    """Three validations on other loaders in six epochs of five batches, the first in the third."""

    def run(monitor: str) -> EarlyStopping:
        acts = OnEvent(Validate(PlainData().val_dataloader, "other"), "iteration_completed")
        acts.filter = EventFilter(once=[12, 13, 23])
        stopping = EarlyStopping(monitor, patience=3, check_on=check_on, nan="stop")
        trainer = pl.Trainer(**QUIET, max_epochs=6, callbacks=[acts, stopping])
        trainer.fit(ScoreModule([1.0] * 6), PlainData())
        assert trainer.current_epoch == 6
        return stopping

    # At an epoch's end two have become one score.
    assert run("other/score").num_checks == (3 if check_on == "step" else 2)
    with pytest.raises(UnloggedKey, match="`other/scoer` which is not available"):
        run("other/scoer")


@pytest.mark.parametrize("new", [{}, {"nan": "stop"}], ids=["lightning decides", "kit decides"])
def test_lightnings_own_checkpoint_loads(new: dict[str, Any], tmp_path: Path) -> None:
    scores = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    saver = ModelCheckpoint(tmp_path, filename="{epoch}", save_top_k=-1)
    options: dict[str, Any] = {"enable_checkpointing": True, "callbacks": [saver]}
    fit(pl.callbacks.EarlyStopping("score", patience=9), scores, **options)
    callback = EarlyStopping("score", patience=4, **new)
    options = {"enable_checkpointing": True, "callbacks": [saver]}
    trainer = fit(callback, scores, ckpt_path=tmp_path / "epoch=2.ckpt", **options)
    assert (trainer.current_epoch, callback.wait_count) == (5, 4)
    assert float(callback.best_score) == 1.0


def test_relative_delta_counts_from_the_size_of_the_best() -> None:
    # A tenth of 1.0, then a tenth of 0.8: 0.75 is no gain.
    scores = [1.0, 0.8, 0.75, 0.74, 0.73, 0.0]
    assert epochs(EarlyStopping("score", 0.1, 2, delta_mode="rel"), scores) == 4
    assert epochs(EarlyStopping("score", 0.1, 9, delta_mode="rel"), scores) == 6


def test_small_gains_do_not_add_up_where_not_cumulative() -> None:
    scores = [0.0, 0.3, 0.6, 0.9, 1.2]
    arguments: dict[str, Any] = {"min_delta": 0.4, "patience": 2, "mode": "max"}
    assert epochs(EarlyStopping("score", cumulative=False, **arguments), scores) == 3
    assert epochs(EarlyStopping("score", 0.4, 2, preset="ignite"), scores) == 3
    assert epochs(EarlyStopping("score", **arguments), scores) == 5


def test_the_first_checks_are_not_counted() -> None:
    # Without the first two, 3.0 is the best until 2.0.
    scores = [1.0, NAN, 3.0, 2.0, 2.5, 2.5, 2.5]
    callback = EarlyStopping("score", patience=2, start_after=2)
    assert epochs(callback, scores) == 6
    assert callback.state_dict()["num_checks"] == 6


@pytest.mark.parametrize(("nan", "wanted"), [("stop", 2), ("count", 4), ("ignore", 5)])
def test_what_a_score_that_is_not_finite_does(nan: Any, wanted: int) -> None:
    scores = [5.0, NAN, 5.0, 6.0, 6.0, 6.0, 6.0]
    assert epochs(EarlyStopping("score", patience=3, nan=nan), scores) == wanted


@pytest.mark.parametrize(("combine", "wanted"), [("any", 3), ("all", 5), (None, 3)])
def test_several_monitors(combine: Any, wanted: int) -> None:
    scores = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    other = [1.0, 2.0, 3.0, 3.0, 3.0, 3.0]
    callback = EarlyStopping(["score", "other"], patience=2, mode=["min", "max"], combine=combine)
    trainer = fit(callback, scores, other)
    assert trainer.current_epoch == wanted
    reason = stop_reason(trainer) or ""
    assert "score did not improve in the last" in reason
    assert ("other did not improve" in reason) == (wanted == 5)


def last_loss(trainer: pl.Trainer, pl_module: pl.LightningModule) -> float:
    return -float(last_outputs(trainer)["loss"])


def test_a_function_gives_the_score() -> None:
    seen: list[float] = []

    def score(trainer: pl.Trainer, pl_module: pl.LightningModule) -> float:
        seen.append(last_loss(trainer, pl_module))
        return 0.0

    callback = EarlyStopping(score_function=score, patience=2, mode="max")
    trainer = pl.Trainer(**QUIET, max_epochs=9, callbacks=[callback])
    trainer.fit(PlainModule(), PlainData())
    assert trainer.current_epoch == len(seen) == 3
    assert all(each < 0 for each in seen)
    assert "score" in callback.state_key


def test_checks_at_steps_that_the_filter_picks() -> None:
    callback = EarlyStopping("score", patience=2, check_on="step", filter=EventFilter(every=3))
    trainer = pl.Trainer(**QUIET, max_epochs=9, callbacks=[callback])
    # Iterations 3, 6, 9, 12 are looked at: 7, 1, 2, 2.
    scores = [0.0, 0.0, 7.0, 9.0, 9.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 2.0, *[0.0] * 40]
    trainer.fit(StepScores(scores), PlainData())
    assert trainer.fit_loop.total_batch_idx + 1 == 12
    assert callback.state_dict()["num_checks"] == 4


def test_checks_in_epochs_that_the_filter_picks() -> None:
    scores = [1.0, 9.0, 2.0, 9.0, 2.0, 9.0]
    callback = EarlyStopping("score", patience=2, filter=EventFilter(every=2, after=0))
    assert epochs(callback, scores) == 5


def test_each_validation_is_a_check_where_there_are_several_in_an_epoch() -> None:
    class Halves(PlainModule):
        validations = 0

        def on_validation_epoch_end(self) -> None:
            self.validations += 1
            self.log("score", float(self.validations))

    for new in ({}, {"nan": "stop"}):
        callback = EarlyStopping("score", patience=2, **new)  # type: ignore[arg-type]
        trainer = pl.Trainer(
            **QUIET,
            max_epochs=9,
            val_check_interval=0.5,
            num_sanity_val_steps=0,
            callbacks=[callback],
        )
        trainer.fit(Halves(), PlainData(batch_size=4))
        # Validations after batches 5 and 10, and 5 of the second epoch, where it ends.
        assert trainer.global_step == 15


class Recorded(ScoreModule):
    """Keep the weights of each epoch."""

    def on_train_epoch_end(self) -> None:
        self.kept = [
            *getattr(self, "kept", []),
            self.get_parameter("net.1.weight").detach().clone(),
        ]


def test_the_best_weights_are_back_when_fit_returns(tmp_path: Path) -> None:
    scores = [5.0, 3.0, 4.0, 4.0, 4.0, 4.0]
    saver = ModelCheckpoint(tmp_path, filename="{epoch}", save_top_k=-1)
    module = Recorded(scores)
    options = {**QUIET, "enable_checkpointing": True, "max_epochs": 6}
    callback = EarlyStopping("score", patience=2, restore_best=True)
    pl.Trainer(**options, callbacks=[callback, saver]).fit(module, OneBatch())
    assert len(module.kept) == 4
    assert torch.equal(module.get_parameter("net.1.weight"), module.kept[1])
    # The trainer's own checkpoint is of the last epoch, not of mixed state.
    last = torch.load(tmp_path / "epoch=3.ckpt", weights_only=True)
    assert torch.equal(last["state_dict"]["net.1.weight"], module.kept[3])

    resumed = Recorded(scores)
    callback = EarlyStopping("score", patience=2, restore_best=True)
    trainer = pl.Trainer(**options, callbacks=[callback, saver])
    trainer.fit(resumed, OneBatch(), ckpt_path=tmp_path / "epoch=2.ckpt", weights_only=True)
    assert trainer.current_epoch == 4
    assert torch.equal(resumed.get_parameter("net.1.weight"), module.kept[1])


class Validated(pl.Callback):
    """Keep the weights and the score of each validation."""

    def __init__(self) -> None:
        self.weights: list[dict[str, torch.Tensor]] = []
        self.scores: list[float] = []

    def on_validation_batch_start(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        self.weights.append({k: v.clone() for k, v in pl_module.state_dict().items()})

    def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self.scores.append(float(trainer.callback_metrics["score"]))


class Averages(pl.callbacks.WeightAveraging):
    """Lightning's own average, at each step."""

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        return step_idx is not None


@pytest.mark.parametrize("check_on", [None, "validation"])
@pytest.mark.parametrize("is_first", [True, False], ids=["average first", "average last"])
@pytest.mark.parametrize(
    "average",
    [
        lambda: EMA(0.5),
        lambda: EMA(0.5, final="raw"),
        lambda: EMA(0.5, validate_with="raw"),
        Averages,
    ],
    ids=["ema", "ema, final raw", "ema, validates raw", "lightning's"],
)
def test_the_best_weights_are_those_that_validation_scored(
    average: Any, is_first: bool, check_on: Any
) -> None:
    stopping = EarlyStopping("score", patience=9, restore_best=True, check_on=check_on)
    seen, module = Validated(), ScoreModule([5.0, 3.0, 4.0, 4.0])
    pair = [average(), stopping] if is_first else [stopping, average()]
    options = {**QUIET, "max_epochs": 4, "num_sanity_val_steps": 0}
    pl.Trainer(**options, callbacks=[*pair, seen]).fit(module, OneBatch())
    assert (seen.scores, len(seen.weights)) == ([5.0, 3.0, 4.0, 4.0], 4)
    torch.testing.assert_close(dict(module.state_dict()), seen.weights[1], rtol=0, atol=0)


def test_the_best_weights_for_a_score_of_training_are_those_that_trained() -> None:
    class Trained(StepScores):
        def on_train_epoch_end(self) -> None:
            self.kept = {k: v.clone() for k, v in self.state_dict().items()}

    stopping = EarlyStopping("score", patience=9, restore_best=True)
    module = Trained([*range(40, 0, -1)])
    pl.Trainer(**QUIET, max_epochs=2, callbacks=[EMA(0.5), stopping]).fit(module, PlainData())
    torch.testing.assert_close(dict(module.state_dict()), module.kept, rtol=0, atol=0)


def test_a_second_fit_starts_afresh_where_the_kit_decides() -> None:
    stopping = EarlyStopping("score", patience=3, restore_best=True)
    first = ScoreModule([1.0, 0.1, 0.5])
    pl.Trainer(**QUIET, max_epochs=3, callbacks=[stopping]).fit(first, OneBatch())
    second = Recorded([1.0, 0.9, 0.8, 0.7, 0.9, 0.9])
    trainer = pl.Trainer(**QUIET, max_epochs=6, callbacks=[stopping])
    trainer.fit(second, OneBatch())
    assert (trainer.current_epoch, stopping.num_checks, stopping.wait_count) == (6, 6, 2)
    assert float(stopping.best_score) == 0.7
    assert torch.equal(second.get_parameter("net.1.weight"), second.kept[3])


def test_a_fit_that_goes_on_with_its_trainer_keeps_the_count() -> None:
    stopping = EarlyStopping("score", patience=3, nan="stop")
    module = ScoreModule([1.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=[stopping])
    trainer.fit(module, OneBatch())
    trainer.fit_loop.max_epochs = 6
    trainer.fit(module, OneBatch())
    assert (trainer.current_epoch, stopping.num_checks) == (4, 4)


@pytest.mark.parametrize("new", [{}, {"nan": "stop"}], ids=["lightning decides", "kit decides"])
@pytest.mark.parametrize("cut", [0, 1], ids=["first epoch", "second epoch"])
@pytest.mark.parametrize("sanity", [0, 2])
def test_a_score_is_judged_once_where_an_epoch_ends_without_validation(
    new: dict[str, Any], cut: int, sanity: int
) -> None:
    class Cut(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            if cut <= trainer.current_epoch <= cut + 1 and args[-1] == 0:
                end_epoch(trainer, validate=False)

    scores = [1.0, 2.0, 3.0, 0.9, 2.0, 2.0, 2.0, 2.0]
    # Without epochs 1 and 2: 3.0, 0.9, then two worse; without 2 and 3: 1.0, 0.9, two worse.
    stopping = EarlyStopping("score", patience=2, **new)
    options = {**QUIET, "max_epochs": 8, "num_sanity_val_steps": sanity}
    trainer = pl.Trainer(**options, callbacks=[Cut(), stopping])
    trainer.fit(ScoreModule(scores), PlainData())
    assert (trainer.current_epoch, stopping.wait_count) == (6, 2)


def test_a_score_of_training_is_judged_each_epoch_without_validation() -> None:
    class Both(PlainModule):
        def _step(self, batch: Any, stage: str) -> torch.Tensor:
            self.log("score", 1.0, on_step=False, on_epoch=True)
            return super()._step(batch, stage)

    stopping = EarlyStopping("score", patience=2)
    options: dict[str, Any] = {**QUIET, "check_val_every_n_epoch": 2}
    stopping_on_epoch = EarlyStopping("score", patience=3, check_on="epoch")
    trainer = pl.Trainer(**options, max_epochs=9, callbacks=[stopping, stopping_on_epoch])
    trainer.fit(Both(), PlainData())
    assert (trainer.current_epoch, stopping_on_epoch.wait_count) == (4, 3)


class Logs(PlainModule):
    """``fine`` by step and epoch, ``rough`` by epoch beside ``rough_step``, ``late`` by validation.

    Five batches an epoch.
    """

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        self.log("fine", 1.0, on_step=True, on_epoch=True)
        self.log("rough", 1.0, on_step=False, on_epoch=True)
        self.log("rough_step", 1.0)
        return super().training_step(batch, batch_idx)

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("late", 1.0)


@pytest.mark.parametrize(
    ("monitor", "checks"), [("fine", 20), ("rough", 3), ("late", 1), (["fine", "late"], 1)]
)
def test_a_step_waits_for_what_is_logged_later(
    caplog: pytest.LogCaptureFixture, monitor: Any, checks: int
) -> None:
    """Four epochs with a validation after the second and the fourth, which no step follows."""
    stopping = EarlyStopping(monitor, patience=99, check_on="step")
    options: dict[str, Any] = {**QUIET, "max_epochs": 4, "check_val_every_n_epoch": 2}
    with caplog.at_level("INFO", logger="lightning_kit"):
        pl.Trainer(**options, callbacks=[stopping]).fit(Logs(), PlainData())
    assert stopping.num_checks == checks
    said = "checks rough once an epoch, when it is logged; rough_step is logged at each step"
    assert caplog.text.count(said) == (monitor == "rough")


@pytest.mark.parametrize(
    ("monitor", "options", "epoch"),
    [("lat", {}, 1), ("lat", {"limit_val_batches": 0}, 0), ("late", {"limit_val_batches": 0}, 0)],
)
def test_a_step_tells_of_a_key_that_is_never_logged_once_all_are(
    monitor: str, options: dict[str, Any], epoch: int
) -> None:
    stopping = EarlyStopping(monitor, check_on="step")
    settings: dict[str, Any] = {**QUIET, "max_epochs": 4, "check_val_every_n_epoch": 2, **options}
    trainer = pl.Trainer(**settings, callbacks=[stopping])
    with pytest.raises(UnloggedKey, match=f"`{monitor}` which is not available.*`fine`"):
        trainer.fit(Logs(), PlainData())
    assert trainer.current_epoch == epoch


@pytest.mark.parametrize("check_on", ["step", "epoch"])
def test_a_resume_without_validation_tells_of_its_key(check_on: Any, tmp_path: Path) -> None:
    def fit(path: Path | None, **options: Any) -> None:
        stopping = EarlyStopping("late", patience=99, check_on=check_on)
        trainer = pl.Trainer(**QUIET, **options, callbacks=[stopping])
        trainer.fit(Logs(), PlainData(), ckpt_path=path)
        trainer.save_checkpoint(tmp_path / "x.ckpt")

    fit(None, max_epochs=1)
    fit(tmp_path / "x.ckpt", max_epochs=2)
    with pytest.raises(UnloggedKey, match="`late` which is not available"):
        fit(tmp_path / "x.ckpt", max_epochs=4, limit_val_batches=0)


@pytest.mark.parametrize(
    ("settings", "checks"),
    [({"filter": EventFilter(after=7)}, 8), ({"start_after": 4}, 10), ({"start_after": 5}, 10)],
    ids=str,
)
def test_a_step_asks_for_no_key_before_a_check_is_due(
    settings: dict[str, Any], checks: int
) -> None:
    """Five batches an epoch, three epochs; ``aux`` is logged from the second one on."""

    class Late(Logs):
        def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            if self.trainer.current_epoch:
                self.log("aux", 1.0)
            return super().training_step(batch, batch_idx)

    def fit_late(monitor: str) -> EarlyStopping:
        stopping = EarlyStopping(monitor, patience=99, check_on="step", **settings)
        pl.Trainer(**QUIET, max_epochs=3, callbacks=[stopping]).fit(Late(), PlainData())
        return stopping

    assert fit_late("aux").num_checks == checks
    with pytest.raises(UnloggedKey, match="`axu` which is not available"):
        fit_late("axu")


def test_a_key_that_is_never_logged_where_its_steps_are() -> None:
    class Steps(PlainModule):
        def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            self.log("score_step", 1.0)
            return super().training_step(batch, batch_idx)

    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[EarlyStopping("score")])
    with pytest.raises(UnloggedKey, match="; score_step is logged at each step"):
        trainer.fit(Steps(), PlainData())


def test_a_key_that_is_never_logged() -> None:
    for new in ({}, {"nan": "stop"}):
        with pytest.raises(RuntimeError, match="`scoer` which is not available.*`score`"):
            fit(EarlyStopping("scoer", **new), [1.0, 2.0])  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="`scoer` which is not available"):
        fit(EarlyStopping(["score", "scoer"]), [1.0, 2.0])
    assert epochs(EarlyStopping("scoer", strict=False), [1.0, 2.0]) == 2


@pytest.mark.parametrize(
    "monitor", ["val/los", ["val/loss", "val/los"]], ids=["one", "one of several"]
)
def test_the_command_line_says_it_in_one_line(
    kit: Run, plain_recipe: dict[str, Any], monitor: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stopping = {
        "class_path": "lightning_kit.callbacks.EarlyStopping",
        "init_args": {"monitor": monitor},
    }
    plain_recipe["trainer"]["callbacks"] = [stopping]
    Path("small.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "small.yaml") == 2
    said = capsys.readouterr().err
    assert "'val/los' is never logged" in said
    assert "Traceback" not in said


def test_the_reason_reaches_the_record(kit: Run, plain_recipe: dict[str, Any]) -> None:
    stopping = {
        "class_path": "lightning_kit.callbacks.EarlyStopping",
        "init_args": {
            "monitor": "val/loss",
            "mode": "max",
            "delta_mode": "rel",
            "min_delta": 0.1,
            "patience": 1,
            "filter": {"after": 1},
        },
    }
    plain_recipe["trainer"]["callbacks"] = [stopping]
    plain_recipe["trainer"]["max_epochs"] = 9
    Path("small.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "small.yaml") == 0
    record = json.loads(Path("runs/small/latest/run.json").read_text())
    assert (record["status"], record["epoch"]) == ("stopped", 3)
    assert record["stop_reason"].startswith("val/loss did not improve in the last 1 checks (best")


PROGRAM = """
import pytorch_lightning as pl, torch
from origin.stock import QUIET
from programs.scores import OneBatch, ScoreModule
from lightning_kit.callbacks.actions import Validate
from lightning_kit.callbacks.early_stopping import EarlyStopping
from lightning_kit.runs.stopping import stop_reason

nan = float("nan")
def run(mine, **options):
    callback = EarlyStopping("score", **options)
    trainer = pl.Trainer(**QUIET, max_epochs=6, devices=2, strategy="ddp", callbacks=[callback])
    module = ScoreModule(mine)
    kept, weight = [], module.get_parameter("net.1.weight")
    module.on_train_epoch_end = lambda: kept.append(weight.detach().clone())
    trainer.fit(module, OneBatch())
    best = [i for i, each in enumerate(kept) if torch.equal(each, weight)]
    return [trainer.current_epoch, stop_reason(trainer), best]

tell(
    plain=run([5.0, nan if rank else 4.0, 3.0, 2.0, 1.0, 0.0]),
    kit=run([5.0, nan if rank else 4.0, 3.0, 2.0, 1.0, 0.0], nan="stop"),
    # Rank 0's best is the second epoch, rank 1's the fourth, which is not asked.
    best=run([5.0, 1.0, 4.0, 0.0 if rank else 4.0, 4.0, 4.0], patience=3, restore_best=True),
)
"""


def test_two_ranks_stop_together(tmp_path: Path) -> None:
    first, second = two_ranks(PROGRAM, tmp_path)
    for key in ("plain", "kit"):
        assert first[key][:2] == [2, "EarlyStopping of score said so on another rank"]
        assert second[key][0] == 2
        assert "not finite" in second[key][1]
    assert (first["best"][0], first["best"][2]) == (5, [1])
    assert (second["best"][0], second["best"][2]) == (5, [1])


@pytest.mark.parametrize("on_epoch", [None, False])
def test_a_second_fit_waits_anew_for_the_first_validation(on_epoch: bool | None) -> None:
    stopping = EarlyStopping("score", check_on_train_epoch_end=on_epoch, patience=9)
    module, data = ScoreModule([5.0, 4.0, 3.0, 2.0]), OneBatch()
    trainer = pl.Trainer(
        **{**QUIET, "max_epochs": 2, "check_val_every_n_epoch": 2}, callbacks=[stopping]
    )
    trainer.fit(module, data)
    trainer.fit_loop.max_epochs = 4
    trainer.fit(module, data)
    assert trainer.current_epoch == 4
    assert stopping.best_score == 2.0
