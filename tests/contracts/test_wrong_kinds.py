"""What is of a wrong kind is refused when a callback, an action or a schedule is built."""

# mypy: disable-error-code="arg-type, list-item, dict-item, misc"
import math
from collections.abc import Callable
from typing import Any

import pytest
from pytorch_lightning import Trainer

from lightning_kit.callbacks import (
    EMA,
    EarlyStopping,
    EndEpoch,
    EpochOutputs,
    EventHandlers,
    ModelCheckpoint,
    OnEvent,
    ParamScheduler,
    RunningAverages,
    TerminateOnNonFinite,
)
from lightning_kit.callbacks.actions import Freeze, SetAttribute, StopTraining, Validate
from lightning_kit.callbacks.exception_rule import Rule
from lightning_kit.meters import EventFilter
from lightning_kit.schedules import Concat, Linear, MultiStep, Piecewise, Warmup

LR = "optimizer.lr"


def constant(k: int) -> float:
    return 1.0


FILTERED: list[Callable[[Any], Any]] = [
    lambda f: EMA(filter=f),
    lambda f: EarlyStopping("vl", filter=f),
    lambda f: EndEpoch(filter=f),
    lambda f: EpochOutputs(filter=f),
    lambda f: ModelCheckpoint(filter=f),
    lambda f: ParamScheduler(LR, constant, filter=f),
    lambda f: RunningAverages(filter=f),
    lambda f: TerminateOnNonFinite(filter=f),
]


@pytest.mark.parametrize("build", FILTERED)
def test_a_filter_may_be_a_dict_as_in_yaml(build: Callable[[Any], Any]) -> None:
    assert build({"every": 2}).filter == EventFilter(every=2)
    assert build(EventFilter(once=3)).filter == EventFilter(once=3)
    with pytest.raises(ValueError, match="filter must be an EventFilter, or a dict of every"):
        build("every")
    with pytest.raises(ValueError, match="filter must have no keys but every, .*, got 'evry'"):
        build({"evry": 2})


def every_argument(a, b, c):  # type: ignore[no-untyped-def]
    pass


WRONG: list[tuple[Callable[..., Any], str]] = [
    # Functions.
    (lambda: ModelCheckpoint(score_function=3), "score_function must be a function of .*, got 3"),
    (
        lambda: ModelCheckpoint(score_function=lambda t: 1.0),
        r"score_function must take \(trainer, pl_module\), got .*\(t\)",
    ),
    (
        lambda: EarlyStopping(score_function=lambda t: 1.0),
        r"score_function must take \(trainer, pl_module\), got .*\(t\)",
    ),
    (lambda: ModelCheckpoint(on_saved=3), r"on_saved must be a function of .*path\), got 3"),
    (lambda: RunningAverages({"a": 3}), r"keys\['a'\] must be a function of \(outputs\), got 3"),
    (lambda: Validate("x"), "dataloaders must be a function .*, got 'x'"),
    (lambda: ParamScheduler(LR, Linear), "schedule must be a function, got the class Linear"),
    (lambda: ParamScheduler(LR, lambda: 1), r"schedule must take \(k\)"),
    (lambda: EpochOutputs(consumer=3), r"consumer must be a function of \(output\), got 3"),
    (lambda: EpochOutputs(transform=lambda: 3), r"transform must take \(outputs\)"),
    (lambda: OnEvent(StopTraining, "started"), "action must be a function, got the class StopTra"),
    (lambda: OnEvent(print, "started", when=lambda e, n: True), r"when must take \(count\)"),
    (lambda: Warmup(Linear, 0.0, 3), "then must be a function, got the class Linear"),
    (lambda: Concat([Linear, constant], [3]), "schedules must be .*, got the class Linear"),
    # Names.
    (lambda: ModelCheckpoint(modules="net"), "modules must be a list of names, got 'net'"),
    (lambda: RunningAverages([1]), r"keys must be a list of different keys, .*, got \[1\]"),
    (lambda: OnEvent(print, 3), "event must be a name or a list of names, got 3"),
    (lambda: OnEvent(print, [3]), "event must be one of .*, got 3"),
    (lambda: SetAttribute(3, 1), "target must be .*, got 3"),
    (lambda: ParamScheduler(3, constant), "target must be .*, got 3"),
    (lambda: Freeze(3), "names must be names or patterns of submodules, got 3"),
    (lambda: Freeze([3]), r"names must be names or patterns of submodules, got \[3\]"),
    (lambda: EarlyStopping(3), "monitor must be a key or a list of keys, got 3"),
    (lambda: EarlyStopping([3]), r"monitor must be a key or a list of keys, got \[3\]"),
    (lambda: EarlyStopping("vl", mode=3), "mode must be one of .*, got 3"),
    (lambda: ModelCheckpoint(monitor=3), "monitor must be a key, got 3"),
    # Numbers.
    (lambda: ParamScheduler(LR, constant, groups=0), "groups must be a list of indices, got 0"),
    (lambda: ParamScheduler(LR, constant, groups=[0.5]), "groups must be a whole number"),
    (lambda: EarlyStopping("vl", patience="3"), "patience must be a whole number, .*, got '3'"),
    (lambda: EarlyStopping("vl", patience=1.5), "patience must be a whole number, .*, got 1.5"),
    (lambda: EarlyStopping("vl", patience=-1), "patience must be at least 0 checks, got -1"),
    (lambda: EarlyStopping("vl", start_after=1.5), "start_after must be a whole number"),
    (lambda: EarlyStopping("vl", min_delta=math.nan), "min_delta must be a finite number, got nan"),
    (lambda: EarlyStopping("vl", min_delta="1"), "min_delta must be a finite number, got '1'"),
    (lambda: EarlyStopping("vl", stopping_threshold="1"), "stopping_threshold must be a number"),
    (lambda: EarlyStopping("vl", divergence_threshold=math.nan), "divergence_threshold must be a"),
    (
        lambda: TerminateOnNonFinite(action="skip_step", max_skips=1.5),
        "max_skips must be a whole number, .*, got 1.5",
    ),
    (
        lambda: TerminateOnNonFinite(dump_dir="dumps", max_dumps=1.5),
        "max_dumps must be a whole number, .*, got 1.5",
    ),
    (lambda: TerminateOnNonFinite(check=3), "check must name some of .*, got 3"),
    (lambda: TerminateOnNonFinite(check="loss"), "check must name some of .*, got 'loss'"),
    (lambda: ModelCheckpoint(keep_last=1.5), "keep_last must be a whole number"),
    (lambda: ModelCheckpoint(save_top_k=1.5), "save_top_k must be a whole number, .*, got 1.5"),
    (lambda: ModelCheckpoint(every_n_epochs="2"), "every_n_epochs must be a whole number"),
    (lambda: ModelCheckpoint(every_n_train_steps=1.5), "every_n_train_steps must be a whole"),
    (lambda: EMA(decay="0.9"), "decay must be at least 0 and below 1, got '0.9'"),
    (lambda: EMA(momentum="0.9"), "momentum must be above 0 and at most 1, got '0.9'"),
    (
        lambda: EMA(momentum_warmup=0.5, warmup_iters=1.5),
        "warmup_iters must be a whole number, .*, got 1.5",
    ),
    (
        lambda: EMA(momentum_warmup="0.5", warmup_iters=2),
        "momentum_warmup must be above 0 and at most 1, got '0.5'",
    ),
    (lambda: Rule("RuntimeError", "stop", max_times=1.5), "max_times must be a whole number"),
    (lambda: RunningAverages(alpha="0.9"), r"alpha must be in \(0, 1\], got '0.9'"),
    (lambda: MultiStep(1, 3, 0.1), "milestones must be a list of events, got 3"),
    (lambda: Piecewise(3), r"milestones must be a list of pairs \(event, value\), got 3"),
    (lambda: Concat([constant, constant], 3), "durations must be a list of events, got 3"),
    (lambda: Concat(3, [3]), "schedules must be a list of schedules, got 3"),
    # What Lightning says in a class of its own.
    (lambda: ModelCheckpoint(mode="mx"), "mode must be 'min' or 'max', got 'mx'"),
    (lambda: ModelCheckpoint(save_top_k=2), "save_top_k=2 .*name a monitor"),
    (lambda: ModelCheckpoint(save_top_k=-2), "save_top_k must be at least -1, got -2"),
    (lambda: ModelCheckpoint(every_n_epochs=-1), "every_n_epochs must be at least 0, got -1"),
    (
        lambda: ModelCheckpoint(every_n_epochs=1, every_n_train_steps=1),
        "every_n_train_steps=1 and every_n_epochs=1 .* leave one out",
    ),
    # What could have no effect.
    (lambda: OnEvent(EndEpoch(), "started"), "action EndEpoch has no effect at 'started'"),
    (
        lambda: OnEvent(EndEpoch(), ["iteration_completed", "epoch_completed"]),
        "action EndEpoch has no effect at 'epoch_completed'",
    ),
    (lambda: EndEpoch({"once": 1}, event="completed"), "EndEpoch has no effect at 'completed'"),
    (lambda: OnEvent(StopTraining(), "completed"), "StopTraining has no effect at 'completed'"),
    (
        lambda: EventHandlers().on("completed")(StopTraining()),
        "handler StopTraining has no effect at 'completed'",
    ),
    (
        lambda: OnEvent(every_argument, "started"),
        r"action must take \(trainer, pl_module\) or fewer at 'started', got every_argument\(a",
    ),
    (
        lambda: EventHandlers().on("own:mine")(every_argument),
        r"handler must take \(trainer, pl_module\) or fewer at 'mine'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("build", "message"), WRONG)
def test_it_is_refused_when_built(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_what_is_right_is_taken() -> None:
    def saved(trainer: Trainer, path: str) -> None:
        pass

    assert OnEvent(every_argument, "exception_raised")
    assert OnEvent(EndEpoch(), ["epoch_started", "own:mine"])
    assert ModelCheckpoint(on_saved=saved, score_function=lambda t, m: 1.0, save_top_k=2)
    assert EarlyStopping("vl", min_delta=-0.1, stopping_threshold=math.inf, patience=0)
    assert RunningAverages({"a": max}, filter={"every": 2})
    assert ParamScheduler(LR, Linear(0.0, 1.0, 2), groups=[0, 1])
