"""NaN and infinity do not reach weights, buffers or optimizer; the fit stops, raises or goes on."""

import contextlib
import copy
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.poisoned import Normed, PoisonedData
from programs.ranks import two_ranks
from pytorch_lightning.plugins import MixedPrecision

from lightning_kit.callbacks.actions import Validate
from lightning_kit.callbacks.batch_dump import replay
from lightning_kit.callbacks.ema import EMA
from lightning_kit.callbacks.exception_policy import ExceptionPolicy
from lightning_kit.callbacks.exception_rule import Rule
from lightning_kit.callbacks.on_event import OnEvent
from lightning_kit.callbacks.running_averages import RunningAverages
from lightning_kit.callbacks.terminate_on_non_finite import KEY, TerminateOnNonFinite
from lightning_kit.meters import EventFilter, all_finite
from lightning_kit.runs.stopping import stop_reason


class Watch(pl.Callback):
    """Copy weights, buffers and the optimizer's state after every batch."""

    def __init__(self) -> None:
        self.states: list[Any] = []
        self.logged: list[float | None] = []

    def on_train_batch_end(self, trainer: pl.Trainer, module: Any, *args: Any) -> None:
        optimizer = trainer.optimizers[0].state_dict()["state"]
        self.states.append(copy.deepcopy((module.state_dict(), optimizer)))
        logged = trainer.callback_metrics.get(KEY)
        self.logged.append(None if logged is None else float(logged))


def fit(
    callback: TerminateOnNonFinite, *bad: int, module: Any = None, **trainer: Any
) -> tuple[pl.Trainer, Watch]:
    watch = Watch()
    options = {**QUIET, "max_epochs": 1, **trainer}
    built = pl.Trainer(**options, callbacks=[callback, watch])
    built.fit(module or Normed(), PoisonedData(*bad).loader())
    return built, watch


def assert_same(first: Any, second: Any) -> None:
    torch.testing.assert_close(first, second, rtol=0, atol=0)


@pytest.mark.parametrize("how", ["input", "loss", "grads"])
def test_a_hit_leaves_everything_as_before_the_batch(how: str) -> None:
    callback = TerminateOnNonFinite(action="skip_step")
    trainer, watch = fit(callback, 3, 5, module=Normed(how))
    # Batches 3 and 5 change nothing; 4 goes on from what 2 left.
    assert_same(watch.states[2], watch.states[1])
    assert_same(watch.states[4], watch.states[3])
    assert not torch.equal(watch.states[3][0]["net.0.weight"], watch.states[2][0]["net.0.weight"])
    assert all_finite(watch.states)
    assert callback.state_dict() == {"num_skips": 2}
    assert watch.logged == [None, None, 1.0, 1.0, 2.0, 2.0]
    assert trainer.global_step == 6


def test_the_other_batches_train_as_if_the_bad_ones_were_not_there() -> None:
    _, watch = fit(TerminateOnNonFinite(action="skip_step"), 3)
    data = PoisonedData()
    rows = [row for row in range(24) if not 8 <= row < 12]
    without = Watch()
    loader = torch.utils.data.DataLoader(torch.utils.data.Subset(data, rows), batch_size=4)
    pl.Trainer(**QUIET, max_epochs=1, callbacks=[without]).fit(Normed(), loader)
    assert_same(watch.states[-1], without.states[-1])


def test_without_a_bad_batch_it_changes_nothing() -> None:
    _, watch = fit(TerminateOnNonFinite(["loss", "grads", "outputs", "params"]))
    without = Watch()
    pl.Trainer(**QUIET, max_epochs=1, callbacks=[without]).fit(Normed(), PoisonedData().loader())
    assert_same(watch.states, without.states)


def test_stop() -> None:
    trainer, watch = fit(TerminateOnNonFinite(), 3, max_epochs=4)
    assert len(watch.states) == 3
    assert stop_reason(trainer) == "loss not finite at iteration 3"
    assert all_finite(watch.states)
    (events,) = Path().rglob("events-*.jsonl")
    event = json.loads(events.read_text())
    facts = {key: event[key] for key in ("kind", "what", "iteration", "epoch", "action")}
    assert facts == {
        "kind": "non_finite", "what": "loss", "iteration": 3, "epoch": 1, "action": "stop",
    }  # fmt: skip


def test_raise() -> None:
    module = Normed()
    with pytest.raises(FloatingPointError, match="loss not finite at iteration 3"):
        fit(TerminateOnNonFinite(action="raise"), 3, module=module)
    assert all_finite(dict(module.state_dict()))


@pytest.mark.parametrize(("max_skips", "batches"), [(0, 2), (1, 4), (2, 6), (None, 6)])
def test_more_than_max_skips_stops(max_skips: int | None, batches: int) -> None:
    callback = TerminateOnNonFinite(action="skip_step", max_skips=max_skips)
    trainer, watch = fit(callback, 2, 4)
    assert len(watch.states) == batches
    assert all_finite(watch.states)
    if batches < 6:
        assert f"more than max_skips ({max_skips})" in (stop_reason(trainer) or "")


def test_skips_before_a_resume_count(tmp_path: Path) -> None:
    trainer, _ = fit(TerminateOnNonFinite(action="skip_step", max_skips=1), 2)
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    callback, watch = TerminateOnNonFinite(action="skip_step", max_skips=1), Watch()
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=[callback, watch])
    trainer.fit(Normed(), PoisonedData(2).loader(), ckpt_path=tmp_path / "x.ckpt")
    # The second one in the second epoch's second batch is one too many.
    assert (callback.num_skips, len(watch.states)) == (2, 2)


def test_skips_of_another_fit_do_not_count() -> None:
    callback = TerminateOnNonFinite(action="skip_step", max_skips=1)
    for _ in range(2):
        trainer, watch = fit(callback, 2)
        assert (stop_reason(trainer), callback.num_skips, len(watch.states)) == (None, 1, 6)


@pytest.mark.parametrize(
    ("check", "how", "what"),
    [
        (["loss"], "loss", "loss"),
        (["loss"], "outputs", None),
        # What the gradients did to the weights shows in the next loss.
        (["loss"], "grads", "loss"),
        (["grads"], "grads", "grads"),
        (["grads"], "loss", None),
        (["outputs"], "outputs", "outputs"),
        (["params"], "input", "params"),
        (["params"], "outputs", None),
    ],
)
def test_only_what_is_named_is_looked_at(check: Any, how: str, what: str | None) -> None:
    trainer, _ = fit(TerminateOnNonFinite(check), 3, module=Normed(how))
    iteration = 4 if (check, how) == (["loss"], "grads") else 3
    wanted = None if what is None else f"{what} not finite at iteration {iteration}"
    assert stop_reason(trainer) == wanted


def test_iterations_that_the_filter_leaves_out_are_not_looked_at() -> None:
    callback = TerminateOnNonFinite(["loss"], filter=EventFilter(after=3))
    trainer, _ = fit(callback, 2, 5, module=Normed("loss"))
    assert stop_reason(trainer) == "loss not finite at iteration 5"


@pytest.mark.parametrize("bad", [3, 4])
@pytest.mark.parametrize("how", ["input", "loss"])
def test_a_bad_batch_drops_its_accumulation_window(bad: int, how: str) -> None:
    callback = TerminateOnNonFinite(action="skip_step")
    trainer, watch = fit(callback, bad, module=Normed(how), accumulate_grad_batches=2)
    assert_same(watch.states[3], watch.states[1])
    assert all_finite(watch.states)
    assert (callback.num_skips, trainer.global_step) == (1, 3)


@pytest.mark.parametrize(("check", "bad"), [(["loss"], 3), (["grads"], 3), (["grads"], 4)])
def test_a_step_is_looked_at_if_any_batch_of_its_window_was_asked(check: Any, bad: int) -> None:
    # Asked are 1, 3 and 5; steps are at 2, 4 and 6.
    callback = TerminateOnNonFinite(check, filter=EventFilter(every=2, after=0))
    trainer, watch = fit(callback, bad, accumulate_grad_batches=2)
    assert stop_reason(trainer) == f"{check[0]} not finite at iteration 4"
    assert_same(watch.states[3], watch.states[1])
    assert all_finite(watch.states[-1])


def test_a_window_of_which_no_batch_was_asked_is_not_looked_at() -> None:
    callback = TerminateOnNonFinite(filter=EventFilter(once=1))
    trainer, _ = fit(callback, 3, accumulate_grad_batches=2)
    assert stop_reason(trainer) is None


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("is_first", [True, False])
def test_buffers_are_back_before_an_average_is_taken(is_first: bool, accumulate: int) -> None:
    ema, watch = EMA(decay=0.5), Watch()
    guard = TerminateOnNonFinite(action="skip_step")
    callbacks: list[pl.Callback] = [guard, ema] if is_first else [ema, guard]
    module = Normed()
    trainer = pl.Trainer(
        **QUIET, max_epochs=1, accumulate_grad_batches=accumulate, callbacks=[*callbacks, watch]
    )
    trainer.fit(module, PoisonedData(3).loader())
    assert all_finite(dict(module.state_dict()))
    assert all_finite(watch.states[-1])
    assert guard.num_skips == 1


class EverySecond(Normed):
    """Manual optimization that steps at every second batch; without it the Trainer does."""

    def __init__(self, *, manual: bool) -> None:
        super().__init__()
        self.automatic_optimization = not manual

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        output = super().training_step(batch, batch_idx)
        if not self.automatic_optimization:
            optimizer: Any = self.optimizers()
            self.manual_backward(output["loss"] / 2)
            if batch_idx % 2:
                optimizer.step()
                optimizer.zero_grad()
        return output

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("val/loss", Normed.training_step(self, batch, batch_idx)["loss"], batch_size=4)


@pytest.mark.filterwarnings("ignore:Found 1 module.s. in eval mode")
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("manual", [True, False])
@pytest.mark.parametrize(("check", "action"), [(None, "skip_step"), (["outputs"], "stop")])
@pytest.mark.parametrize("ema", [{"preset": "ignite"}, {"update_on": "iteration"}])
def test_no_hook_at_the_end_of_a_bad_batch_sees_it(
    is_first: bool, manual: bool, check: Any, action: Any, ema: dict[str, Any]
) -> None:
    class Scores(pl.Callback):
        def on_validation_end(self, trainer: pl.Trainer, *_: Any) -> None:
            seen.append(float(trainer.callback_metrics["val/loss"]))

    seen: list[float] = []
    guard = TerminateOnNonFinite(check, action=action)
    average, watch = EMA(0.5, buffers="average", final="raw", **ema), Watch()
    others = [average, OnEvent(Validate(), "iteration_completed", every=3), watch]
    # Batch 3 does not close its window.
    trainer = pl.Trainer(
        **QUIET, max_epochs=1, num_sanity_val_steps=0, accumulate_grad_batches=1 if manual else 2,
        callbacks=[guard, *others, Scores()] if is_first else [*others, guard, Scores()],
    )  # fmt: skip
    trainer.fit(EverySecond(manual=manual), PoisonedData(3).loader(), PoisonedData().loader())
    assert all_finite(watch.states)
    assert_same(watch.states[2], watch.states[1])
    assert average.average_model is not None
    assert all_finite(dict(average.average_model.state_dict()))
    assert len(seen) >= 2
    assert all_finite(seen)
    assert guard.num_skips == (action == "skip_step")


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("how", ["input", "loss"])
def test_a_skipped_batch_is_in_no_running_average(
    how: str, accumulate: int, is_first: bool
) -> None:
    class Counted(Normed):
        def training_step(self, batch: Any, batch_idx: int) -> Any:
            loss = super().training_step(batch, batch_idx)["loss"]
            return {"loss": loss, "number": float(batch_idx + 1)}

    guard = TerminateOnNonFinite(action="skip_step")
    averages = RunningAverages(["loss", "number"], alpha=0.5)
    trainer = pl.Trainer(
        **QUIET, max_epochs=1, accumulate_grad_batches=accumulate,
        callbacks=[guard, averages] if is_first else [averages, guard],
    )  # fmt: skip
    trainer.fit(Counted(how), PoisonedData(3).loader())
    # 1, 1.5, then 2.75, 3.875, 4.9375 of 4, 5 and 6; with accumulation 4's step is dropped too.
    assert averages.averages["number"] == (4.9375 if accumulate == 1 else 4.625)
    assert all_finite(averages.averages)


@pytest.mark.parametrize("breaks", [False, True])
def test_the_loops_are_given_back(breaks: bool) -> None:
    callback = TerminateOnNonFinite(action="raise")
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[callback])
    with pytest.raises(FloatingPointError) if breaks else contextlib.nullcontext():
        trainer.fit(Normed(), PoisonedData(*([3] if breaks else [])).loader())
    loop = trainer.fit_loop.epoch_loop
    for each in (loop.automatic_optimization, loop.manual_optimization):
        assert "run" not in vars(each)


class Breaking(Normed):
    """Breaks off in the forward pass of some batches, and after the backward pass of others."""

    def __init__(self, how: str, *, forward: int = 0, backward: int = 0) -> None:
        super().__init__(how)
        self.forward_at, self.backward_at = forward, backward

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        output = super().training_step(batch, batch_idx)
        if batch_idx + 1 == self.forward_at:
            raise RuntimeError("cursed")
        return output

    def on_after_backward(self) -> None:
        if self.trainer.fit_loop.total_batch_idx + 1 == self.backward_at:
            raise RuntimeError("cursed")


@pytest.mark.parametrize("action", ["skip_step", "stop"])
@pytest.mark.parametrize("how", ["input", "loss"])
@pytest.mark.parametrize(
    ("bad", "breaks", "accumulate"),
    [
        (3, {"forward": 4}, 2),
        (3, {"backward": 3}, 1),
        (3, {"backward": 3}, 2),
        # The third batch of the window still takes its step.
        (1, {"forward": 2}, 3),
    ],
)
def test_a_batch_that_was_skipped_leaves_nothing_behind(
    action: Any, how: str, bad: int, breaks: dict[str, int], accumulate: int
) -> None:
    callback, watch = TerminateOnNonFinite(action=action), Watch()
    policy = ExceptionPolicy([Rule("RuntimeError", "skip_batch", max_times=1)])
    trainer = pl.Trainer(
        **QUIET, max_epochs=1, accumulate_grad_batches=accumulate,
        callbacks=[callback, policy, watch],
    )  # fmt: skip
    trainer.fit(Breaking(how, **breaks), PoisonedData(bad).loader())
    assert (stop_reason(trainer), callback.num_skips) == (None, 0)
    assert all_finite(watch.states)
    steps = [
        not torch.equal(after[0]["net.0.weight"], before[0]["net.0.weight"])
        for before, after in itertools.pairwise(watch.states)
    ]
    last = next(iter(breaks.values()))
    # Windows after the skipped batch step as ever, at their last batch.
    assert steps[last - 1 :] == [i % accumulate == 0 for i in range(last + 1, 7)]


class Duel(Normed):
    """Two optimizers under manual optimization; D's loss is NaN in batches ``bad`` (from 1).

    G steps at every batch, D at every ``d_every``-th.
    """

    def __init__(self, *bad: int, d_every: int = 1) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.judge = torch.nn.Linear(3, 1)
        self.bad, self.d_every = bad, d_every
        self.moved: list[str] = []

    def training_step(self, batch: Any, batch_idx: int) -> None:
        d, g = self.optimizers()  # type: ignore[attr-defined]
        number = batch_idx + 1
        weights: Any = (self.judge.weight, self.net[0].weight)
        before = [weight.detach().clone() for weight in weights]
        loss = self.judge(batch[0]).mean() * (torch.nan if number in self.bad else 1.0)
        self.manual_backward(loss)
        if number % self.d_every == 0:
            d.step()
            d.zero_grad()
        loss = super().training_step(batch, batch_idx)["loss"]
        g.zero_grad()
        self.manual_backward(loss)
        g.step()
        moves = [not torch.equal(*pair) for pair in zip(before, weights, strict=True)]
        self.moved.append("".join(name for name, moved in zip("DG", moves, strict=True) if moved))

    def configure_optimizers(self) -> Any:
        return [torch.optim.SGD(part.parameters(), lr=0.1) for part in (self.judge, self.net)]


@pytest.mark.parametrize("check", [["loss"], ["grads"], None])
def test_only_the_optimizer_whose_loss_was_bad_skips_its_step(check: Any) -> None:
    callback = TerminateOnNonFinite(check, action="skip_step")
    module = Duel(2)
    fit(callback, module=module)
    assert module.moved == ["DG", "G", "DG", "DG", "DG", "DG"]
    assert callback.num_skips == 1


@pytest.mark.parametrize("filter", [None, EventFilter(once=3)])
@pytest.mark.parametrize("check", [["loss"], ["grads"], None])
def test_a_step_of_another_optimizer_does_not_clear_a_bad_loss(check: Any, filter: Any) -> None:
    callback = TerminateOnNonFinite(check, action="skip_step", filter=filter)
    module = Duel(3, d_every=2)
    _, watch = fit(callback, module=module)
    assert module.moved == ["G", "DG", "G", "G", "G", "DG"]
    assert callback.num_skips == 1
    assert all_finite(watch.states)


class TwoSteps(Normed):
    """Manual optimization, a step for each half of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:
        optimizer: Any = self.optimizers()
        for half in zip(*(each.chunk(2) for each in batch), strict=True):
            optimizer.zero_grad()
            self.manual_backward(super().training_step(half, batch_idx)["loss"])
            optimizer.step()


def test_manual_optimization() -> None:
    callback = TerminateOnNonFinite(action="skip_step")
    _, watch = fit(callback, 3, module=TwoSteps())
    assert all_finite(watch.states)
    assert callback.num_skips == 1


@pytest.mark.parametrize("fused", [False, True])
def test_a_step_that_the_scaler_skips_is_no_hit(fused: bool) -> None:
    class Half(Normed):
        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.parameters(), lr=0.01, fused=fused)

    # Scaled by 1e12 the gradients of half precision overflow, scaled by 1e3 they do not.
    scaler = torch.amp.GradScaler("cpu", init_scale=1e12, backoff_factor=1e-9)
    precision = MixedPrecision("16-mixed", "cpu", scaler)
    callback = TerminateOnNonFinite(action="skip_step")
    _, watch = fit(callback, 4, module=Half(), plugins=[precision])
    for name, value in Normed().named_parameters():
        assert torch.equal(watch.states[0][0][name], value), "the scaler skipped"
        assert not torch.equal(watch.states[2][0][name], value) or name.endswith("0.bias")
    assert callback.num_skips == 1, "the NaN batch"
    assert_same(watch.states[3], watch.states[2])
    assert all_finite(watch.states)


def test_the_batch_is_kept_and_runs_again(tmp_path: Path) -> None:
    callback = TerminateOnNonFinite(
        action="skip_step", dump_dir=str(tmp_path / "dumps"), max_dumps=1
    )
    _, watch = fit(callback, 3, 5)
    (path,) = (tmp_path / "dumps").iterdir()
    held = torch.load(path, weights_only=True)
    assert (held["iteration"], held["batch_idx"], held["what"]) == (3, 2, "loss")
    torch.testing.assert_close(
        held["batch"][0], PoisonedData(3).input[8:12], equal_nan=True, rtol=0, atol=0
    )
    assert_same(dict(held["weights"]), dict(watch.states[1][0]))
    assert replay(path, Normed())["loss"].isnan()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"check": []}, "check must name some of"),
        ({"check": ["los"]}, "check must name some of .*got .'los'"),
        ({"action": "skip"}, "action must be one of .*'skip'"),
        ({"action": "skip_step", "check": ["params"]}, "'skip_step' cannot skip .*'params'"),
        ({"max_skips": 1}, "max_skips must be .* beside action 'skip_step', got 1 and 'stop'"),
        ({"action": "skip_step", "max_skips": -1}, "max_skips must be at least 0"),
        ({"max_dumps": 1}, "max_dumps must be at least 1 file, beside dump_dir"),
        ({"dump_dir": "x", "max_dumps": 0}, "max_dumps must be at least 1 file"),
        ({"dump_dir": "/dev/null/x"}, "dump_dir must be a folder .*is no folder"),
    ],
)
def test_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TerminateOnNonFinite(**arguments)


PROGRAM = """
import pytorch_lightning as pl, torch
from origin.stock import QUIET
from programs.poisoned import Normed, PoisonedData
from pytorch_lightning.strategies import DDPStrategy
from lightning_kit.callbacks.terminate_on_non_finite import TerminateOnNonFinite
from lightning_kit.meters import EventFilter, all_finite
from lightning_kit.runs.stopping import stop_reason

class Counting(DDPStrategy):
    count = 0
    def reduce_boolean_decision(self, *args, **kwargs):
        Counting.count += 1
        return super().reduce_boolean_decision(*args, **kwargs)

class Data(pl.LightningDataModule):
    # Each rank has rows of its own; rank 1's third batch is bad.
    def __init__(self, bad):
        super().__init__(); self.bad = bad
    def train_dataloader(self):
        return PoisonedData(*([3] if rank == 1 and self.bad else []), seed=rank).loader()

def run(how="input", bad=True, check=None, accumulate=1, **options):
    Counting.count = 0
    guard = TerminateOnNonFinite(check, dump_dir=f"dumps-{how}-{check}-{accumulate}", **options)
    trainer = pl.Trainer(
        **QUIET, max_epochs=1, devices=2, strategy=Counting(process_group_backend="gloo"),
        use_distributed_sampler=False, callbacks=[guard], accumulate_grad_batches=accumulate,
    )
    module = Normed(how)
    trainer.fit(module, datamodule=Data(bad))
    return {
        "stop": stop_reason(trainer), "steps": trainer.fit_loop.total_batch_idx + 1,
        "skips": guard.num_skips, "finite": all_finite(dict(module.state_dict())),
        "weights": module.net[0].weight.tolist(), "decisions": Counting.count,
        "dumps": len(list(guard.dump.folder.glob(f"*-rank{rank}.pt"))),
    }

tell(
    quiet=run(bad=False),
    stop=run(),
    loss=run("loss", check=["loss"]),
    skip=run("loss", accumulate=2, action="skip_step"),
    outputs=run("outputs", check=["outputs"]),
    asked=run("loss", accumulate=2, filter=EventFilter(every=2, after=0)),
)
"""


def test_two_ranks_of_which_one_sees_the_nan(tmp_path: Path) -> None:
    first, second = two_ranks(PROGRAM, tmp_path)
    for key in first:
        for same in ("stop", "steps", "skips", "weights", "decisions"):
            assert first[key][same] == second[key][same], (key, same)
        assert first[key]["finite"]
        assert second[key]["finite"]
    assert (first["quiet"]["decisions"], first["quiet"]["steps"]) == (0, 6)
    for key in ("stop", "loss"):
        # The gradients of all ranks tell; only then is it asked whose loss it was.
        assert (first[key]["decisions"], first[key]["steps"]) == (1, 3)
        assert first[key]["stop"] == "loss not finite at iteration 3"
        assert (first[key]["dumps"], second[key]["dumps"]) == (0, 1)
    # The window of batches 3 and 4 is dropped on both.
    assert (first["skip"]["skips"], first["skip"]["steps"]) == (1, 6)
    assert second["skip"]["dumps"] == 1
    # Batch 3 was asked, and its window's step is that of batch 4.
    assert (first["asked"]["stop"], first["asked"]["decisions"]) == (
        "loss not finite at iteration 4",
        1,
    )
    assert (first["outputs"]["stop"], first["outputs"]["steps"]) == (
        "outputs not finite at iteration 3",
        3,
    )


def test_relative_dumps_are_below_the_trainers_root(tmp_path: Path) -> None:
    guard = TerminateOnNonFinite(action="skip_step", dump_dir="dumps")
    fit(guard, 3, default_root_dir=tmp_path / "root")
    assert list((tmp_path / "root" / "dumps").iterdir())
    assert not Path("dumps").exists()


def test_a_fast_dev_run_writes_no_file(tmp_path: Path) -> None:
    guard = TerminateOnNonFinite(action="skip_step", dump_dir=str(tmp_path / "dumps"))
    fit(guard, 1, fast_dev_run=2)
    assert guard.num_skips == 1
    assert not (tmp_path / "dumps").exists()


def test_two_that_look_at_different_things_keep_their_states(tmp_path: Path) -> None:
    def build() -> list[TerminateOnNonFinite]:
        return [
            TerminateOnNonFinite(["loss"], action="skip_step"),
            TerminateOnNonFinite(["grads"], action="skip_step"),
            TerminateOnNonFinite(["loss"], action="skip_step", filter=EventFilter(after=3)),
            TerminateOnNonFinite(["loss"], action="skip_step", filter=EventFilter(when=is_third)),
        ]

    first, second = build(), build()
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=list[pl.Callback](first))
    trainer.fit(Normed(), PoisonedData().loader())
    for number, guard in enumerate(first):
        guard.num_skips = number
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=list[pl.Callback](second))
    trainer.fit(Normed(), PoisonedData().loader(), ckpt_path=tmp_path / "x.ckpt")
    assert [guard.num_skips for guard in second] == [0, 1, 2, 3]
    one, other = TerminateOnNonFinite(["loss", "grads"]), TerminateOnNonFinite(["grads", "loss"])
    assert one.state_key == other.state_key


def is_third(count: int) -> bool:
    return count == 3
