"""Names that the Trainer looks up get a suggestion."""

from typing import Any

import pytest
import pytorch_lightning as pl
from conftest import Run
from lightning_fabric.utilities.exceptions import MisconfigurationException

from lightning_kit.cli.registered import PROFILERS, misspelt


@pytest.mark.parametrize(
    ("argument", "name", "line"),
    [
        ("strategy", "dpp", "trainer.strategy: no strategy 'dpp': did you mean ddp?"),
        ("accelerator", "gpuu", "trainer.accelerator: no accelerator 'gpuu': did you mean gpu?"),
        ("accelerator", "abacus", "'abacus'; there are: auto, cpu, cuda, gpu"),
        ("precision", "bf16-mixd", "no precision 'bf16-mixd': did you mean bf16-mixed?"),
        ("profiler", "simpel", "trainer.profiler: no profiler 'simpel': did you mean simple?"),
    ],
)
def test_a_misspelt_name(
    kit: Run, recipe: str, capsys: Any, argument: str, name: str, line: str
) -> None:
    (found,) = misspelt({"trainer": {argument: name}})
    assert line in found
    for verb in ("fit", "check"):
        assert kit(verb, "-c", recipe, f"--trainer.{argument}", name) == 2
        assert capsys.readouterr().err.count(line) == 1


@pytest.mark.parametrize(
    "trainer",
    [
        {},
        {"strategy": "ddp", "accelerator": "gpu", "precision": "bf16", "profiler": "simple"},
        {"strategy": "pytorch_lightning.strategies.DDPStrategy", "precision": 32},
        {"precision": "32", "profiler": {"class_path": "a.B"}},
        {"strategy": "DDP", "profiler": None},
    ],
)
def test_good_names(trainer: dict[str, Any]) -> None:
    assert list(misspelt({"trainer": trainer})) == []


def test_the_profilers_are_the_trainers() -> None:
    with pytest.raises(MisconfigurationException) as error:
        pl.Trainer(accelerator="cpu", logger=False, profiler="x")
    assert str(list(PROFILERS)) in str(error.value)
