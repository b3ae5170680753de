"""What was parsed is written in a form that reads back, for every callback that Lightning ships."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import yaml
from conftest import Run
from programs.stock import stock
from pytorch_lightning.cli import LightningCLI

from lightning_kit.cli.app import KitCLI, prepare, written
from lightning_kit.cli.request import Request
from lightning_kit.compat import callbacks_of

REQUIRED = {
    "monitor": "val/loss",
    "dirpath": "kept",
    "scheduling": {1: 2},
    "swa_lrs": 0.1,
    "batch_size_fn": "builtins.len",
    "pruning_fn": "l1_unstructured",
}
# Bases to derive from, and one that asks for lightning_fabric's own extra.
ABSTRACT = {"Callback", "Checkpoint", "BaseFinetuning", "BasePredictionWriter", "ProgressBar"}


def parsed(path: str) -> KitCLI:
    request = Request.of("fit", ["-c", path])
    prepare(request)
    return KitCLI(request, lambda *_: {})


@pytest.mark.parametrize("name", sorted(set(pl.callbacks.__all__) - ABSTRACT))
def test_every_lightning_callback_reads_back(plain_recipe: dict[str, Any], name: str) -> None:
    parameters = inspect.signature(getattr(pl.callbacks, name)).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    init_args = {key: REQUIRED[key] for key in needed}
    plain_recipe["trainer"]["callbacks"] = [{"class_path": name, "init_args": init_args}]
    for switch in ("enable_progress_bar", "enable_model_summary"):
        del plain_recipe["trainer"][switch]
    Path("first.yaml").write_text(yaml.safe_dump(plain_recipe))
    first = parsed("first.yaml")
    Path("second.yaml").write_text(written(first))
    second = parsed("second.yaml")
    assert written(second) == written(first)
    assert name in [type(callback).__name__ for callback in callbacks_of(second.trainer)]
    for key, value in init_args.items():
        text = yaml.safe_load(written(second))["trainer"]["callbacks"][0]["init_args"][key]
        # YAML's keys may be text where a dict asks for numbers; jsonargparse reads them as such.
        assert str(text).replace("'", "") == str(value)


@pytest.mark.parametrize("verb", ["fit", "check"])
def test_two_that_a_checkpoint_cannot_tell_apart_are_refused_in_one_line(
    plain_recipe: dict[str, Any], verb: str, kit: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = {"class_path": "EarlyStopping", "init_args": {"monitor": "val/loss"}}
    plain_recipe["trainer"]["callbacks"] = [watched, watched]
    Path("twice.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit(verb, "-c", "twice.yaml") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "two EarlyStopping need different settings" in line
    assert "'monitor': 'val/loss'" in line

    watched = {**watched, "init_args": {"monitor": "train/loss"}}
    plain_recipe["trainer"]["callbacks"][1] = watched
    Path("differ.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert len(callbacks_of(parsed("differ.yaml").trainer)) > 1


def test_what_is_written_fits_a_stock_command_line(plain_recipe: dict[str, Any]) -> None:
    plain_recipe["trainer"]["callbacks"].append({"class_path": "Timer"})
    Path("first.yaml").write_text(yaml.safe_dump(plain_recipe))
    Path("second.yaml").write_text(written(parsed("first.yaml")))
    stock("fit", "-c", "second.yaml", "--trainer.fast_dev_run", "true")


def test_stock_still_cannot_write_timer_down(plain_recipe: dict[str, Any]) -> None:
    """Remove the special case in `callbacks.normal` on the day that this fails."""
    plain_recipe["trainer"]["callbacks"] = [{"class_path": "pytorch_lightning.callbacks.Timer"}]
    Path("timer.yaml").write_text(yaml.safe_dump(plain_recipe))

    class Dumped(LightningCLI):
        def instantiate_classes(self) -> None:
            self.parser.dump(self.config)

        def _run_subcommand(self, subcommand: str) -> None:
            pass

    with pytest.raises(ValueError, match="cannot represent an object"):
        stock("fit", "-c", "timer.yaml", cli=Dumped)
