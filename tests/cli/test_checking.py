"""Names that nothing takes are found before anything is built."""

import sys
from pathlib import Path
from typing import Any

import lightning.pytorch as twin
import pytest
from conftest import Run

from lightning_kit.cli.checking import problems
from lightning_kit.cli.flags import split


def config(**over: Any) -> dict[str, Any]:
    return {"model": {"class_path": "programs.plain.PlainModule"}, **over}


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"modle": {}}, "modle: no such setting: did you mean model?"),
        ({"trainer": {"max_epoch": 3}}, "trainer.max_epoch: the Trainer takes no 'max_epoch': did"),
        (
            {"model": {"class_path": "programs.plain.PlainModule", "init_args": {"lrr": 1}}},
            "model.lrr: PlainModule takes no 'lrr': did you mean lr?",
        ),
        (
            {"model": {"class_path": "programs.plain.PlainModule", "lr": 1}},
            "model.lr: belongs below init_args",
        ),
        (
            {"trainer": {"callbacks": [{"class_path": "lightning_kit.callbacks.EventHandlers"}]}},
            "callbacks.EventHandlers: EventHandlers takes its functions in Python alone: use OnE",
        ),
        ({"data": {"class_path": "programs.plain.PlainDat"}}, "data: programs.plain.PlainDat: pro"),
        (
            {"trainer": {"callbacks": [{"class_path": "pytorch_lightning.callbacks.Timer",
                                        "init_args": {"durations": 1}}]}},
            "callbacks.Timer.durations: Timer takes no 'durations': did you mean duration?",
        ),
    ],
)  # fmt: skip
def test_a_misspelt_name_in_a_file(changed: dict[str, Any], line: str) -> None:
    found = list(problems(config(**changed), []))
    assert len(found) == 1
    assert line in found[0]


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        ("--trainer.max_epoch=3", "--trainer.max_epoch: the Trainer takes no 'max_epoch'"),
        ("--model.lrr=3", "--model.lrr: PlainModule takes no 'lrr': did you mean lr?"),
        ("--trainr.max_epochs=3", "--trainr.max_epochs: no such flag: did you mean --trainer?"),
        ("--max_epochs=3", "--max_epochs: no such flag: did you mean --trainer.max_epochs?"),
        ("--print_confg", "--print_confg: no such flag: did you mean --print_config?"),
        ("--model.init_args.lrr=3", "PlainModule takes no 'lrr'"),
    ],
)
def test_a_misspelt_flag(flag: str, line: str) -> None:
    (found,) = problems(config(), list(split([flag])))
    assert line in found


def test_a_misspelt_flag_is_named_before_the_model_that_is_missing(kit: Run, capsys: Any) -> None:
    for verb in ("fit", "check"):
        assert kit(verb, "--max_epochs", "3") == 2
        assert "did you mean --trainer.max_epochs?" in capsys.readouterr().err


def test_all_problems_are_found_at_once() -> None:
    assert len(list(problems(config(modle={}, trainer={"x": 1}), list(split(["--y=1"]))))) == 3


def test_good_names_pass() -> None:
    good = config(trainer={"max_epochs": 1, "callbacks": []}, seed_everything=1, ckpt_path=None)
    assert list(problems(good, list(split(["--model.lr=1", "--trainer.devices=2"])))) == []


def test_a_class_of_the_twin_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("twin_code")

    class TheirModule(twin.LightningModule):
        pass

    TheirModule.__module__ = "twin_code"
    TheirModule.__qualname__ = "TheirModule"
    vars(module)["TheirModule"] = TheirModule
    module.__spec__ = sys.__spec__
    monkeypatch.setitem(sys.modules, "twin_code", module)
    (found,) = problems({"model": {"class_path": "twin_code.TheirModule"}}, [])
    assert "twin_code.TheirModule is a lightning.pytorch.LightningModule" in found
    assert "not a pytorch_lightning.LightningModule" in found
    assert "import pytorch_lightning as pl" in found


@pytest.mark.parametrize(
    "args",
    [
        ("--data", "nowhere.Data"),
        ("--data", "PlainDta"),
        ("--model", "nowhere.Module"),
        ("-c", "broken.yaml"),
    ],
)
def test_a_class_that_cannot_be_imported_does_not_hide_the_rest(
    kit: Run, recipe: str, capsys: Any, args: tuple[str, ...]
) -> None:
    Path("broken.yaml").write_text("data: {class_path: nowhere.Data}")
    assert kit("check", "-c", recipe, *args, "--trainer.max_epoch", "1") == 2
    shown = capsys.readouterr().err
    assert "max_epoch'" in shown
    assert shown.count("problem: ") == 2
