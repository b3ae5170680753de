"""A part given as a whole by a flag: from a file, or as a mapping."""

import json
from pathlib import Path
from typing import Any

import pytest

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag
from lightning_kit.cli.part_flags import spread
from lightning_kit.cli.request import Request


def laid(recipe: str, *args: str) -> dict[str, Any]:
    request = Request.of("fit", ["-c", recipe, *args])
    request.lay({})
    return request.view()


def test_a_trainers_file_lies_over_the_recipe_as_flags_do(recipe: str) -> None:
    Path("t4.yaml").write_text("max_epochs: 4\ncallbacks: [Timer]\ndefault_root_dir: '012'")
    for args in (["--trainer", "t4.yaml"], ["--trainer={max_epochs: 4, callbacks: [Timer]}"]):
        trainer = laid(recipe, "--trainer.max_epochs", "3", *args)["trainer"]
        assert trainer["max_epochs"] == 4
        assert [c["class_path"] for c in trainer["callbacks"]] == [
            "pytorch_lightning.callbacks.Timer"
        ]
        assert trainer["accelerator"] == "cpu"
    assert Request.of("fit", ["--trainer", "t4.yaml"]).flags[-1].value == "012"
    assert (
        laid(recipe, "--trainer", "t4.yaml", "--trainer.max_epochs=5")["trainer"]["max_epochs"] == 5
    )


def test_models_and_datas_files(recipe: str) -> None:
    Path("m.json").write_text(json.dumps({"init_args": {"lr": 2.5}}))
    Path("d.yml").write_text("class_path: SyntheticDataModule\ninit_args: {batch_size: 7}")
    view = laid(recipe, "--model.lr=9", "--model", "m.json", "--data", "d.yml")
    assert view["model"] == {"class_path": "programs.plain.PlainModule", "init_args": {"lr": 2.5}}
    assert view["data"]["class_path"] == "lightning_kit.datamodules.SyntheticDataModule"
    assert view["data"]["init_args"] == {"batch_size": 7}


def test_the_environment_takes_a_file_too(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("t4.yaml").write_text("max_epochs: 4")
    monkeypatch.setenv("PL_FIT__TRAINER", "t4.yaml")
    assert laid(recipe)["trainer"]["max_epochs"] == 4


@pytest.mark.parametrize("value", ["missing.yaml", "{a: [", "{}: x"])
def test_what_is_no_part_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="no such file|must be a file or a mapping"):
        list(spread(Flag("trainer", value, "--trainer")))


def test_other_flags_are_left() -> None:
    for flag in (Flag("trainer.logger", "{a: 1}"), Flag("model", "a.B"), Flag("x", "y.yaml")):
        assert list(spread(flag)) == [flag]
