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
