"""The README is executed: its commands run, its tables are those of today."""

import re
import shlex
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import lightning.pytorch as twin
import pytest
import torch
from conftest import Run
from origin.table import rewritten
from programs.plain import PlainData, PlainModule

from lightning_kit import callbacks
from lightning_kit.cli import VERBS, verb_lines

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def commands() -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ lightning-kit ") for line in lines)
    return [shlex.split(line.removeprefix("$ lightning-kit ")) for line in lines]


def test_the_commands_run_in_order(kit: Run, capsys: pytest.CaptureFixture[str]) -> None:
    quick = ["--trainer.enable_progress_bar", "false"]
    for command in commands():
        words, file = (command[:-2], command[-1]) if ">" in command else (command, None)
        trains = words[0] in ("fit", "test", "predict") and "--rows" not in words
        words = [*words, *quick] if trains else words
        if file is not None:
            with Path(file).open("w") as output, redirect_stdout(output):
                assert kit(*words) == 0, words
        else:
            assert kit(*words) == 0, (words, capsys.readouterr().err)
    assert Path("mine/recipe.yaml").is_file()


def test_the_python_blocks_run() -> None:
    fast, loop, listeners = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    model, told = torch.nn.Linear(3, 2), []
    scores = iter([0.5, 0.6, 0.1, 0.2, 0.3])
    names: dict[str, Any] = {
        "batches": [(torch.randn(4, 3), torch.zeros(4, dtype=torch.long))] * 2000,
        "model": model,
        "loss": torch.nn.functional.cross_entropy,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "evaluate": lambda model: next(scores),
    }
    own: dict[str, Any] = {}
    exec(fast, own)
    own["trainer"].fit(PlainModule(), datamodule=PlainData())
    assert type(own["trainer"].fit_loop.epoch_loop).__name__ == "LeanTrainingEpochLoop"

    exec(loop, names)
    # Asked at 501, 601, ..., and the third check without a gain is the fifth.
    assert names["iteration"] == 901

    names = {"print": lambda count, logged: told.append((count, set(logged)))}
    exec(listeners, names)
    names["trainer"].fit(PlainModule(), datamodule=PlainData())
    # Three epochs of five batches: iterations 4, 8 and 12, and the end.
    assert [count for count, _ in told] == [4, 8, 12, 15]
    assert told[-1][1] == {"train/loss", "val/loss"}


def test_every_difference_has_its_test() -> None:
    found = re.findall(r"\[`(test_\w+)`\]\((tests/parity/\w+\.py)\)", README)
    assert len(found) > 10
    for name, path in found:
        assert f"def {name}(" in (ROOT / path).read_text(), name


def test_every_callback_is_named() -> None:
    for name in callbacks.__all__:
        if not hasattr(getattr(callbacks, name), "on_train_start"):
            continue
        assert re.search(rf"\b{name}\b", README), name


def test_the_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^make (\w+) ", README, flags=re.MULTILINE)
    assert targets == ["demo", "test", "check"]
    assert all(f"\n{target}:" in makefile for target in targets)


def test_every_verb_and_folder_is_in_its_table() -> None:
    for verb in verb_lines():
        assert re.search(rf"^\| .*`{verb}`", README, flags=re.MULTILINE), verb
    for folder in (ROOT / "lightning_kit").iterdir():
        if folder.is_dir() and (folder / "__init__.py").exists():
            assert f"| `lightning_kit/{folder.name}/` |" in README, folder
    assert VERBS.name == "verbs"


def test_the_table_of_rows_is_of_today() -> None:
    assert rewritten(README) == README, "run python tests/origin/table.py"


def test_the_twins_own_error_is_in_the_table() -> None:
    trainer = twin.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    with pytest.raises(TypeError, match="`model` must be a `LightningModule`.*got `PlainModule`"):
        trainer.fit(PlainModule(), datamodule=PlainData())  # type: ignore[arg-type]
    assert "``TypeError: `model` must be a `LightningModule` ..., got" in README
