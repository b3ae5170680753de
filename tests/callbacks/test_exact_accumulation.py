"""A window of accumulated batches has the gradient of one big batch, whatever counts in each."""

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.big_batch import (
    BATCHES,
    IGNORED,
    Batch,
    Oracle,
    Tokens,
    batches,
    flat,
    loader,
    num_valid,
)
from pytorch_lightning.callbacks import GradientAccumulationScheduler
from pytorch_lightning.plugins import MixedPrecision
from pytorch_lightning.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from lightning_kit.callbacks.end_epoch import EndEpoch
from lightning_kit.callbacks.exact_accumulation import ExactAccumulation
from lightning_kit.callbacks.exception_policy import ExceptionPolicy
from lightning_kit.callbacks.exception_rule import Rule
from lightning_kit.callbacks.last_outputs import last_outputs, note_outputs
from lightning_kit.callbacks.terminate_on_non_finite import TerminateOnNonFinite
from lightning_kit.meters import EventFilter, all_finite
from lightning_kit.models import MLP
from lightning_kit.tasks import ClassificationTask, RegressionTask

RIGHT = 1e-6


def fit(
    *callbacks: pl.Callback,
    module: Any = None,
    made: list[Batch] | None = None,
    sized: bool = True,
    oracle: Oracle | None = None,
    ckpt_path: Any = None,
    **trainer: Any,
) -> Oracle:
    oracle = oracle or Oracle()
    options: dict[str, Any] = {
        **QUIET, "max_epochs": 1, "accumulate_grad_batches": 3, **trainer,
        "callbacks": [*callbacks, oracle],
    }  # fmt: skip
    data = loader(batches() if made is None else made, sized=sized)
    module = Tokens(num_valid) if module is None else module
    pl.Trainer(**options).fit(module, data, ckpt_path=ckpt_path)
    return oracle


@pytest.mark.parametrize("weight", [num_valid, lambda target: int(num_valid(target))])
@pytest.mark.parametrize("sized", [True, False], ids=["sized", "unsized"])
def test_each_window_is_one_big_batch(weight: Callable[[Tensor], Any], sized: bool) -> None:
    oracle = fit(ExactAccumulation(), module=Tokens(weight), sized=sized, max_epochs=2)
    assert oracle.windows == [3, 3, 1, 3, 3, 1]
    assert max(oracle.errors) < RIGHT


@pytest.mark.parametrize(
    ("shape", "windows"),
    [
        # https://github.com/Lightning-AI/pytorch-lightning/issues/19987
        pytest.param([(4, 6)] * 4, [3, 1], id="a partial last window"),
        # https://github.com/Lightning-AI/pytorch-lightning/issues/20350
        pytest.param([(4, 6), (4, 1), (4, 1)], [3], id="uneven tokens"),
        pytest.param(BATCHES, [3, 3, 1], id="both"),
    ],
)
def test_stock_lightning_is_wrong_by_more_than_10_percent(shape: Any, windows: list[int]) -> None:
    made = batches(shape)
    stock, exact = fit(made=made), fit(ExactAccumulation(), made=made)
    assert stock.windows == exact.windows == windows
    assert max(stock.errors) > 0.1, "Lightning is right by now: ExactAccumulation may go"
    assert max(exact.errors) < RIGHT


def test_without_a_weight_samples_count_which_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = batches([(4, 6), (1, 6), (2, 6), (4, 6), (3, 6)])
    with caplog.at_level(logging.INFO):
        oracle = fit(ExactAccumulation(), module=Tokens(), made=made, max_epochs=2)
    assert max(oracle.errors) < RIGHT
    assert [record.message for record in caplog.records if "no weight" in record.message] == [
        "Tokens.training_step returns no weight: ExactAccumulation counts each batch by its number "
        "of samples"
    ]
    assert max(fit(module=Tokens(), made=made).errors) > 0.1


def test_without_a_weight_or_a_tensor_it_says_what_to_return() -> None:
    class Untold(Tokens):
        def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
            return {"rows": "none"}

        def loss(self, batch: Any) -> Tensor:
            loss: Tensor = self.net(torch.ones(1, 5)).sum()
            return loss

    with pytest.raises(ValueError, match=r'return \{"loss": mean, "weight": n\}'):
        fit(ExactAccumulation(), module=Untold())


def test_a_window_of_one_batch_on_one_process_is_left_alone() -> None:
    alone, watched = Tokens(num_valid), Tokens(lambda target: math.nan)
    fit(module=alone, accumulate_grad_batches=1)
    fit(ExactAccumulation(), module=watched, accumulate_grad_batches=1)
    torch.testing.assert_close(watched.state_dict(), alone.state_dict(), rtol=0, atol=0)


def test_gradients_are_clipped_after() -> None:
    made, lr, most = batches([(4, 6), (4, 1)]), 0.5, 0.01
    module, expected = Tokens(num_valid, lr=lr), Tokens()
    fit(ExactAccumulation(), module=module, made=made, gradient_clip_val=most)
    whole = (torch.cat([made[0][0], made[1][0]]), torch.cat([made[0][1], made[1][1]]))
    torch.autograd.backward(expected.loss(whole))
    norm = torch.nn.utils.clip_grad_norm_(expected.parameters(), most)
    assert norm > 2 * most
    torch.optim.SGD(expected.parameters(), lr=lr).step()
    torch.testing.assert_close(module.state_dict(), expected.state_dict(), rtol=1e-6, atol=1e-7)


def test_a_schedule_of_accumulation() -> None:
    scheduler = GradientAccumulationScheduler({0: 1, 1: 3, 2: 4})
    options: dict[str, Any] = {"accumulate_grad_batches": 1, "max_epochs": 3}
    oracle = fit(scheduler, ExactAccumulation(), **options)
    assert oracle.windows == [1] * 7 + [3, 3, 1] + [4, 3]
    assert max(oracle.errors) < RIGHT


@pytest.mark.parametrize("event", ["iteration_completed", "iteration_started"])
def test_an_epoch_that_is_cut_within_a_window(event: str) -> None:
    cut = EndEpoch(EventFilter(once=5), event=event)
    oracle = fit(ExactAccumulation(), cut, max_epochs=2)
    assert oracle.windows == [3, 2, 3, 3, 1]
    assert max(oracle.errors) < RIGHT


def test_a_window_without_a_valid_target_has_zero_gradients() -> None:
    made = batches([(4, 0), (4, 0), (4, 3), (4, 0), (4, 6)])
    module, weights = Tokens(num_valid), []

    class Keep(pl.Callback):
        def on_train_batch_end(self, *_: Any) -> None:
            weights.append(flat(module.parameters()))

    # torch's mean over nothing is NaN, its gradient 0.
    oracle = fit(ExactAccumulation(), Keep(), module=module, made=made, accumulate_grad_batches=2)
    assert oracle.windows == [2, 2, 1]
    assert torch.equal(weights[1], flat(Tokens().parameters()))
    assert max(oracle.errors[1:]) < RIGHT
    assert all_finite(module.state_dict())


@pytest.mark.parametrize(
    ("precision", "right"), [("64-true", 1e-12), ("bf16-mixed", 0.02), ("bf16-true", 0.03)]
)
def test_precisions(precision: Any, right: float) -> None:
    # A tenth is no float32.
    module = Tokens(lambda target: num_valid(target).double() / 10)
    oracle = fit(ExactAccumulation(), module=module, precision=precision)
    assert max(oracle.errors) < right
    assert max(fit(precision=precision).errors) > 0.1


@pytest.mark.parametrize("size", [1, 10_000])
def test_the_scaler_of_fp16_loses_no_step_however_large_weights_are(size: int) -> None:
    scaler = torch.amp.GradScaler("cpu")
    precision = MixedPrecision("16-mixed", "cpu", scaler)
    module = Tokens(lambda target: num_valid(target) * size)
    oracle = fit(ExactAccumulation(), module=module, plugins=[precision])
    assert max(oracle.errors) < 0.002
    assert scaler.get_scale() == 65_536


def test_a_fused_optimizer_that_unscales_by_itself() -> None:
    class Fused(Tokens):
        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=self.lr, fused=True)

    modules = [Fused(num_valid), Tokens(num_valid)]
    for module in modules:
        precision = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu"))
        fit(ExactAccumulation(), module=module, plugins=[precision])
    torch.testing.assert_close(modules[0].state_dict(), modules[1].state_dict())


@pytest.mark.parametrize("guard_is_first", [True, False])
def test_a_window_that_a_guard_drops_changes_no_other(guard_is_first: bool) -> None:
    made = batches()
    made[1][0][0] = torch.nan
    guard = TerminateOnNonFinite(action="skip_step")
    both: list[pl.Callback] = [ExactAccumulation(), guard]
    oracle = fit(*(both[::-1] if guard_is_first else both), made=made)
    assert guard.num_skips == 1
    assert oracle.windows == [3, 3, 1]
    assert math.isnan(oracle.errors[0])
    assert max(oracle.errors[1:]) < RIGHT


@pytest.mark.parametrize("where", ["forward", "backward"])
def test_a_batch_that_is_skipped_has_no_weight(where: str) -> None:
    class Cursed(Tokens):
        def loss(self, batch: Any) -> Tensor:
            loss = super().loss(batch)
            if self.training and torch.isnan(batch[0]).any():
                if where == "forward":
                    _curse()
                register: Any = loss.register_hook
                register(_curse)
            return loss

    made = batches()
    made[4][0][0] = torch.nan
    policy = ExceptionPolicy([Rule("RuntimeError", "skip_batch")])
    oracle = fit(ExactAccumulation(), policy, module=Cursed(num_valid), made=made)
    # Batch 5 takes along batch 4 of its window, of which batch 6 is left.
    assert oracle.windows == [3, 1, 1]
    assert max(oracle.errors) < RIGHT


def _curse(*_: Any) -> None:
    raise RuntimeError("cursed")


def test_what_others_see_of_a_batch_does_not_change() -> None:
    class Watch(pl.Callback):
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *_: Any) -> None:
            note_outputs(trainer, pl_module, outputs)
            self.seen.append({**outputs, "whole": last_outputs(trainer)["loss"]})

    stock, exact = Watch(), Watch()
    # A rate of 0, for else the losses of later batches differ.
    fit(stock, module=Tokens(num_valid, lr=0.0))
    fit(exact, ExactAccumulation(), module=Tokens(num_valid, lr=0.0))
    torch.testing.assert_close(exact.seen, stock.seen, rtol=0, atol=0)
    assert exact.seen[1]["weight"] == 4


@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before")
def test_a_fit_resumed_within_a_window_begins_its_total_afresh(tmp_path: Path) -> None:
    class Break(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            if trainer.fit_loop.total_batch_idx == 3:
                trainer.save_checkpoint(tmp_path / "open.ckpt")
                raise RuntimeError("broken off")

    callback = ExactAccumulation()
    with pytest.raises(RuntimeError, match="broken off"):
        fit(Break(), callback)
    oracle = fit(callback, ckpt_path=tmp_path / "open.ckpt")
    assert oracle.windows == [2, 1]
    assert max(oracle.errors) < RIGHT


def test_a_resumed_fit_is_the_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    class Growing(Tokens):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            # Weights are counted in units of a fit's first one, here 24 and 24,000.
            weight = num_valid(batch[1]) * 1000**self.current_epoch
            return {"loss": self.loss(batch), "weight": weight}

    class Save(pl.Callback):
        def on_train_epoch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            trainer.save_checkpoint(tmp_path / f"{trainer.current_epoch}.ckpt")

    whole, rest = Growing(), Growing()
    fit(Save(), ExactAccumulation(), module=whole, max_epochs=2)
    fit(ExactAccumulation(), module=rest, max_epochs=2, ckpt_path=tmp_path / "0.ckpt")
    torch.testing.assert_close(rest.state_dict(), whole.state_dict(), rtol=0, atol=0)


def test_a_window_that_is_left_open_does_not_count_in_the_next() -> None:
    class Leaving(Tokens):
        def on_train_batch_start(self, batch: Any, batch_idx: int) -> Any:
            return -1 if batch_idx == 4 else None

    oracle = fit(ExactAccumulation(), module=Leaving(num_valid), max_epochs=2)
    assert oracle.windows == [3, 3]
    assert max(oracle.errors) < RIGHT


@pytest.mark.filterwarnings("ignore:`training_step` returned `None`:UserWarning")
def test_a_batch_without_a_loss_has_no_weight() -> None:
    class Gappy(Tokens):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            return None if batch_idx == 1 else super().training_step(batch, batch_idx)

    oracle = fit(ExactAccumulation(), module=Gappy(num_valid), made=batches()[:6])
    assert oracle.windows == [2, 3]
    assert max(oracle.errors) < RIGHT


def test_one_object_in_two_fits() -> None:
    callback, oracle = ExactAccumulation(), Oracle()
    for _ in range(2):
        fit(callback, oracle=oracle)
    assert oracle.windows == [3, 3, 1, 3, 3, 1]
    assert max(oracle.errors) < RIGHT


def test_a_compiled_module() -> None:
    module: Any = torch.compile(Tokens(num_valid), backend="eager")
    oracle = fit(ExactAccumulation(), module=module)
    assert max(oracle.errors) < RIGHT


def test_a_training_step_that_is_called_past_its_hook_leaves_stock(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Past(pl.Callback):
        def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            pl_module.training_step = type(pl_module).training_step.__get__(pl_module)  # type: ignore[method-assign]

    oracle, stock = fit(ExactAccumulation(), Past()), fit()
    assert oracle.errors == stock.errors
    assert caplog.text.count("accumulation is stock") == 1


TASKS: dict[str, tuple[Callable[[], Any], Callable[[Tensor], Tensor]]] = {
    "ignored": (
        lambda: ClassificationTask(MLP(5, 3), 3, ignore_index=IGNORED),
        lambda labels: torch.where(labels > 0, labels, IGNORED),
    ),
    "weighted": (
        lambda: ClassificationTask(
            MLP(5, 3), 3, class_weights=[0.1, 1.0, 9.0], label_smoothing=0.1
        ),
        lambda labels: labels,
    ),
    "binary": (
        lambda: ClassificationTask(
            MLP(5, 1), kind="binary", class_weights=[1.0, 7.0], ignore_index=-1
        ),
        lambda labels: labels - 1,
    ),
    "multilabel": (
        lambda: ClassificationTask(MLP(5, 2), 2, kind="multilabel", ignore_index=-1),
        lambda labels: torch.stack([labels - 1, labels.clamp(max=1)], dim=1),
    ),
    "regression": (lambda: RegressionTask(MLP(5, 1)), lambda labels: labels.float()),
}


@pytest.mark.parametrize("name", sorted(TASKS))
@pytest.mark.filterwarnings("ignore:You defined a `validation_step`:UserWarning")
def test_the_kits_tasks(name: str) -> None:
    build, target_of = TASKS[name]
    generator = torch.Generator().manual_seed(1)
    made = []
    for rows, most in [(4, 1), (6, 3), (2, 2), (5, 3), (3, 3)]:
        labels = torch.randint(most, (rows,), generator=generator)
        made.append((torch.randn(rows, 5, generator=generator), target_of(labels)))
    losses = {
        each: Oracle(lambda task, batch: task.step(batch).loss) for each in ("stock", "exact")
    }
    torch.manual_seed(0)
    fit(ExactAccumulation(), module=build(), made=made, oracle=losses["exact"])
    fit(module=build(), made=made, oracle=losses["stock"])
    assert max(losses["exact"].errors) < RIGHT
    assert max(losses["stock"].errors) > 0.1


class Reads(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count how often a tensor's value is read by the host."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        self.count += name in ("_local_scalar_dense", "is_nonzero", "nonzero", "equal")
        return func(*args, **(kwargs or {}))


def test_no_value_is_read_from_the_device() -> None:
    counts = []
    for callbacks in ([], [ExactAccumulation()]):
        options = {**QUIET, "max_epochs": 1, "accumulate_grad_batches": 3}
        trainer = pl.Trainer(**options, callbacks=list[pl.Callback](callbacks))
        with Reads() as reads:  # type: ignore[no-untyped-call]
            trainer.fit(Tokens(num_valid), loader(batches()))
        counts.append(reads.count)
    assert counts[0] == counts[1]


def test_manual_optimization_is_refused() -> None:
    class Manual(Tokens):
        def setup(self, stage: str) -> None:
            self.automatic_optimization = False

    with pytest.raises(ValueError, match="needs automatic_optimization"):
        fit(ExactAccumulation(), module=Manual(), accumulate_grad_batches=1)


@pytest.mark.parametrize("strategy", [FSDPStrategy, ModelParallelStrategy, DeepSpeedStrategy])
def test_strategies_that_shard_gradients_are_refused(
    strategy: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = pl.Trainer(**QUIET)
    monkeypatch.setattr(trainer._accelerator_connector, "strategy", object.__new__(strategy))
    with pytest.raises(ValueError, match=f"under DDP; {strategy.__name__} shards"):
        ExactAccumulation().setup(trainer, Tokens(), "fit")
    ExactAccumulation().setup(trainer, Tokens(), "test")


def test_two_are_refused() -> None:
    with pytest.raises(ValueError, match="one ExactAccumulation, got two"):
        fit(ExactAccumulation(), ExactAccumulation())
