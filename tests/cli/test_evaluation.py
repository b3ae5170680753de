"""What the three evaluating verbs share."""

import json
from pathlib import Path
from typing import Any

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
