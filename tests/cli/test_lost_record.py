"""What would lose the record of a run is refused before it starts."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Run


@pytest.mark.parametrize("verb", ["fit", "check"])
@pytest.mark.parametrize("strategy", ["ddp_spawn", "ddp_fork", "ddp_notebook"])
def test_processes_that_take_the_record_with_them_are_refused(
    kit: Run, recipe: str, verb: str, strategy: str, capsys: Any
) -> None:
    assert kit(verb, "-c", recipe, "--trainer.strategy", strategy) == 2
    said = capsys.readouterr().err
    assert f"--trainer.strategy {strategy}: " in said
    assert "--trainer.strategy ddp" in said
    assert not Path("runs").exists()


def test_so_is_such_a_strategy_given_as_a_class(kit: Run, recipe: str, capsys: Any) -> None:
    strategy = {
        "class_path": "pytorch_lightning.strategies.DDPStrategy",
        "init_args": {"start_method": "fork"},
    }
    Path("over.yaml").write_text(yaml.safe_dump({"trainer": {"strategy": strategy}}))
    assert kit("fit", "-c", recipe, "-c", "over.yaml") == 2
    assert "--trainer.strategy DDPStrategy: " in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["fit", "check"])
def test_a_trainer_without_log_and_checkpoints_is_refused(
    kit: Run, recipe: str, verb: str, capsys: Any
) -> None:
    assert kit(verb, "-c", recipe, "--trainer.barebones=true") == 2
    said = capsys.readouterr().err
    assert "--trainer.barebones: switches off" in said
    assert "leave it out" in said
    assert "CSVLogger" not in said
    assert not Path("runs").exists()
