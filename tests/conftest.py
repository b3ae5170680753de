"""What most tests need: an empty working directory and the command line in this process."""

import copy
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

RECIPE: dict[str, Any] = {
    "seed_everything": 3,
    "model": {"class_path": "programs.plain.PlainModule"},
    "data": {"class_path": "programs.plain.PlainData"},
    "trainer": {
        "max_epochs": 2,
        "accelerator": "cpu",
        "log_every_n_steps": 5,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "callbacks": [
            {
                "class_path": "pytorch_lightning.callbacks.ModelCheckpoint",
                "init_args": {"monitor": "val/loss"},
            },
            {
                "class_path": "pytorch_lightning.callbacks.EarlyStopping",
                "init_args": {"monitor": "val/loss", "patience": 5},
            },
        ],
    },
}


class Run(Protocol):
    def __call__(self, *args: str) -> int: ...


# A shell's background job ignores Ctrl-C, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep a test's files out of the checkout, and its settings out of the next test."""
    monkeypatch.chdir(tmp_path)
    before, ctrl_c = dict(os.environ), signal.getsignal(signal.SIGINT)
    yield
    # Lightning ignores Ctrl-C from the first on.
    signal.signal(signal.SIGINT, ctrl_c)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    """A small recipe in the working directory."""
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(RECIPE))
    return "small.yaml"


@pytest.fixture
def plain_recipe() -> dict[str, Any]:
    """The same recipe as a value to change."""
    return copy.deepcopy(RECIPE)


@pytest.fixture
def kit() -> Run:
    """The command line, in this process."""
    from lightning_kit.cli import main

    return lambda *args: main(list(args))
