"""What becomes of a run that raised."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
import yaml
from conftest import Run
from origin.stock import QUIET
from programs.plain import PlainData
from programs.raising import MyError, Raising
from programs.ranks import two_ranks
from pytorch_lightning.plugins import MixedPrecision
from torch.utils.data import DataLoader, Subset

from lightning_kit.callbacks.exception_policy import ExceptionPolicy
from lightning_kit.callbacks.exception_rule import Rule
from lightning_kit.runs.stopping import stop_reason

MINE = "programs.raising.MyError"
TESTS = Path(__file__).parents[1]


class Watch(pl.Callback):
    """Tell what was called."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.outputs: list[Any] = []

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, *args: Any) -> None:
        self.outputs.append(outputs)

    def on_train_end(self, *args: Any) -> None:
        self.said.append("train end")

    def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
        self.said.append(f"exception {type(exception).__name__}")

    def teardown(self, trainer: Any, module: Any, stage: str) -> None:
        assert stage == "fit"
        self.said.append("teardown")


def fit(module: pl.LightningModule, *rules: Rule, **trainer: Any) -> tuple[pl.Trainer, Watch]:
    watch = trainer.pop("watch", None) or Watch()
    before = trainer.pop("callbacks", [])
    arguments = {"ckpt_path": trainer.pop("ckpt_path", None)}
    options = {**QUIET, "max_epochs": 2, "num_sanity_val_steps": 0, **trainer}
    built = pl.Trainer(**options, callbacks=[*before, ExceptionPolicy(list(rules)), watch])
    built.fit(module, PlainData(), **arguments)
    return built, watch


def without_third_batch() -> Raising:
    """Train two epochs of five batches, the first of which lacks its third."""
    rows = PlainData().rows
    module = Raising(at=())

    class Data(pl.LightningDataModule):
        def train_dataloader(self) -> Any:
            left = [row for row in range(40) if not 16 <= row < 24]
            first = self.trainer is not None and self.trainer.current_epoch == 0
            return DataLoader(Subset(rows, left) if first else rows, batch_size=8)

        def val_dataloader(self) -> Any:
            return PlainData().val_dataloader()

    options = {**QUIET, "max_epochs": 2, "reload_dataloaders_every_n_epochs": 1}
    pl.Trainer(**options).fit(module, Data())
    return module


@pytest.mark.parametrize("manual", [False, True])
@pytest.mark.parametrize("where", ["forward", "backward", "step"])
def test_a_skipped_batch_leaves_no_trace(where: str, manual: bool) -> None:
    module = Raising(where, manual=manual)
    trainer, watch = fit(module, Rule(MINE, "skip_batch"))
    wanted = without_third_batch()
    torch.testing.assert_close(module.state_dict(), wanted.state_dict(), rtol=0, atol=0)
    assert trainer.fit_loop.total_batch_idx + 1 == 10
    assert watch.outputs[2] == {}
    assert watch.said == ["train end", "teardown"]


def test_a_skip_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "lightning_kit"):
        fit(Raising(), Rule("RuntimeError", "skip_batch"))
    assert "skip_batch at iteration 3: MyError: the batch is cursed" in caplog.text
    (events,) = Path().rglob("events-*.jsonl")
    event = json.loads(events.read_text())
    assert (event["kind"], event["action"], event["iteration"]) == ("exception", "skip_batch", 3)
    assert event["error"] == "MyError: the batch is cursed"


def test_more_than_max_times_is_raised() -> None:
    with pytest.raises(MyError) as raised:
        fit(Raising(at=(2, 4, 5)), Rule(MINE, "skip_batch", max_times=2))
    assert raised.value.__notes__ == ["raised: skip_batch was done 2 times (max_times)"]


def test_the_count_goes_on_in_a_resumed_run() -> None:
    policy = ExceptionPolicy([Rule(MINE, "skip_batch", max_times=2), Rule("OSError", "stop")])
    policy.load_state_dict({"counts": {MINE: 2, "KeyError": 1}})
    assert policy.state_dict() == {"counts": {MINE: 2, "OSError": 0}}


def test_the_count_goes_on_in_a_resumed_run_alone(tmp_path: Path) -> None:
    def run(policy: ExceptionPolicy, at: tuple[int, ...], path: Path | None = None) -> pl.Trainer:
        trainer = pl.Trainer(**QUIET, max_epochs=1 if path is None else 2, callbacks=[policy])
        trainer.fit(Raising(at=at), PlainData(), ckpt_path=path)
        return trainer

    rule = Rule(MINE, "skip_batch", max_times=2)
    policy = ExceptionPolicy([rule])
    run(policy, at=(2, 3)).save_checkpoint(tmp_path / "used.ckpt")
    with pytest.raises(MyError):
        run(ExceptionPolicy([rule]), at=(6,), path=tmp_path / "used.ckpt")
    run(policy, at=(2, 3))
    assert policy.counts == {MINE: 2}


@pytest.mark.parametrize(("bad", "steps"), [(1, 6), (2, 5)])
def test_a_skipped_batch_drops_its_window_so_far(bad: int, steps: int) -> None:
    class Steps(Raising):
        def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
            before = self.get_parameter("net.1.weight").detach().clone()
            super().optimizer_step(*args, **kwargs)
            self.stepped = getattr(self, "stepped", 0)
            self.stepped += not torch.equal(before, self.get_parameter("net.1.weight"))

    # Windows of batches 1-2, 3-4 and 5, in each of two epochs.
    module = Steps("forward", at=(bad,))
    fit(module, Rule(MINE, "skip_batch"), accumulate_grad_batches=2)
    assert module.stepped == steps


def test_a_scaler_that_had_unscaled_goes_on() -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    precision = MixedPrecision("16-mixed", "cpu", scaler)

    class AfterUnscale(Raising):
        def on_before_optimizer_step(self, optimizer: Any) -> None:
            if self.trainer.fit_loop.total_batch_idx + 1 in self.at:
                raise self.error

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    trainer, _ = fit(AfterUnscale("hook"), Rule(MINE, "skip_batch"), plugins=[precision])
    assert trainer.fit_loop.total_batch_idx + 1 == 10


@pytest.mark.parametrize("where", ["forward", "backward", "step", "validation"])
def test_stop_ends_the_fit_as_if_it_were_done(where: str) -> None:
    module = Raising(where, at=(1,) if where == "validation" else (3,))
    trainer, watch = fit(module, Rule(MINE, "stop"), min_epochs=2)
    assert watch.said == ["train end", "teardown"]
    assert trainer.fit_loop.total_batch_idx + 1 == (5 if where == "validation" else 3)
    assert stop_reason(trainer) == "MyError: the batch is cursed"
    assert trainer.state.finished
    assert all(part.training for part in module.modules())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("then", ["raise", "stop"])
def test_a_checkpoint_that_can_be_resumed(then: Any, tmp_path: Path) -> None:
    rule = Rule(MINE, "checkpoint", then=then)
    options = {"default_root_dir": tmp_path}
    if then == "stop":
        trainer, _ = fit(Raising(at=(8,)), rule, **options)
        assert stop_reason(trainer) == "MyError: the batch is cursed"
    else:
        with pytest.raises(MyError):
            fit(Raising(at=(8,)), rule, **options)
    path = tmp_path / "checkpoints" / "exception-8.ckpt"
    assert torch.load(path, weights_only=True)["global_step"] == 7
    with pytest.warns(UserWarning, match="resuming from a checkpoint that ended before the epoch"):
        trainer, _ = fit(Raising(at=()), rule, ckpt_path=path, max_epochs=3, **options)
    assert trainer.current_epoch == 3


def test_an_exception_without_a_rule_and_the_rule_raise() -> None:
    for rules in ([], [Rule(MINE, "raise"), Rule("RuntimeError", "skip_batch")]):
        watch = Watch()
        with pytest.raises(MyError):
            fit(Raising(), *rules, watch=watch)
        assert watch.said == ["exception MyError", "teardown"]


class Clumsy(Watch):
    """Fails while it handles an exception, and while it tears down."""

    def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
        super().on_exception(trainer, module, exception)
        raise ValueError("clumsy")

    def teardown(self, trainer: Any, module: Any, stage: str) -> None:
        super().teardown(trainer, module, stage)
        raise ValueError("clumsy")


@pytest.mark.parametrize("before", [True, False])
def test_every_handler_runs_and_none_hides_the_exception(before: bool) -> None:
    clumsy, watch = Clumsy(), Watch()
    first, last = (clumsy, watch) if before else (watch, clumsy)
    with pytest.raises(MyError) as raised:
        fit(Raising(), callbacks=[first], watch=last)
    assert clumsy.said == watch.said == ["exception MyError", "teardown"]
    assert raised.value.__notes__ == ["a handler of it failed too: ValueError: clumsy"]


def test_what_was_borrowed_is_back_after_an_exception() -> None:
    policy, watch = ExceptionPolicy([Rule("OSError", "skip_batch")]), Watch()
    trainer = pl.Trainer(**QUIET, max_epochs=1, callbacks=[policy, watch])
    with pytest.raises(MyError):
        trainer.fit(Raising(), PlainData())
    loop = trainer.fit_loop
    assert "on_exception" not in vars(watch)
    assert "_teardown" not in vars(trainer)
    assert not {"advance", "on_advance_start", "on_advance_end"} & set(vars(loop))
    assert "run" not in vars(loop.epoch_loop.automatic_optimization)


def test_ctrl_c_saves_and_fit_returns(tmp_path: Path) -> None:
    found = signal.getsignal(signal.SIGINT)
    module = Raising(at=(4,), error=KeyboardInterrupt())
    trainer, watch = fit(module, default_root_dir=tmp_path)
    assert watch.said == ["train end", "teardown"]
    assert stop_reason(trainer) == "Ctrl-C"
    held = torch.load(tmp_path / "checkpoints" / "interrupted.ckpt", weights_only=True)
    assert held["global_step"] == 3
    assert signal.getsignal(signal.SIGINT) is found


class Interrupts(pl.Callback):
    """Raise KeyboardInterrupt in the first call of a hook."""

    def __init__(self, hook: str) -> None:
        def interrupt(*args: Any, **kwargs: Any) -> None:
            raise KeyboardInterrupt

        setattr(self, hook, interrupt)


HOOKS = ["on_sanity_check_start", "on_validation_batch_start", "on_train_start", "on_train_end"]


@pytest.mark.filterwarnings("ignore:Found 1 module.* in eval mode at the start of training")
@pytest.mark.parametrize("hook", HOOKS)
def test_ctrl_c_outside_the_epochs_lets_fit_return_too(hook: str, tmp_path: Path) -> None:
    found, module = signal.getsignal(signal.SIGINT), Raising(at=())
    # Of the module's parts one does not train, and is found so.
    module.net[0].eval()
    options = {"num_sanity_val_steps": 2, "default_root_dir": tmp_path, "max_epochs": 1}
    trainer, watch = fit(module, callbacks=[Interrupts(hook)], **options)
    assert watch.said == ["teardown"]
    assert stop_reason(trainer) == "Ctrl-C"
    assert trainer.state.finished
    assert [part.training for part in module.modules()].count(False) == 1
    saved = (tmp_path / "checkpoints" / "interrupted.ckpt").exists()
    assert saved is (hook == "on_train_end")
    assert "_run_stage" not in vars(trainer)
    assert signal.getsignal(signal.SIGINT) is found


def test_ctrl_c_from_the_command_line_is_130(kit: Run, plain_recipe: dict[str, Any]) -> None:
    plain_recipe["model"] = {"class_path": "programs.interrupted.Interrupted"}
    plain_recipe["trainer"]["callbacks"] = [
        {
            "class_path": "lightning_kit.callbacks.ExceptionPolicy",
            "init_args": {"rules": [{"exception": MINE, "action": "stop", "max_times": 1}]},
        }
    ]
    Path("small.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "small.yaml") == 130
    latest = Path("runs/small/latest")
    record = json.loads((latest / "run.json").read_text())
    assert (record["status"], record["stop_reason"]) == ("stopped", "Ctrl-C")
    assert [path.name for path in (latest / "checkpoints").iterdir()] == ["interrupted.ckpt"]


def test_the_reason_of_a_stop_reaches_the_record(kit: Run, plain_recipe: dict[str, Any]) -> None:
    plain_recipe["model"] = {
        "class_path": "programs.plain.PlainModule",
        "init_args": {"fail_at": 4},
    }
    plain_recipe["trainer"]["callbacks"] = [
        {
            "class_path": "lightning_kit.callbacks.ExceptionPolicy",
            "init_args": {"rules": [{"exception": "RuntimeError", "action": "stop"}]},
        }
    ]
    Path("small.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "small.yaml") == 0
    record = json.loads(Path("runs/small/latest/run.json").read_text())
    assert (record["status"], record["stop_reason"]) == (
        "stopped",
        "RuntimeError: the batch is cursed",
    )


def test_an_unknown_class_is_wrong_input(
    kit: Run, plain_recipe: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    plain_recipe["trainer"]["callbacks"] = [
        {
            "class_path": "lightning_kit.callbacks.ExceptionPolicy",
            "init_args": {"rules": [{"exception": "NoSuchError", "action": "stop"}]},
        }
    ]
    Path("small.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "small.yaml") == 2
    said = capsys.readouterr().err
    assert "NoSuchError" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("rules", [["RuntimeError"], "RuntimeError", Rule("OSError", "stop"), [{}]])
def test_what_is_no_rule(rules: Any) -> None:
    with pytest.raises(ValueError, match="rules must be a list of Rule"):
        ExceptionPolicy(rules)


def test_a_rule_by_class() -> None:
    trainer, _ = fit(Raising(), Rule(MyError, "stop"))
    assert stop_reason(trainer) == "MyError: the batch is cursed"


def test_an_unwritable_folder_is_refused_before_the_fit() -> None:
    rule = Rule(MINE, "checkpoint", then="stop")
    with pytest.raises(ValueError, match="dirpath must be a folder .*got /proc/nope: /proc"):
        ExceptionPolicy([rule], dirpath="/proc/nope")
    module = Raising()
    with pytest.raises(ValueError, match="dirpath must be a folder .*got /proc/nope/checkpoints"):
        fit(module, rule, default_root_dir="/proc/nope")
    assert module.trainer.global_step == 0
    # Without a rule that saves, a run may have nowhere to save.
    fit(Raising(at=()), Rule(MINE, "raise"), default_root_dir="/proc/nope")


@pytest.mark.parametrize("dirpath", ["file/below", "../../../file/below"])
def test_an_unwritable_folder_is_wrong_input(
    dirpath: str, kit: Run, plain_recipe: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("")
    # What is relative is below the directory of the run, runs/small/<stamp>.
    absolute = str(Path(dirpath).absolute()) if dirpath == "file/below" else dirpath
    rules = [{"exception": MINE, "action": "checkpoint", "then": "stop"}]
    plain_recipe["trainer"]["callbacks"] = [
        {
            "class_path": "lightning_kit.callbacks.ExceptionPolicy",
            "init_args": {"rules": rules, "dirpath": absolute},
        }
    ]
    Path("small.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "small.yaml") == 2
    said = capsys.readouterr().err
    assert "dirpath must be a folder that can be written to" in said
    assert "Traceback" not in said


def test_a_relative_folder_is_below_the_trainers_root(tmp_path: Path) -> None:
    policy = ExceptionPolicy([Rule(MINE, "checkpoint", then="stop")], dirpath="saved")
    trainer = pl.Trainer(
        **QUIET, max_epochs=1, callbacks=[policy], default_root_dir=tmp_path / "root"
    )
    trainer.fit(Raising(), PlainData())
    assert (tmp_path / "root" / "saved" / "exception-3.ckpt").is_file()


@pytest.mark.parametrize("then", ["raise", "stop"])
def test_what_could_not_be_saved_is_raised(then: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> bool:
        raise OSError("no space left")

    monkeypatch.setattr("lightning_kit.callbacks.exception_policy.save_rank_local", full)
    with pytest.raises(MyError) as raised:
        fit(Raising(), Rule(MINE, "checkpoint", then=then))
    assert raised.value.__notes__ == [
        "raised, for there is no checkpoint of it: OSError: no space left"
    ]


def test_before_the_first_step_there_is_nothing_to_save() -> None:
    with pytest.raises(MyError) as raised:
        fit(Raising(at=(1,)), Rule(MINE, "checkpoint", then="stop"))
    assert "no step was taken yet" in raised.value.__notes__[0]


@pytest.mark.parametrize("error", [MyError("cursed"), KeyboardInterrupt()])
def test_a_fast_dev_run_writes_nothing(error: BaseException, tmp_path: Path) -> None:
    rule = Rule(MINE, "checkpoint")
    with pytest.raises(MyError) if isinstance(error, MyError) else contextlib.nullcontext():
        fit(Raising(error=error), rule, fast_dev_run=4, default_root_dir=tmp_path)
    assert not list(tmp_path.rglob("*.ckpt"))
    assert getattr(error, "__notes__", []) == (
        ["raised, for there is no checkpoint of it: a fast_dev_run writes none"]
        if isinstance(error, MyError)
        else []
    )


def test_two_rules_for_one_class() -> None:
    with pytest.raises(ValueError, match="rules must be for a class each, got two for OSError"):
        ExceptionPolicy([Rule("OSError", "stop"), Rule("builtins.OSError", "raise")])


def test_skip_batch_is_refused_with_several_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pl.Trainer, "world_size", 2)
    with pytest.raises(ValueError, match="skip_batch needs a single process, got 2"):
        fit(Raising(), Rule(MINE, "skip_batch"))


def test_one_of_several_ranks_cannot_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pl.Trainer, "world_size", 2)
    with pytest.raises(MyError) as raised:
        fit(Raising(), Rule(MINE, "stop"))
    (note,) = raised.value.__notes__
    assert "one of several ranks cannot stop alone" in note


PROGRAM = """
import os
import pytorch_lightning as pl, torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule
from lightning_kit.callbacks.exception_policy import ExceptionPolicy
from lightning_kit.callbacks.exception_rule import Rule

class Raises(pl.Callback):
    def __init__(self, at, ranks):
        self.at, self.ranks = at, ranks
    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        if batch_idx + 1 == self.at and rank in self.ranks:
            raise OSError("boom")

def notes(at, ranks):
    policy = ExceptionPolicy([Rule("OSError", "checkpoint")], dirpath=os.path.abspath("../saved"))
    trainer = pl.Trainer(
        **QUIET, max_epochs=1, devices=2, strategy="ddp", callbacks=[Raises(at, ranks), policy]
    )
    try:
        trainer.fit(PlainModule(), PlainData())
    except OSError as error:
        return getattr(error, "__notes__", [])
    except RuntimeError:
        return "a peer left"

tell(both=notes(2, (0, 1)))
tell(one=notes(3, (1,)))
os._exit(0)
"""


def test_each_rank_that_raised_saves_a_file_of_its_own(tmp_path: Path) -> None:
    first, second = two_ranks(PROGRAM, tmp_path)
    assert (first["both"], second["both"]) == ([], [])
    assert (first["one"], second["one"]) == ("a peer left", [])
    saved = {each.name: torch.load(each, weights_only=True) for each in tmp_path.glob("saved/*")}
    found = {name: held["global_step"] for name, held in saved.items()}
    assert found == {
        "exception-2.ckpt": 1,
        "exception-2-rank1.ckpt": 1,
        "exception-3-rank1.ckpt": 2,
    }
    one, other = (saved[f"exception-2{rank}.ckpt"]["state_dict"] for rank in ("", "-rank1"))
    torch.testing.assert_close(one, other, rtol=0, atol=0)


SECOND = """
import time
import pytorch_lightning as pl
from origin.stock import QUIET
from programs.plain import PlainData
from programs.faulty import SlowModule
from lightning_kit.callbacks.exception_policy import ExceptionPolicy

class Hangs(pl.Callback):
    def on_save_checkpoint(self, *args):
        print("saving", flush=True)
        time.sleep(60)
    def on_train_batch_end(self, trainer, *args):
        print("batch", flush=True)

trainer = pl.Trainer(**QUIET, max_epochs=1000, callbacks=[ExceptionPolicy([]), Hangs()])
trainer.fit(SlowModule(), PlainData())
"""


def test_a_second_ctrl_c_kills() -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SECOND],
        env={**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            for wanted in ("batch", "saving"):
                deadline = time.monotonic() + 60
                while process.stdout.readline().strip() != wanted:
                    assert time.monotonic() < deadline
                process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == -signal.SIGINT
        finally:
            process.kill()
