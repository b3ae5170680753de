"""``check`` finds what is wrong before any long work, and leaves nothing behind."""

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Run


def test_a_good_config_prints_a_line_a_component(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("check", "-c", recipe) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ok: ")]
    assert [line.split()[1] for line in lines] == ["model", "data", "callback", "callback", "one"]
    assert "logged: train/loss, val/loss" in lines[-1]
    assert [path.name for path in Path().iterdir()] == ["small.yaml"]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--callbacks.EarlyStopping.monitor", "val/los"], "'val/los' is never logged: did you"),
        (["--callbacks.ModelCheckpoint.monitor", "val/los"], "'val/los' is never logged"),
        (["--model.lrr", "1"], "PlainModule takes no 'lrr': did you mean lr?"),
        (["--trainer.gradient_clip_algorithm", "norm"], "has no effect without gradient_clip_val"),
        (["--model.fail_at", "0"], "one batch: RuntimeError: the batch is cursed"),
        (["--data", "TableDataModule", "--data.path", "no.csv", "--data.target", "y"], "no.csv"),
        (["-c", "missing.yaml"], "missing.yaml: no such file"),
    ],
)
def test_a_problem_is_listed(
    kit: Run, recipe: str, capsys: Any, args: list[str], line: str
) -> None:
    assert kit("check", "-c", recipe, *args) == 2
    problems = [row for row in capsys.readouterr().err.splitlines() if row.startswith("problem: ")]
    assert any(line in problem for problem in problems)
    assert not Path("runs").exists()


@pytest.mark.filterwarnings("ignore:`ModelCheckpoint.*could not find the monitored key")
@pytest.mark.parametrize("name", ["EarlyStopping", "ModelCheckpoint"])
def test_a_validation_that_never_comes_is_a_problem(
    kit: Run, recipe: str, capsys: Any, name: str
) -> None:
    removed = {"EarlyStopping": "ModelCheckpoint", "ModelCheckpoint": "EarlyStopping"}[name]
    flags = [f"--callbacks.{removed}=null", "--trainer.check_val_every_n_epoch=3"]
    assert kit("check", "-c", recipe, *flags) == 2
    shown = capsys.readouterr().err
    assert "'val/loss' is never logged" in shown
    assert "trainer.check_val_every_n_epoch 3 is above max_epochs 2" in shown
    assert kit("check", "-c", recipe, *flags, "--trainer.max_epochs=3") == 0
    monitor = f"--callbacks.{name}.monitor=train/loss"
    assert kit("check", "-c", recipe, *flags, monitor) == 0, "it asks for no validation"


@pytest.mark.parametrize(
    "flag",
    ["val_check_interval=1000", "limit_val_batches=0.0001", "limit_train_batches=0.0001",
     "max_epochs=0", "max_steps=0", "limit_train_batches=0", "accumulate_grad_batches=0"],
)  # fmt: skip
def test_an_amount_that_fit_refuses_is_a_problem(
    kit: Run, recipe: str, capsys: Any, flag: str
) -> None:
    for verb in ("check", "fit"):
        assert kit(verb, "-c", recipe, f"--trainer.{flag}") == 2
        lines = [
            line for line in capsys.readouterr().err.splitlines() if flag.split("=")[0] in line
        ]
        assert len(lines) == 1


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        # -1 or -1.0: which of int and float a union puts first is for Python's cache to say.
        ("limit_train_batches=-1", "for limit_train_batches, it has to be in"),
        ("max_epochs=-5", "`max_epochs` must be a non-negative integer or -1"),
        ("max_time=foo", "not a valid duration"),
        ("default_root_dir=/proc/x", "/proc/x"),
        ("default_root_dir=small.yaml", "small.yaml"),
        ("gradient_clip_val=-1", "trainer.gradient_clip_val: must be at least 0"),
    ],
)
def test_what_the_short_run_does_not_use_is_judged(
    kit: Run, recipe: str, capsys: Any, flag: str, line: str
) -> None:
    for verb in ("check", "fit"):
        assert kit(verb, "-c", recipe, f"--trainer.{flag}") == 2
        told = capsys.readouterr().err
        assert sum(line in row for row in told.splitlines()) == 1, told
        (said,) = [row for row in told.splitlines() if line in row]
        assert said.startswith(("problem: ", "lightning-kit: "))
        assert verb == "fit" or [path.name for path in Path().iterdir()] == ["small.yaml"]


def test_a_bar_that_is_switched_off_is_a_problem(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("check", "-c", recipe, "--trainer.callbacks+=RichProgressBar") == 2
    assert "enable_progress_bar" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["check", "fit"])
def test_a_seed_out_of_range_is_one_line(kit: Run, recipe: str, capsys: Any, verb: str) -> None:
    assert kit(verb, "-c", recipe, "--seed_everything=-3") == 2
    assert "seed_everything: -3 is not in bounds" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["check"], ["test", "--random_weights"]])
def test_what_a_later_list_drops_is_told(
    kit: Run, recipe: str, capsys: Any, verb: list[str]
) -> None:
    Path("over.yaml").write_text("trainer: {callbacks: [ModelCheckpoint]}")
    assert kit(*verb, "-c", recipe, "-c", "over.yaml") == 0
    assert capsys.readouterr().err.count("drops EarlyStopping;") == 1


def test_what_trains_nothing_may_be_validated(kit: Run, recipe: str) -> None:
    flags = ("--trainer.max_epochs=0", "--trainer.limit_train_batches=0", "--random_weights")
    assert kit("validate", "-c", recipe, *flags) == 0


def test_every_problem_is_listed_once(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("check", "-c", recipe, "--model.lrr=1", "--trainer.max_epoch=1", "--x=1") == 2
    assert capsys.readouterr().err.count("problem: ") == 3
    monitors = [f"--callbacks.{name}.monitor=no" for name in ("EarlyStopping", "ModelCheckpoint")]
    assert kit("check", "-c", recipe, *monitors) == 2
    assert capsys.readouterr().err.count("problem: ") == 1


def test_every_key_that_is_never_logged_is_listed(kit: Run, recipe: str, capsys: Any) -> None:
    monitors = [
        "--callbacks.EarlyStopping.monitor=val/los",
        "--callbacks.ModelCheckpoint.monitor=x/y",
    ]
    assert kit("check", "-c", recipe, *monitors) == 2
    told = capsys.readouterr()
    assert "'val/los' is never logged: did you mean val/loss?" in told.err
    assert "'x/y' is never logged" in told.err
    assert told.err.count("problem: ") == 2
    assert "ok: " not in told.out


def test_a_missing_extra_is_named(
    kit: Run, plain_recipe: dict[str, Any], capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_recipe["trainer"]["logger"] = {
        "class_path": "pytorch_lightning.loggers.TensorBoardLogger",
        "init_args": {"save_dir": "tb"},
    }
    Path("tb.yaml").write_text(yaml.safe_dump(plain_recipe))
    for flag in ("_TENSORBOARD_AVAILABLE", "_TENSORBOARDX_AVAILABLE"):
        monkeypatch.setattr(f"lightning_fabric.loggers.tensorboard.{flag}", False)
    assert kit("check", "-c", "tb.yaml") == 2
    assert "pip install 'lightning_kit[tensorboard]'" in capsys.readouterr().err


def test_explicit_checkpoint_folders_stay_empty(kit: Run, recipe: str) -> None:
    assert kit("check", "-c", recipe, "--callbacks.ModelCheckpoint.dirpath", "keep") == 0
    assert not Path("keep").exists()


def test_lightnings_remarks_come_back(
    kit: Run, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remarks = logging.getLogger("pytorch_lightning")
    monkeypatch.setattr(remarks, "level", logging.INFO)
    assert kit("check", "-c", recipe) == 0
    assert remarks.level == logging.INFO


@pytest.mark.parametrize(("how", "code"), [("Ctrl-C", 130), ("SIGTERM", 1)])
def test_a_signal_ends_it_with_its_code(kit: Run, recipe: str, how: str, code: int) -> None:
    data = ("--data", "programs.interrupted_data.InterruptedData", "--data.how", how)
    assert kit("check", "-c", recipe, *data) == code
