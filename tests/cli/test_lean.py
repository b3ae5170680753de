"""``--lean false`` gives the same run by Lightning's own loop, and a rerun keeps to it."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import Run
from programs.stock import stock
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop

from lightning_kit.cli.app import KitCLI, prepare
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.evaluation import Evaluation
from lightning_kit.cli.flags import Flag
from lightning_kit.cli.lean import kept, said
from lightning_kit.cli.recipes import shipped
from lightning_kit.cli.request import Request
from lightning_kit.loops.evaluation import LeanEvaluationLoop
from lightning_kit.loops.training_epoch import LeanTrainingEpochLoop
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.record import RunRecord

QUIET = ("--trainer.enable_progress_bar", "false", "--trainer.enable_model_summary", "false")
PROFILED = ("--trainer.profiler", "simple")
STEPS_ASIDE = "the loop is Lightning's own: SimpleProfiler asks for every entry"


def a_run(name: str, **settings: Any) -> RunDirectory:
    run = RunDirectory(Path(name))
    run.path.mkdir()
    RunRecord(name, settings=settings).write(run.record_path)
    return run


def is_lean(name: str = "small") -> Any:
    return RunDirectory.latest(name).record().settings["lean"]


def last(name: str = "small") -> Any:
    return torch.load(RunDirectory.latest(name).last(), weights_only=True)


def assert_same_weights(one: Any, other: Any) -> None:
    assert one["global_step"] == other["global_step"]
    torch.testing.assert_close(one["state_dict"], other["state_dict"], rtol=0, atol=0)
    assert str(one["optimizer_states"]) == str(other["optimizer_states"])


@pytest.mark.parametrize("text", ["true", "True", "false"])
def test_the_flag_says_true_or_false(text: str) -> None:
    assert said(Flag("lean", text, "--lean")) is (text != "false")


@pytest.mark.parametrize("value", ["maybe", "1", "runs/x", ""])
def test_anything_else_is_refused(kit: Run, recipe: str, capsys: Any, value: str) -> None:
    for verb in ("fit", "check", "validate", "test", "predict"):
        assert kit(verb, "-c", recipe, f"--lean={value}") == 2
        line = f"lightning-kit: --lean: must be true or false, got {value!r}\n"
        assert capsys.readouterr().err == line
    assert kit("fit", "-c", recipe, "--lean") == 2
    assert "got no value" in capsys.readouterr().err


def test_no_file_and_no_variable_holds_it(
    kit: Run, recipe: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("over.yaml").write_text("lean: false")
    for verb in ("fit", "check"):
        assert kit(verb, "-c", recipe, "-c", "over.yaml") == 2
        assert "lean: a flag alone, which no LightningCLI file can" in capsys.readouterr().err
    assert kit("fit", "-c", recipe, "--leen", "false") == 2
    assert "did you mean --lean?" in capsys.readouterr().err
    monkeypatch.setenv("PL_FIT__LEAN", "false")
    assert kit("fit", "-c", recipe) == 2
    assert not Path("runs").exists()


def test_the_topmost_run_says_it() -> None:
    lean, other, silent = a_run("a", lean=True), a_run("b", lean=False), a_run("c")
    assert kept([], None) is True
    assert kept([], other) is False
    assert kept(["a/config.yaml", "b/config.yaml"], lean) is False
    assert kept(["b/config.yaml", "a/config.yaml"], other) is True
    assert kept(["b/config.yaml", "c/config.yaml", "none/config.yaml"], lean) is False
    assert kept(["b/else.yaml"], silent) is True
    other.record_path.write_text("{")
    assert kept([], other) is True
    RunRecord("b", settings={"lean": "no"}).write(other.record_path)
    with pytest.raises(InputError, match=r"b/run.json: settings.lean must be true or false"):
        kept([], other)


def test_both_loops_leave_the_same_run(kit: Run, capsys: Any) -> None:
    recipe = ("-c", str(shipped("recipes")["digits_mlp"].path))
    smoke = ("-c", str(shipped("overlays")["smoke"].path), *QUIET)
    runs, saved = [], []
    for flags in ((), ("--lean", "false")):
        assert kit("fit", *recipe, *smoke, *flags) == 0
        runs.append(RunDirectory.latest("digits_mlp"))
        saved.append(last("digits_mlp"))
    assert [run.record().settings for run in runs] == [{"lean": True}, {"lean": False}]
    assert_same_weights(*saved)
    for name in ("metrics.csv", "config.yaml"):
        one, other = ((run.path / name).read_text() for run in runs)
        assert one == other
    assert "lean" not in other
    stock("fit", "-c", str(runs[1].config), "--trainer.fast_dev_run", "true")


@pytest.mark.parametrize("first", ["true", "false"])
def test_either_loop_goes_on_with_the_others_run(kit: Run, recipe: str, first: str) -> None:
    other = "false" if first == "true" else "true"
    dropout = ("--model.dropout", "0.5")
    assert kit("fit", "-c", recipe, *dropout, "--trainer.max_epochs", "4", "--lean", other) == 0
    whole, metrics = last(), RunDirectory.latest("small").path / "metrics.csv"
    assert kit("fit", "-c", recipe, *dropout, "--lean", first) == 0
    more = ("--trainer.max_epochs", "4")
    assert kit("fit", "runs/small/latest", *more, "--lean", other) == 0
    assert is_lean() is (other == "true")
    assert_same_weights(last(), whole)
    resumed = (RunDirectory.latest("small").path / "metrics.csv").read_text().splitlines()
    assert len(resumed) > 2
    assert resumed[1:] == metrics.read_text().splitlines()[-len(resumed) + 1 :]


def test_a_rerun_keeps_to_it_unless_a_flag_says_otherwise(kit: Run, recipe: str) -> None:
    assert kit("fit", "-c", recipe, "--lean", "false") == 0
    first = RunDirectory.latest("small")
    more = ("--trainer.max_epochs", "3")
    assert kit("fit", str(first.path), *more) == 0
    assert is_lean() is False
    assert kit("fit", "-c", str(first.config)) == 0
    assert is_lean() is False
    assert kit("fit", "--ckpt_path", str(first.last()), *more) == 0
    assert is_lean() is False
    assert kit("fit", "-c", str(first.config), "--lean", "true") == 0
    assert is_lean() is True
    assert kit("fit", "-c", recipe) == 0
    assert is_lean() is True


def test_every_verb_runs_by_the_loop_that_was_asked_for(kit: Run, recipe: str) -> None:
    for flags, kind in (((), LeanTrainingEpochLoop), (("--lean=false",), _TrainingEpochLoop)):
        request = Request.of("fit", ["-c", recipe, *flags])
        prepare(request)
        assert type(KitCLI(request, lambda *_: {}).trainer.fit_loop.epoch_loop) is kind
    assert kit("fit", "-c", recipe, "--lean", "false") == 0
    run = str(RunDirectory.latest("small").path)
    scores: dict[str, Any] = {}
    for verb in ("validate", "test"):
        for asked in ([], ["--lean=true"]):
            evaluation = Evaluation(verb, [run, *asked])
            evaluation.prepare()
            loop = getattr(evaluation.cli.trainer, f"{verb}_loop")
            assert (type(loop) is LeanEvaluationLoop) == bool(asked)
            assert evaluation.run()
            assert scores.setdefault(verb, evaluation.results) == evaluation.results
    for asked in ([], ["--lean=true"]):
        assert kit("predict", run, *asked) == 0
    one, other = RunDirectory.latest("small").path.glob("predict-*.csv")
    assert one.read_text() == other.read_text()


def test_where_it_steps_aside_it_says_so_once(kit: Run, recipe: str, capsys: Any) -> None:
    for verb in ("fit", "check"):
        assert kit(verb, "-c", recipe, *PROFILED) == 0
        assert capsys.readouterr().err.count(STEPS_ASIDE) == 1
    for verb in ("validate", "test"):
        assert kit(verb, "runs/small/latest", *PROFILED) == 0
        assert capsys.readouterr().err.count(STEPS_ASIDE) == 1
    for flags in (("--lean", "false", *PROFILED), ()):
        assert kit("fit", "-c", recipe, *flags) == 0
        assert "Lightning's own" not in capsys.readouterr().err


def test_an_unknown_lightning_is_told_of_once(
    kit: Run, recipe: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lightning_kit.loops.fingerprints._unknown", lambda: "Lightning 9 is new")
    assert kit("fit", "-c", recipe) == 0
    assert capsys.readouterr().err.count("keeps Lightning's own loops: Lightning 9 is new") == 1
    assert json.loads(RunDirectory.latest("small").record_path.read_text())["settings"]["lean"]
