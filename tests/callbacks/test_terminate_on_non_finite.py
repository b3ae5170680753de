"""NaN and infinity do not reach weights, buffers or optimizer; the fit stops, raises or goes on."""

import copy
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

from lightning_kit.callbacks.batch_dump import replay
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


def test_skips_before_a_resume_count() -> None:
    callback = TerminateOnNonFinite(action="skip_step", max_skips=1)
    callback.load_state_dict({"num_skips": 1})
    _, watch = fit(callback, 2)
    assert len(watch.states) == 2


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
from lightning_kit.meters import all_finite
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
    assert (first["outputs"]["stop"], first["outputs"]["steps"]) == (
        "outputs not finite at iteration 3",
        3,
    )


def test_relative_dumps_are_below_the_trainers_root(tmp_path: Path) -> None:
    guard = TerminateOnNonFinite(action="skip_step", dump_dir="dumps")
    fit(guard, 3, default_root_dir=tmp_path / "root")
    assert list((tmp_path / "root" / "dumps").iterdir())
    assert not Path("dumps").exists()
