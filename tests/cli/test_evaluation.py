"""What the three evaluating verbs share."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

from lightning_kit.cli.evaluation import Evaluation
from lightning_kit.runs.directory import RunDirectory


def test_loggers_of_the_run_are_kept_but_for_csv(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", "-c", recipe) == 0
    loggers = [
        {"class_path": f"pytorch_lightning.loggers.{name}", "init_args": {"save_dir": "logs"}}
        for name in ("CSVLogger", "TensorBoardLogger")
    ]
    Path("over.yaml").write_text(json.dumps({"trainer": {"logger": loggers}}))
    evaluation = Evaluation("test", ["runs/small/latest", "-c", "over.yaml"])
    evaluation.prepare()
    assert evaluation.run()
    assert [type(found).__name__ for found in evaluation.cli.trainer.loggers] == [
        "TensorBoardLogger"
    ]
    evaluation.write_metrics()
    (path,) = RunDirectory.latest("small").path.glob("test-*.json")
    assert json.loads(path.read_text())["metrics"]["test/loss"] > 0
    assert f"written: runs/small/{path.parent.name}/test-" in capsys.readouterr().out


def test_a_run_that_fails_has_no_results(kit: Run, recipe: str, monkeypatch: Any) -> None:
    from programs.plain import PlainModule

    def fail(*_: Any) -> None:
        raise RuntimeError("cursed")

    monkeypatch.setattr(PlainModule, "test_step", fail)
    evaluation = Evaluation("test", ["-c", recipe, "--random_weights"])
    evaluation.prepare()
    assert not evaluation.run()
    assert evaluation.code == 1


@pytest.mark.parametrize("verb", ["validate", "test", "predict"])
@pytest.mark.parametrize(
    ("where", "lean"),
    [
        ("init", "true"),
        ("setup", "true"),
        ("step", "true"),
        ("step", "false"),
        ("last step", "true"),
    ],
)
def test_sigterm_is_1_and_a_line(
    kit: Run, recipe: str, capsys: Any, monkeypatch: Any, verb: str, where: str, lean: str
) -> None:
    from programs.interrupted_data import end
    from programs.plain import PlainModule

    step = f"{'validation' if verb == 'validate' else verb}_step"
    if "step" in where:
        monkeypatch.setattr(PlainModule, step, lambda *_: end("SIGTERM"))
    data = ["--data", "programs.interrupted_data.InterruptedData", "--data.how", "SIGTERM"]
    stage = "val" if verb == "validate" else verb
    data += [f"--trainer.limit_{stage}_batches", "1" if where == "last step" else "2"]
    words = ("--random_weights", *data, "--data.where", where, "--lean", lean)
    assert kit(verb, "-c", recipe, *words) == 1
    error = capsys.readouterr().err
    assert error.splitlines()[-1] == "lightning-kit: terminated"
    assert "Traceback" not in error
    assert not Path("predictions.csv").exists()


@pytest.mark.parametrize("verb", ["test", "predict"])
def test_an_exit_that_the_module_asks_for_keeps_its_code(
    kit: Run, recipe: str, monkeypatch: Any, verb: str
) -> None:
    from programs.interrupted_data import end
    from programs.plain import PlainModule

    monkeypatch.setattr(PlainModule, f"{verb}_step", lambda *_: end("exit"))
    with pytest.raises(SystemExit) as ended:
        kit(verb, "-c", recipe, "--random_weights")
    assert ended.value.code == 3


@pytest.mark.parametrize("verb", ["validate", "test", "predict"])
def test_nothing_to_measure_is_wrong_input(kit: Run, recipe: str, capsys: Any, verb: str) -> None:
    limit = f"limit_{'val' if verb == 'validate' else verb}_batches"
    assert kit(verb, "-c", recipe, "--random_weights", f"--trainer.{limit}", "0") == 2
    assert f"trainer.{limit}: 0 leaves nothing to {verb}: give" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:Total length of .* across ranks is zero")
@pytest.mark.parametrize("verb", ["validate", "test", "predict"])
def test_data_without_a_batch_is_wrong_input(kit: Run, recipe: str, capsys: Any, verb: str) -> None:
    flags = ("--random_weights", "--data", "programs.empty.EmptyData")
    assert kit(verb, "-c", recipe, *flags) == 2
    stage = "val" if verb == "validate" else verb
    assert f"lightning-kit: the {stage} data gives no batch" in capsys.readouterr().err
    assert not Path("predictions.csv").exists()


def test_a_trial_on_one_batch_writes_nothing(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("fit", "-c", recipe) == 0
    run = RunDirectory.latest("small").path
    before = sorted(run.rglob("*"))
    for verb in ("validate", "test", "predict"):
        assert kit(verb, str(run), "--trainer.fast_dev_run", "true") == 0
        assert "nothing is written: fast_dev_run" in capsys.readouterr().out
    assert sorted(run.rglob("*")) == before
    assert kit("predict", "-c", recipe, "--random_weights", "--trainer.fast_dev_run", "true") == 0
    assert not Path("predictions.csv").exists()
