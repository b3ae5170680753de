"""EMA averages, saves, validates and leaves the weights that it says."""

import copy
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.buffered import Buffered, loader
from pytorch_lightning.callbacks import EMAWeightAveraging, ModelCheckpoint, WeightAveraging
from torch import Tensor

from lightning_kit.callbacks.ema import EMA
from lightning_kit.callbacks.exception_policy import ExceptionPolicy
from lightning_kit.callbacks.exception_rule import Rule
from lightning_kit.callbacks.model_checkpoint import ModelCheckpoint as KitCheckpoint
from lightning_kit.compat import validate_now
from lightning_kit.meters import EventFilter

State = dict[str, Tensor]
pytestmark = [
    pytest.mark.filterwarnings("ignore:The checkpoint was not created with WeightAveraging"),
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`, callbacks"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
]


def copied(module: torch.nn.Module | None) -> State:
    assert module is not None
    return copy.deepcopy(dict(module.state_dict()))


class Record(pl.Callback):
    """Both models after every batch, and what validation saw."""

    def __init__(self) -> None:
        self.raw: list[State] = []
        self.averaged: list[State] = []
        self.validated: list[State] = []

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: Any, *args: Any) -> None:
        (callback,) = (each for each in trainer.callbacks if isinstance(each, WeightAveraging))  # type: ignore[attr-defined]
        assert callback._average_model is not None
        self.raw.append(copied(pl_module))
        self.averaged.append(copied(callback._average_model.module))

    def on_validation_batch_start(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        self.validated.append(copied(pl_module))


def fit(
    callback: WeightAveraging,
    *others: pl.Callback,
    module: Buffered | None = None,
    ckpt_path: Any = None,
    **options: Any,
) -> tuple[Record, Buffered, pl.Trainer]:
    record, module = Record(), module or Buffered()
    settings = {**QUIET, "max_epochs": 2, "num_sanity_val_steps": 0, **options}
    trainer = pl.Trainer(
        **{
            **settings,
            "callbacks": [callback, record, *others],
            "enable_checkpointing": any(isinstance(each, ModelCheckpoint) for each in others),
        }
    )
    trainer.fit(module, loader(), loader(), ckpt_path=ckpt_path)
    return record, module, trainer


def same(found: Any, wanted: Any) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def without_whole_numbers(states: list[State]) -> list[State]:
    return [{k: v for k, v in state.items() if v.is_floating_point()} for state in states]


@pytest.mark.parametrize(
    ("ours", "stock", "accumulated"),
    [
        ({}, {}, 1),
        ({}, {}, 2),
        ({"decay": 0.5}, {"decay": 0.5}, 2),
        ({"decay": 0.5, "use_buffers": False}, {"decay": 0.5, "use_buffers": False}, 1),
        ({"decay": 0.5, "device": "cpu"}, {"decay": 0.5}, 1),
        (
            {"decay": 0.5, "filter": EventFilter(every=3, after=0)},
            {"decay": 0.5, "update_every_n_steps": 3},
            1,
        ),
        (
            {"decay": 0.5, "filter": EventFilter(after=4)},
            {"decay": 0.5, "update_starting_at_step": 4},
            1,
        ),
    ],
)
def test_without_ignites_choices_it_is_lightnings(
    ours: dict[str, Any], stock: dict[str, Any], accumulated: int
) -> None:
    options: dict[str, Any] = {"accumulate_grad_batches": accumulated}
    record, module, _ = fit(EMA(**ours), **options)
    other, its_module, _ = fit(EMAWeightAveraging(**stock), **options)
    for mine, its in (
        (record.raw, other.raw),
        (record.averaged, other.averaged),
        (record.validated, other.validated),
        ([copied(module)], [copied(its_module)]),
    ):
        same(without_whole_numbers(mine), without_whole_numbers(its))


def test_indices_stay_what_they_are_where_lightnings_are_rounded() -> None:
    """0.9 * n + (1 - 0.9) * n is a bit less than some n, and a whole number drops the rest."""
    record, _, _ = fit(EMA(0.9))
    other, _, _ = fit(EMAWeightAveraging(decay=0.9))
    assert torch.equal(record.averaged[-1]["index"], torch.arange(100))
    assert not torch.equal(other.averaged[-1]["index"], torch.arange(100))


@pytest.mark.parametrize(
    ("init", "wanted"), [("copy", [2.0, 2.5, 3.25, 4.125]), ("blend", [1.5, 2.25, 3.125, 4.0625])]
)
def test_the_first_update_copies_or_blends(init: Any, wanted: list[float]) -> None:
    """Weights 1 (before training), then 2, 3, 4, 5; half of the past and half of the new."""

    class Counting(Buffered):
        def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
            self.last.bias.data.fill_(batch_idx + 2)

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.0)

    module = Counting()
    module.last.bias.data.fill_(1)
    record, _, _ = fit(EMA(0.5, init=init), module=module, max_epochs=1, limit_train_batches=4)
    assert [float(state["last.bias"][0]) for state in record.averaged] == wanted


def updates(record: Record) -> list[int]:
    """The iterations at which the average moved."""
    biases = [state["net.0.weight"] for state in record.averaged]
    moved = [not torch.equal(a, b) for a, b in zip(biases[1:], biases[:-1], strict=True)]
    return [number for number, is_moved in enumerate(moved, start=2) if is_moved]


@pytest.mark.parametrize(
    ("arguments", "accumulated", "wanted"),
    [
        ({"filter": EventFilter(every=2)}, 1, [2, 4, 6, 8, 10]),
        ({"filter": EventFilter(every=2, after=0)}, 1, [3, 5, 7, 9]),
        ({"filter": EventFilter(after=6)}, 1, [7, 8, 9, 10]),
        # Steps come at iterations 2, 4 and, an epoch's last, 5.
        ({}, 2, [2, 4, 5, 7, 9, 10]),
        ({"update_on": "iteration"}, 2, list(range(2, 11))),
        ({"filter": EventFilter(every=3)}, 2, [3, 6, 9]),
    ],
)
def test_when_it_updates(arguments: dict[str, Any], accumulated: int, wanted: list[int]) -> None:
    ema = EMA(0.5, init="blend", **arguments)
    record, _, _ = fit(ema, accumulate_grad_batches=accumulated)
    assert updates(record) == wanted


@pytest.mark.parametrize("mode", ["average", "copy", "ignore"])
def test_what_becomes_of_buffers(mode: Any) -> None:
    start = copied(Buffered())
    ema = EMA(0.5, buffers=mode)
    record, module, _ = fit(ema)
    mean = "net.1.running_mean"
    averaged, raw = record.averaged, record.raw
    if mode == "copy":
        same([state[mean] for state in averaged], [state[mean] for state in raw])
        assert ema.average_model is not None
        pairs = zip(ema.average_model.buffers(), module.buffers(), strict=True)
        assert all(ours.data_ptr() != theirs.data_ptr() for ours, theirs in pairs)
    elif mode == "ignore":
        assert all(torch.equal(state[mean], start[mean]) for state in averaged)
    else:
        same(averaged[1][mean], 0.5 * raw[0][mean] + 0.5 * raw[1][mean])


@pytest.mark.parametrize("which", ["ema", "raw"])
def test_what_validation_sees_and_what_is_left(which: Any) -> None:
    ema = EMA(0.5, validate_with=which, final=which)
    record, module, _ = fit(ema)
    wanted = record.averaged if which == "ema" else record.raw
    same(record.validated[0], wanted[4])
    same(record.validated[-1], wanted[-1])
    same(copied(module), wanted[-1])


@pytest.mark.parametrize("init", ["copy", "blend"])
def test_until_the_first_update_it_validates_and_saves_the_weights_that_train(
    tmp_path: Path, init: Any
) -> None:
    """Five batches an epoch, the eighth is the first to update: epoch 0 comes before it."""
    saver = ModelCheckpoint(tmp_path, "{epoch}", save_top_k=-1)
    record, module, _ = fit(EMA(0.5, init=init, filter=EventFilter(after=7)), saver)
    same(record.validated[0], record.raw[4])
    same(record.validated[-1], record.averaged[-1])
    for epoch, wanted in enumerate([record.raw[4], record.averaged[-1]]):
        saved = torch.load(tmp_path / f"epoch={epoch}.ckpt", weights_only=True)
        same(dict(saved["state_dict"]), wanted)
    same(copied(module), record.averaged[-1])


@pytest.mark.parametrize("weights_only", [False, True])
def test_without_an_update_the_weights_that_train_are_left(
    tmp_path: Path, weights_only: bool
) -> None:
    saver = ModelCheckpoint(tmp_path, "{epoch}", save_weights_only=weights_only)
    record, module, _ = fit(EMA(filter=EventFilter(after=100)), saver)
    saved = torch.load(tmp_path / "epoch=1.ckpt", weights_only=True)
    same(dict(saved["state_dict"]), record.raw[-1])
    same(copied(module), record.raw[-1])


def test_lightnings_validates_untrained_weights_until_its_first_update() -> None:
    """The fault that is mended, https://github.com/Lightning-AI/pytorch-lightning/issues/21724."""
    start = Buffered()
    stock = EMAWeightAveraging(update_starting_at_step=7)
    record, _, _ = fit(stock, module=copy.deepcopy(start))
    same(record.validated[0], copied(start))


@pytest.mark.parametrize("weights_only", [False, True])
@pytest.mark.parametrize("which", ["ema", "raw"])
def test_what_a_checkpoint_holds(tmp_path: Path, which: Any, weights_only: bool) -> None:
    saver = ModelCheckpoint(tmp_path, "{epoch}", save_weights_only=weights_only)
    record, module, _ = fit(EMA(0.5, save=which, final="raw"), saver)
    saved = torch.load(tmp_path / "epoch=1.ckpt", weights_only=True)
    wanted = record.averaged if which == "ema" else record.raw
    same(dict(saved["state_dict"]), wanted[-1])
    if not weights_only:
        other, key = (
            (record.raw, "current_model_state")
            if which == "ema"
            else (record.averaged, "average_model_state")
        )
        same(dict(saved[key]), other[-1])
    assert "on_save_checkpoint" not in vars(module)


def test_lightnings_weights_only_checkpoint_holds_the_others(tmp_path: Path) -> None:
    """The fault that is mended: once Lightning asks callbacks there too, `SavedWeights` can go."""
    saver = ModelCheckpoint(tmp_path, "{epoch}", save_weights_only=True)
    record, _, _ = fit(EMAWeightAveraging(decay=0.5), saver)
    saved = torch.load(tmp_path / "epoch=1.ckpt", weights_only=True)
    same(dict(saved["state_dict"]), record.raw[-1])


def test_a_checkpoint_saved_after_the_end_holds_both(tmp_path: Path) -> None:
    record, module, trainer = fit(EMA(0.5))
    trainer.save_checkpoint(tmp_path / "end.ckpt")
    saved = torch.load(tmp_path / "end.ckpt", weights_only=True)
    same(copied(module), record.averaged[-1])
    same(dict(saved["state_dict"]), record.averaged[-1])
    same(dict(saved["current_model_state"]), record.raw[-1])


class Raises(Buffered):
    def validation_step(self, batch: Any, batch_idx: int) -> None:
        raise RuntimeError("cursed")


@pytest.mark.parametrize("weights_only", [False, True])
def test_an_exception_in_validation_leaves_the_weights_of_training(
    tmp_path: Path, weights_only: bool
) -> None:
    module, record = Raises(), Record()
    asked_first = Asked(tmp_path / "first.ckpt", weights_only)
    saver = ModelCheckpoint(
        tmp_path, "late", save_on_exception=True, save_weights_only=weights_only
    )
    options = {**QUIET, "num_sanity_val_steps": 0, "max_epochs": 1, "enable_checkpointing": True}
    trainer = pl.Trainer(**options, callbacks=[asked_first, EMA(0.5), record, saver])
    with pytest.raises(RuntimeError, match="cursed"):
        trainer.fit(module, loader(), loader())
    same(copied(module), record.raw[-1])
    assert "on_save_checkpoint" not in vars(module)
    for name in ("first.ckpt", "late.ckpt"):
        saved = torch.load(tmp_path / name, weights_only=True)
        same(dict(saved["state_dict"]), record.averaged[-1])
        if "current_model_state" in saved:
            same(dict(saved["current_model_state"]), record.raw[-1])


class Breaks(Buffered):
    """Validation breaks off in the second epoch, in its second batch."""

    error: type[BaseException] = RuntimeError

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        if self.trainer.current_epoch == 1 and batch_idx == 1:
            raise self.error("cursed")
        super().validation_step(batch, batch_idx)


@pytest.mark.filterwarnings("ignore:Trying to infer the `batch_size`")
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("which", ["ema", "raw"])
def test_an_exception_in_validation_that_ends_the_fit_leaves_what_final_says(
    tmp_path: Path, which: Any, error: type[BaseException]
) -> None:
    module, policy = Breaks(), ExceptionPolicy([Rule("RuntimeError", "stop")], str(tmp_path))
    module.error = error
    record, _, trainer = fit(EMA(0.5, final=which), policy, module=module, max_epochs=4)
    assert trainer.current_epoch == 1
    same(copied(module), (record.averaged if which == "ema" else record.raw)[-1])


@pytest.mark.filterwarnings("ignore:Trying to infer the `batch_size`")
def test_training_goes_on_with_its_own_weights_after_a_validation_that_was_skipped() -> None:
    class Within(Breaks):
        def on_before_backward(self, loss: Tensor) -> None:
            if self.trainer.fit_loop.total_batch_idx == 7:
                validate_now(self.trainer)

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.0)

    class Marks(pl.Callback):
        def on_train_batch_start(self, trainer: Any, pl_module: Any, *args: Any) -> None:
            pl_module.last.bias.data.fill_(trainer.fit_loop.total_batch_idx + 1)

    policy = ExceptionPolicy([Rule("RuntimeError", "skip_batch")])
    options: dict[str, Any] = {"check_val_every_n_epoch": 3, "update_on": "iteration"}
    ema = EMA(0.5, update_on=options.pop("update_on"))
    record, _, _ = fit(ema, policy, Marks(), module=Within(), **options)
    assert [float(each["last.bias"][0]) for each in record.raw] == list(range(1, 11))


class Asked(pl.Callback):
    """Save when an exception comes, before other callbacks hear of it."""

    def __init__(self, path: Path, weights_only: bool) -> None:
        self.path, self.weights_only = path, weights_only

    def on_exception(self, trainer: pl.Trainer, *args: Any) -> None:
        trainer.save_checkpoint(self.path, self.weights_only)


@pytest.mark.parametrize(
    "arguments",
    [
        {"decay": 0.5},
        {"decay": 0.5, "save": "raw", "buffers": "copy"},
        {"preset": "ignite", "momentum": 0.25, "filter": EventFilter(every=2)},
        {"momentum": 0.1, "momentum_warmup": 0.9, "warmup_iters": 8, "init": "blend"},
        {"decay": 0.5, "buffers": "ignore", "filter": EventFilter(after=7)},
        {"decay": 0.5, "init": "blend", "filter": EventFilter(after=7)},
    ],
)
def test_a_resumed_run_is_the_uninterrupted_one(tmp_path: Path, arguments: dict[str, Any]) -> None:
    saver = ModelCheckpoint(tmp_path, "{epoch}", save_top_k=-1)
    whole, module, _ = fit(EMA(**arguments), saver, max_epochs=3)
    rest, resumed, _ = fit(EMA(**arguments), max_epochs=3, ckpt_path=tmp_path / "epoch=0.ckpt")
    same(rest.raw, whole.raw[5:])
    same(rest.averaged, whole.averaged[5:])
    same(copied(resumed), copied(module))


class SavesAhead(pl.Callback):
    """Save before the average has its turn, within the last step of an epoch."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        if trainer.global_step == 5:
            trainer.save_checkpoint(self.path)


@pytest.mark.parametrize("arguments", [{}, {"filter": EventFilter(every=5)}, {"save": "raw"}])
def test_an_update_that_a_checkpoint_came_ahead_of_is_made_on_resume(
    tmp_path: Path, arguments: dict[str, Any]
) -> None:
    path = tmp_path / "ahead.ckpt"

    def averaged(ckpt_path: Path | None) -> State:
        ema, module = EMA(decay=0.5, **arguments), Buffered()
        trainer = pl.Trainer(
            **QUIET, max_epochs=2, num_sanity_val_steps=0, callbacks=[SavesAhead(path), ema]
        )
        trainer.fit(module, loader(), loader(), ckpt_path=ckpt_path)
        return copied(module)

    whole = averaged(None)
    same(averaged(path), whole)


def test_lightnings_callback_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    saver = ModelCheckpoint(tmp_path, "{epoch}", save_top_k=-1)
    whole, _, _ = fit(EMA(0.5, buffers="copy"), saver, max_epochs=3)
    stock = EMAWeightAveraging(decay=0.5, use_buffers=False)
    rest, _, _ = fit(stock, max_epochs=3, ckpt_path=tmp_path / "epoch=0.ckpt")
    same(rest.averaged, whole.averaged[5:])


def test_it_goes_on_from_lightnings_checkpoint(tmp_path: Path) -> None:
    saver = ModelCheckpoint(tmp_path, "{epoch}", save_top_k=-1)
    stock = EMAWeightAveraging(decay=0.5, use_buffers=False)
    whole, _, _ = fit(stock, saver, max_epochs=3)
    ours = EMA(0.5, use_buffers=False)
    rest, _, _ = fit(ours, max_epochs=3, ckpt_path=tmp_path / "epoch=0.ckpt")
    same(rest.averaged, whole.averaged[5:])


def test_a_checkpoint_without_an_average_starts_one(tmp_path: Path) -> None:
    module, path = Buffered(), tmp_path / "plain.ckpt"
    trainer = pl.Trainer(**QUIET, max_epochs=1)
    trainer.fit(module, loader(), loader())
    trainer.save_checkpoint(path)
    record, _, _ = fit(EMA(0.5, init="blend"), ckpt_path=path)
    half = 0.5 * module.state_dict()["net.0.weight"] + 0.5 * record.raw[0]["net.0.weight"]
    same(record.averaged[0]["net.0.weight"], half)


def test_a_test_after_the_fit_tests_what_was_saved(tmp_path: Path) -> None:
    saver = ModelCheckpoint(tmp_path, "{epoch}")
    record, module, trainer = fit(EMA(0.5), saver)
    trainer.test(module, loader(), ckpt_path=tmp_path / "epoch=1.ckpt", verbose=False)
    same(copied(module), record.averaged[-1])


def test_a_second_fit_starts_afresh() -> None:
    ema = EMA(0.5)
    first, _, _ = fit(ema)
    second, _, _ = fit(ema)
    same(second.averaged, first.averaged)


def test_a_modules_own_hook_is_asked_last_and_given_back(tmp_path: Path) -> None:
    class Marks(Buffered):
        def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
            checkpoint["seen"] = checkpoint["state_dict"]["net.0.weight"].clone()

    saver = ModelCheckpoint(tmp_path, "{epoch}", save_weights_only=True)
    module = Marks()
    record, _, _ = fit(EMA(0.5), saver, module=module)
    saved = torch.load(tmp_path / "epoch=1.ckpt", weights_only=True)
    same(saved["seen"], record.averaged[-1]["net.0.weight"])
    assert "on_save_checkpoint" not in vars(module)


def test_parts_that_are_saved_are_averaged_too(tmp_path: Path) -> None:
    parts = KitCheckpoint(tmp_path, modules=["net"], preset="ignite")
    record, _, _ = fit(EMA(0.5), parts)
    saved = torch.load(tmp_path / "net_10.pt", weights_only=True)["net"]
    same(saved["0.weight"], record.averaged[-1]["net.0.weight"])


def test_two_averages_are_refused() -> None:
    with pytest.raises(ValueError, match="would both replace the weights"):
        fit(EMA(0.5), EMAWeightAveraging())


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"device must be one that this .*, got cuda:99 \("):
        fit(EMA(0.5, device="cuda:99"))


def test_sharded_weights_are_refused() -> None:
    trainer = pl.Trainer(**QUIET)
    trainer.strategy.__class__ = pl.strategies.DeepSpeedStrategy
    with pytest.raises(ValueError, match="DeepSpeedStrategy shards them"):
        EMA()._refuse(trainer)
