"""A class in a configuration gets its own defaults, not those of the class it replaces."""

from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import LightningModule, cli

from lightning_kit.cli.defaults import with_own_defaults

TASK = "lightning_kit.tasks.ClassificationTask"


@pytest.mark.parametrize("written", ["torch.optim.SGD", {"class_path": "torch.optim.SGD"}])
def test_defaults_are_written_out(written: Any) -> None:
    config = {"model": {"class_path": TASK, "init_args": {"optimizer": written}}}
    optimizer = with_own_defaults(config)["model"]["init_args"]["optimizer"]
    assert optimizer["init_args"]["weight_decay"] == 0
    assert optimizer["init_args"]["lr"] == 1e-3


def test_what_is_given_stays() -> None:
    given = {"class_path": "torch.optim.SGD", "init_args": {"lr": 5}}
    config = {"class_path": TASK, "init_args": {"optimizer": given}}
    assert with_own_defaults(config)["init_args"]["optimizer"]["init_args"]["lr"] == 5


def test_without_a_default_to_replace_nothing_is_written() -> None:
    linear = {"class_path": "torch.nn.Linear", "init_args": {"in_features": 1, "out_features": 1}}
    config = {"class_path": TASK, "init_args": {"model": linear, "lr_scheduler": "a.B"}}
    assert with_own_defaults(config) == config


@pytest.mark.parametrize("argument", ["text", "path"])
def test_a_text_is_no_class_and_imports_nothing(
    monkeypatch: pytest.MonkeyPatch, argument: str
) -> None:
    Path("rows.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(".")
    monkeypatch.setattr("programs.plain.PlainData.__init__", takes_texts)
    config = {"class_path": "programs.plain.PlainData", "init_args": {argument: "rows.csv"}}
    assert with_own_defaults(config) == config
    config["init_args"] = {argument: "torch.nn.Linear"}
    assert with_own_defaults(config) == config


def takes_texts(self: Any, text: str = "a", path: Path = Path("a")) -> None: ...


def test_jsonargparse_still_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove `defaults.py` on the day that this fails."""
    # Lightning warns where this process has a command line of its own.
    monkeypatch.setattr("sys.argv", ["train"])
    args = {"model": {"class_path": TASK, "init_args": {"num_classes": 2, "model": {
        "class_path": "torch.nn.Linear", "init_args": {"in_features": 1, "out_features": 2}},
        "optimizer": {"class_path": "torch.optim.SGD"}}}}  # fmt: skip

    class Parsed(cli.LightningCLI):
        def instantiate_classes(self) -> None:
            pass

    parsed = Parsed(
        LightningModule,
        args=args,
        run=False,
        seed_everything_default=False,
        subclass_mode_model=True,
        save_config_callback=None,
    )
    assert parsed.config.model.init_args.optimizer.init_args.weight_decay == 0.01
