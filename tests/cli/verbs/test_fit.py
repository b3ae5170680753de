"""``fit``: precedence, callbacks by name, run directories, endings and one-line errors."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from conftest import Run

from lightning_kit.runs.directory import RunDirectory


def config(name: str = "small") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(RunDirectory.latest(name).config.read_text())
    return found


def callbacks(name: str = "small") -> list[str]:
    return [c["class_path"].rpartition(".")[2] for c in config(name)["trainer"]["callbacks"]]


def write(path: str, content: dict[str, Any]) -> str:
    Path(path).write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_a_run_leaves_its_directory(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", "-c", recipe) == 0
    run = RunDirectory.latest("small")
    record = run.record()
    assert record.status == "finished"
    assert record.best is not None
    assert (run.path / record.best["path"]).is_file()
    assert (run.path / "metrics.csv").read_text().startswith("epoch,")
    shown = capsys.readouterr().out
    assert "val/loss" in shown
    assert f"next: lightning-kit test runs/small/{run.path.name}" in shown


def test_each_run_has_its_own_directory_and_overwrites_nothing(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe) == 0
    first = RunDirectory.latest("small")
    before = {p: p.read_bytes() for p in first.path.rglob("*") if p.is_file()}
    assert kit("fit", "-c", recipe) == 0
    assert RunDirectory.latest("small") != first
    assert {p: p.read_bytes() for p in before} == before


def test_config_repeats_the_run_and_holds_none_of_its_paths(kit: Run, recipe: str) -> None:
    Path("rows.csv").touch()
    assert kit("fit", "-c", recipe) == 0
    first = RunDirectory.latest("small")
    text = first.config.read_text()
    assert first.path.name not in text
    assert config()["data"]["init_args"]["path"] == str(Path("rows.csv").absolute())
    time.sleep(1.1)
    assert kit("fit", "-c", str(first.config)) == 0
    second = RunDirectory.latest("small")
    assert second.name == "small", "a run's own config.yaml is that run's recipe"
    assert second.config.read_text() == text
    one, two = (torch.load(run.best(), weights_only=True)["state_dict"] for run in (first, second))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_flags_beat_the_environment_and_files_wherever_they_stand(
    kit: Run, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = write("over.yaml", {"model": {"init_args": {"lr": 0.2}}})
    assert kit("fit", "--model.lr", "0.4", "-c", recipe, "-c", over) == 0
    assert config()["model"]["init_args"]["lr"] == 0.4
    assert kit("fit", "-c", recipe, "-c", over) == 0
    assert config()["model"]["init_args"]["lr"] == 0.2
    monkeypatch.setenv("PL_FIT__MODEL__LR", "0.3")
    monkeypatch.setenv("PL_FIT__TRAINER__MAX_EPOCHS", "1")
    assert kit("fit", "-c", recipe, "-c", over) == 0
    assert config()["model"]["init_args"]["lr"] == 0.3
    assert config()["trainer"]["max_epochs"] == 1
    assert kit("fit", "--model.lr", "0.4", "-c", recipe) == 0
    assert config()["model"]["init_args"]["lr"] == 0.4


def test_a_checkpoint_is_the_lowest_layer(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--model.lr", "0.5", "--model.step_size", "1") == 0
    last = str(RunDirectory.latest("small").last())
    more = ("--trainer.max_epochs", "3")
    assert kit("fit", *more, "--ckpt_path", last, "--model.lr", "0.25", "-c", recipe) == 0
    arguments = config()["model"]["init_args"]
    assert arguments["lr"] == 0.25, "Lightning's own command line gives 0.5 here"
    assert arguments["step_size"] == 1, "what nothing above sets comes from the checkpoint"
    state = torch.load(RunDirectory.latest("small").last(), weights_only=True)
    # Three epochs halved the new rate three times.
    assert state["optimizer_states"][0]["param_groups"][0]["lr"] == pytest.approx(0.25 / 8)


def test_a_run_directory_resumes_from_its_last(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--model.dropout", "0.5", "--trainer.max_epochs", "4") == 0
    whole = torch.load(RunDirectory.latest("small").last(), weights_only=True)
    assert kit("fit", "-c", recipe, "--model.dropout", "0.5") == 0
    more = ("--trainer.max_epochs", "4")
    assert kit("fit", "runs/small/latest", *more) == 0
    resumed = torch.load(RunDirectory.latest("small").last(), weights_only=True)
    assert resumed["epoch"] == whole["epoch"]
    for name, weight in whole["state_dict"].items():
        assert torch.equal(weight, resumed["state_dict"][name])


def test_patience_is_this_runs(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe) == 0
    more = ("--trainer.max_epochs", "3", "--callbacks.EarlyStopping.patience", "9")
    assert kit("fit", "runs/small/latest", *more) == 0
    states = torch.load(RunDirectory.latest("small").last(), weights_only=True)["callbacks"]
    assert next(v for k, v in states.items() if "EarlyStopping" in k)["patience"] == 9


def test_callbacks_by_name_in_files_and_flags(kit: Run, recipe: str) -> None:
    own = {"class_path": "pytorch_lightning.callbacks.Timer", "duration": "00:01:00:00"}
    over = write(
        "over.yaml",
        {"callbacks": {"EarlyStopping": None, "limit": own, "LearningRateMonitor": {}}},
    )
    flag = ("--callbacks.limit.verbose", "false", "--callbacks.ModelCheckpoint.save_top_k", "2")
    assert kit("fit", "-c", recipe, "-c", over, *flag) == 0
    assert callbacks() == ["ModelCheckpoint", "Timer", "LearningRateMonitor"]
    checkpoint, timer, _ = (c["init_args"] for c in config()["trainer"]["callbacks"])
    assert checkpoint["save_top_k"] == 2
    assert (timer["duration"], timer["verbose"]) == ("00:01:00:00", False)
    # What a stock LightningCLI reads is a list of full class paths.
    paths = [c["class_path"] for c in config()["trainer"]["callbacks"]]
    assert all(path.startswith("pytorch_lightning.callbacks.") for path in paths)


def test_a_list_replaces_and_says_so(kit: Run, recipe: str, capsys: Any) -> None:
    over = write("over.yaml", {"trainer": {"callbacks": ["LearningRateMonitor"]}})
    assert kit("fit", "-c", recipe, "-c", over) == 0
    assert callbacks() == ["LearningRateMonitor"]
    assert "drops ModelCheckpoint, EarlyStopping" in capsys.readouterr().err


def test_plus_appends_and_interpolation_resolves(kit: Run, recipe: str) -> None:
    flags = ("--trainer.callbacks+=Timer", "--trainer.callbacks.duration=00:00:10:00")
    over = write("over.yaml", {"model": {"init_args": {"step_size": "${trainer.max_epochs}"}}})
    assert kit("fit", "-c", recipe, "-c", over, *flags) == 0
    assert callbacks() == ["ModelCheckpoint", "EarlyStopping", "Timer"]
    assert config()["model"]["init_args"]["step_size"] == 2


def test_print_config_prints_and_stops(kit: Run, recipe: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        kit("fit", "-c", recipe, "--callbacks.EarlyStopping.patience", "8", "--print_config")
    assert ended.value.code == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["trainer"]["callbacks"][1]["init_args"]["patience"] == 8
    assert not Path("runs").exists()


def test_another_optimizer_brings_none_of_the_first_ones_settings(
    kit: Run, recipe: str, capsys: Any
) -> None:
    task = {
        "class_path": "ClassificationTask",
        "init_args": {
            "num_classes": 2,
            "model": {
                "class_path": "torch.nn.Linear",
                "init_args": {"in_features": 3, "out_features": 2},
            },
        },
    }
    over = write("task.yaml", {"model": task})
    for flags in (
        ("--model.optimizer", "torch.optim.SGD", "--model.optimizer.lr", "0.3"),
        ("--model.optimizer.lr", "0.3", "--model.optimizer=torch.optim.SGD"),
    ):
        with pytest.raises(SystemExit):
            kit("fit", "-c", recipe, "-c", over, *flags, "--print_config")
        printed = yaml.safe_load(capsys.readouterr().out)
        optimizer = printed["model"]["init_args"]["optimizer"]
        assert optimizer["class_path"] == "torch.optim.SGD"
        assert optimizer["init_args"]["lr"] == 0.3
        assert optimizer["init_args"]["weight_decay"] == 0.0, "AdamW's default is 0.01"


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (
            ["--callbacks.EarlyStoping.patience", "3"],
            "EarlyStoping: no such callback: did you mean",
        ),
        (["--callbacks.EarlyStopping.patienc", "3"], "takes no 'patienc': did you mean patience?"),
        (["--callbacks.EarlyStopping.monitor", "val/los"], "'val/los' is never logged: did you me"),
        (["--callbacks.ModelCheckpoint.monitor", "val/los"], "'val/los' is never logged: did you"),
        (["--trainer.max_epochs", "many"], "trainer.max_epochs: must be int or null, got 'many'"),
        (["--model.lr", "fast"], "model.lr (PlainModule): must be float, got 'fast'"),
        (["--model", "programs.plain.PlainModul"], "did you mean PlainModule?"),
        (["-c", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--ckpt_path", "nowhere.ckpt"], "--ckpt_path nowhere.ckpt: no such file"),
        (["--trainer.accelerator", "abacus"], "abacus"),
        (["--trainer.logger", "CSVLoger"], "did you mean CSVLogger?"),
        (["--trainer.logger", "{class_path: CSVLoger}"], "did you mean CSVLogger?"),
        (["runs/small"], "is not a run directory"),
        (["a", "b"], "one run directory is enough"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(
    kit: Run, recipe: str, capsys: Any, args: list[str], line: str
) -> None:
    assert kit("fit", "-c", recipe, *args) == 2
    error = capsys.readouterr().err
    said = [row for row in error.splitlines() if row.startswith("lightning-kit: ")]
    assert len(said) == 1
    assert line in said[0]
    assert "Traceback" not in error


def test_wrong_input_leaves_no_directory_and_latest_where_it_was(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--model.lr", "fast") == 2
    assert not Path("runs").exists()
    assert kit("fit", "-c", recipe) == 0
    before = RunDirectory.latest("small")
    assert kit("fit", "-c", recipe, "--callbacks.EarlyStopping.monitor", "val/los") == 2
    assert RunDirectory.latest("small") == before


def test_a_copy_that_followed_the_link_ends_a_fit_before_it_begins(
    kit: Run, recipe: str, capsys: Any
) -> None:
    assert kit("fit", "-c", recipe) == 0
    shutil.copytree("runs", "copied")
    capsys.readouterr()
    assert kit("fit", "-c", recipe, "--trainer.default_root_dir", "copied") == 2
    error = capsys.readouterr().err
    assert "copied/small/latest is a folder" in error
    assert "Traceback" not in error
    assert len(list(Path("copied/small").iterdir())) == 2


def test_debug_shows_the_traceback(kit: Run, recipe: str) -> None:
    with pytest.raises(Exception, match="must be float"):
        kit("fit", "-c", recipe, "--model.lr", "fast", "--debug")


def test_a_failed_run_exits_with_1_and_shows_why(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", "-c", recipe, "--model.fail_at", "7") == 1
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert "the batch is cursed" in error
    record = json.loads(Path("runs/small/latest/run.json").read_text())
    assert (record["status"], record["exit_code"]) == ("failed", 1)


def test_a_fast_run_leaves_no_trace(kit: Run, recipe: str) -> None:
    flags = ("--trainer.fast_dev_run", "true", "--callbacks.ModelCheckpoint.save_last", "true")
    assert kit("fit", "-c", recipe, *flags) == 0
    assert [path.name for path in Path().iterdir()] == ["small.yaml"]


def test_users_loggers_stand_beside_the_runs_own(kit: Run, recipe: str) -> None:
    over = write(
        "over.yaml",
        {
            "trainer": {
                "logger": [
                    {
                        "class_path": "pytorch_lightning.loggers.CSVLogger",
                        "init_args": {"save_dir": "elsewhere"},
                    },
                    {
                        "class_path": "pytorch_lightning.loggers.TensorBoardLogger",
                        "init_args": {"save_dir": "tb"},
                    },
                ]
            }
        },
    )
    assert kit("fit", "-c", recipe, "-c", over) == 0
    run = RunDirectory.latest("small")
    assert (run.path / "metrics.csv").is_file()
    assert list(run.checkpoints.glob("*.ckpt"))
    assert list(Path("tb").rglob("events.*"))
    assert not Path("elsewhere").exists()


def test_runs_go_below_default_root_dir(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--trainer.default_root_dir", "deep/runs") == 0
    assert RunDirectory.latest("small", Path("deep/runs")).record().status == "finished"
    more = ("--trainer.default_root_dir", "deep/runs")
    assert kit("test", "-c", recipe, "--ckpt_path", "best", *more) == 0


def test_help_names_the_flags(kit: Run, capsys: Any) -> None:
    assert kit("fit", "--help") == 0
    assert "--callbacks.EarlyStopping.patience" in capsys.readouterr().out


def test_a_fine_tune_begins_without_the_other_runs_best(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--trainer.max_epochs", "4") == 0
    first = RunDirectory.latest("small").record().best
    Path("tuned.yaml").write_text(Path(recipe).read_text())
    flags = ("--ckpt_path", "runs/small/latest", "--trainer.max_epochs", "5", "--model.lr", "9.0")
    assert kit("fit", "-c", "tuned.yaml", *flags) == 0
    tuned = RunDirectory.latest("tuned")
    assert first is not None
    assert tuned.best().is_relative_to(tuned.path)


@pytest.mark.parametrize("asked", ["last", "runs/small/latest"])
def test_a_recipe_that_goes_on_with_its_last_keeps_the_best(
    kit: Run, recipe: str, asked: str
) -> None:
    assert kit("fit", "-c", recipe, "--trainer.max_epochs", "4") == 0
    first = RunDirectory.latest("small")
    flags = ("--ckpt_path", asked, "--trainer.max_epochs", "5", "--model.lr", "9.0")
    assert kit("fit", "-c", recipe, *flags) == 0
    second = RunDirectory.latest("small")
    assert second != first
    assert second.best() == first.best(), "a rate of 9 only makes it worse"


def test_a_run_that_died_before_its_first_checkpoint_says_so(
    kit: Run, recipe: str, capsys: Any
) -> None:
    assert kit("fit", "-c", recipe, "--model.fail_at", "0") == 1
    capsys.readouterr()
    assert kit("test", "runs/small/latest") == 2
    assert "has no checkpoint: start again from its config.yaml" in capsys.readouterr().err


def test_a_folder_of_the_users_own_holds_the_last(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--callbacks.ModelCheckpoint.dirpath", "kept") == 0
    run = RunDirectory.latest("small")
    assert run.last().parent == Path("kept").absolute()
    assert kit("test", "-c", recipe, "--ckpt_path", "last") == 0


@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`")
def test_a_resumed_run_that_adds_nothing_can_go_on(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe) == 0
    nothing = ("--trainer.enable_checkpointing", "false", "--callbacks.ModelCheckpoint", "null")
    assert kit("fit", "runs/small/latest", "--trainer.max_epochs", "3", *nothing) == 0
    assert RunDirectory.latest("small").record().last is None, "the other run's is not its own"
    assert kit("fit", "runs/small/latest", "--trainer.max_epochs", "4") == 0
    assert RunDirectory.latest("small").record().epoch == 4
    assert kit("test", "runs/small/latest") == 0


def test_a_checkpoint_named_in_a_file_is_used(kit: Run, recipe: str, capsys: Any) -> None:
    over = write("over.yaml", {"ckpt_path": "nowhere.ckpt"})
    assert kit("fit", "-c", recipe, "-c", over) == 2
    assert "nowhere.ckpt: no such file" in capsys.readouterr().err


def test_a_failure_in_setup_is_on_record(
    kit: Run, recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from programs.plain import PlainData

    def setup(self: Any, stage: str) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr(PlainData, "setup", setup)
    assert kit("fit", "-c", recipe) == 1
    assert capsys.readouterr().err.count("Traceback") == 1
    (run,) = (RunDirectory(path.parent) for path in Path("runs/small").glob("*/run.json"))
    assert run.record().ending == "failed (RuntimeError: no disk)"
    assert run.config.is_file(), "it can be run again"


@pytest.mark.parametrize("where", ["prepare_data", "setup"])
@pytest.mark.parametrize(
    ("how", "code", "ending"),
    [
        ("Ctrl-C", 130, "stopped (Ctrl-C)"),
        ("SIGTERM", 1, "failed (SIGTERM)"),
        ("exit", 1, "failed (SystemExit: 3)"),
    ],
)
def test_an_end_before_the_first_hook_is_on_record(
    kit: Run, recipe: str, where: str, how: str, code: int, ending: str
) -> None:
    flags = ("--data.how", how, "--data.where", where)
    assert (
        kit("fit", "-c", recipe, "--data", "programs.interrupted_data.InterruptedData", *flags)
        == code
    )
    (run,) = (RunDirectory(path) for path in Path("runs/small").iterdir())
    assert (run.record().ending, run.record().exit_code) == (ending, code)
    assert [event["kind"] for event in run.events] == ["start", "end"]
    assert run.config.is_file()


def test_the_root_of_runs_is_what_all_layers_say(kit: Run, recipe: str) -> None:
    write("part.yaml", {"default_root_dir": "parted", "max_epochs": 1})
    over = write("over.yaml", {"trainer": "part.yaml"})
    assert kit("fit", "-c", recipe, "-c", over) == 0
    first = RunDirectory.latest("small", Path("parted"))
    null = ("--trainer.default_root_dir", "null")
    assert kit("fit", "-c", recipe, "-c", over, *null) == 0
    assert RunDirectory.latest("small", Path("runs")).path.is_dir()
    flags = ("--trainer.default_root_dir", "moved", "--trainer.max_epochs", "2")
    assert kit("fit", str(first.path), *flags) == 0
    assert RunDirectory.latest("small", Path("moved")).record().epoch == 2
    assert not {"null", "lightning_logs"} & {path.name for path in Path().iterdir()}


def test_sigterm_before_the_first_hook_of_a_resumed_run_can_be_repeated(
    kit: Run, recipe: str
) -> None:
    assert kit("fit", "-c", recipe) == 0
    before = RunDirectory.latest("small")
    flags = ("--data", "programs.interrupted_data.InterruptedData", "--data.how", "SIGTERM")
    assert kit("fit", str(before.path), "--trainer.max_epochs", "3", *flags) == 75
    assert RunDirectory.latest("small") == before
    (run,) = (
        RunDirectory(path.parent)
        for path in Path("runs/small").glob("*/run.json")
        if path.parent.resolve() != before.path
    )
    assert run.record().ending == "preempted (SIGTERM)"
    assert run.last() == before.last()


def test_sigterm_while_the_parts_are_built_can_be_repeated_where_a_checkpoint_is(
    kit: Run, recipe: str, capsys: Any
) -> None:
    data = ("--data", "programs.interrupted_data.InterruptedData", "--data.where", "init")
    flags = (*data, "--data.how", "SIGTERM")
    assert kit("fit", "-c", recipe, *flags) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "lightning-kit: terminated"
    assert not list(Path().glob("runs/small/*"))
    assert kit("fit", "-c", recipe) == 0
    before = RunDirectory.latest("small")
    capsys.readouterr()
    assert kit("fit", "runs/small/latest", "--trainer.max_epochs", "3", *flags) == 75
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("lightning-kit: terminated before training began; the same command goes")
    assert [path.resolve() for path in Path().glob("runs/small/2*")] == [before.path.resolve()]
    assert RunDirectory.latest("small") == before


def test_sigterm_before_lightning_listens_is_on_record(
    kit: Run, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from programs.interrupted_data import end

    from lightning_kit.cli.app import KitCLI

    assert kit("fit", "-c", recipe) == 0
    before = RunDirectory.latest("small")
    monkeypatch.setattr(KitCLI, "run_arguments", lambda *_: end("SIGTERM"))
    assert kit("fit", str(before.path), "--trainer.max_epochs", "3") == 75
    (record,) = (
        RunDirectory(path.parent).record()
        for path in Path("runs/small").glob("2*/run.json")
        if path.parent.resolve() != before.path
    )
    assert (record.ending, record.exit_code) == ("preempted (SIGTERM)", 75)


def test_sigterm_while_baselines_are_printed_keeps_the_ending(
    kit: Run, recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from programs.interrupted_data import end

    monkeypatch.setattr("lightning_kit.cli.verbs.fit.print_baselines", lambda *_: end("SIGTERM"))
    assert kit("fit", "-c", recipe) == 0
    assert RunDirectory.latest("small").record().ending == "finished"
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == "lightning-kit: terminated when the run was over"


def test_wrong_input_before_the_first_hook_leaves_no_directory(
    kit: Run, recipe: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from lightning_fabric.utilities.exceptions import MisconfigurationException
    from programs.plain import PlainData

    def setup(self: Any, stage: str) -> None:
        raise MisconfigurationException("no such split")

    assert kit("fit", "-c", recipe) == 0
    before = sorted(Path("runs/small").iterdir()), RunDirectory.latest("small")
    monkeypatch.setattr(PlainData, "setup", setup)
    assert kit("fit", "-c", recipe) == 2
    assert "lightning-kit: no such split" in capsys.readouterr().err
    assert (sorted(Path("runs/small").iterdir()), RunDirectory.latest("small")) == before


@pytest.mark.parametrize(("how", "code"), [("Ctrl-C", 130), ("SIGTERM", 1)])
@pytest.mark.parametrize("where", ["setup", "teardown"])
def test_a_fast_run_that_a_signal_ends_has_its_code(
    kit: Run, recipe: str, capsys: Any, how: str, code: int, where: str
) -> None:
    data = ("--data", "programs.interrupted_data.InterruptedData", "--data.how", how)
    flags = (*data, "--data.where", where, "--trainer.fast_dev_run", "true")
    assert kit("fit", "-c", recipe, *flags) == code
    assert "Traceback" not in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["small.yaml"]


@pytest.mark.filterwarnings("ignore:Total length of .* across ranks is zero")
@pytest.mark.parametrize("sized", ["true", "false"])
def test_data_without_one_batch_is_wrong_input(
    kit: Run, recipe: str, capsys: Any, sized: str
) -> None:
    assert kit("fit", "-c", recipe) == 0
    before = RunDirectory.latest("small")
    data = ("--data", "programs.empty.EmptyData", "--data.sized", sized)
    empty = (*data, "--callbacks.EarlyStopping", "null")
    capsys.readouterr()
    assert kit("fit", "-c", recipe, *empty) == 2
    error = capsys.readouterr().err
    assert error.count("lightning-kit: the training data gives no batch: it has no rows") == 1
    assert "Traceback" not in error
    assert RunDirectory.latest("small") == before
    assert kit("fit", "-c", recipe, *empty, "--trainer.fast_dev_run", "true") == 2
    assert kit("check", "-c", recipe, *empty) == 2
    assert "problem: the training data gives no batch" in capsys.readouterr().err


def test_a_copy_of_a_run_keeps_its_recipes_name(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--trainer.default_root_dir", "deep/runs") == 0
    first = RunDirectory.latest("small", Path("deep/runs"))
    copy = Path("elsewhere/two")
    shutil.copytree(first.path, copy)
    assert kit("fit", str(copy), "--trainer.max_epochs", "3") == 0
    second = RunDirectory.latest("small", Path("deep/runs"))
    assert second != first
    assert second.record().name == "small"
    best = second.record().best
    assert best is not None
    assert [path.name for path in Path("elsewhere").iterdir()] == ["two"]
    assert kit("fit", "-c", str(copy / "config.yaml"), "--trainer.max_epochs", "1") == 0
    assert RunDirectory.latest("small", Path("deep/runs")).record().epoch == 1


def test_texts_that_look_like_numbers_survive_a_rerun(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--data.path", "1e3") == 0
    assert config()["data"]["init_args"]["path"] == "1e3"
    assert kit("test", "runs/small/latest") == 0


def test_what_is_no_file_here_keeps_its_name(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--data.path", "s3://bucket/rows.csv") == 0
    assert config()["data"]["init_args"]["path"] == "s3://bucket/rows.csv"


def test_weights_alone_cannot_be_gone_on_with(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", "-c", recipe, "--callbacks.ModelCheckpoint.save_weights_only", "true") == 0
    assert kit("fit", "runs/small/latest") == 2
    assert "holds weights alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (("--model.optimizer", "Adamm"), "torch.optim has no 'Adamm': did you mean Adam?"),
        (("--model.optimizer", "SGD", "--model.optimizer.lrr", "1"), "did you mean lr?"),
        (("--model.model.in_featurs", "3"), "takes no 'in_featurs': did you mean in_features?"),
        (("--model.lr_scheduler", "StepLRR"), "did you mean StepLR?"),
    ],
)
def test_misspelt_names_inside_a_task(
    kit: Run, recipe: str, capsys: Any, flags: tuple[str, ...], line: str
) -> None:
    linear = {"class_path": "torch.nn.Linear", "init_args": {"in_features": 3, "out_features": 2}}
    task = {"class_path": "ClassificationTask", "init_args": {"num_classes": 2, "model": linear}}
    assert kit("fit", "-c", recipe, "-c", write("task.yaml", {"model": task}), *flags) == 2
    assert line in capsys.readouterr().err


def test_max_time_is_named(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--trainer.max_time", "00:00:00:00") == 0
    assert RunDirectory.latest("small").record().stop_reason == "out of time (max_time)"


def test_a_recipe_without_its_flag_is_recognised(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", recipe) == 2
    assert f"say -c {recipe}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "has 2 of 2 epochs: raise --trainer.max_epochs"),
        (("--trainer.max_epochs", "1"), "has 2 of 1 epochs: raise --trainer.max_epochs"),
        (
            ("--trainer.max_epochs", "9", "--trainer.max_steps", "10"),
            "has 10 of 10 steps: raise --trainer.max_steps",
        ),
    ],
)
def test_a_run_with_nothing_left_to_do_is_refused(
    kit: Run, recipe: str, capsys: Any, flags: tuple[str, ...], said: str
) -> None:
    assert kit("fit", "-c", recipe) == 0
    before = sorted(Path("runs/small").iterdir()), Path("runs/small/latest").resolve()
    capsys.readouterr()
    assert kit("fit", "runs/small/latest", *flags) == 2
    assert said in capsys.readouterr().err
    assert (sorted(Path("runs/small").iterdir()), Path("runs/small/latest").resolve()) == before


def test_a_resumed_run_that_dies_at_once_has_the_epochs_before_it(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe) == 0
    flags = ("--trainer.max_epochs", "3", "--model.fail_at", "10")
    assert kit("fit", "runs/small/latest", *flags) == 1
    assert RunDirectory.latest("small").record().epoch == 3
    never = ("--trainer.max_epochs", "3", "--data.batch_size", "0")
    assert kit("fit", "runs/small/latest", *never) == 1
    assert RunDirectory.latest("small").record().epoch == 2
