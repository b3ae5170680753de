"""Words are sorted and layers laid before jsonargparse sees them."""

from pathlib import Path
from typing import Any

import pytest

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.request import Request


def laid(recipe: str, *args: str) -> dict[str, Any]:
    request = Request.of("fit", ["-c", recipe, *args])
    request.lay({})
    return request.composed()


def test_words_are_sorted() -> None:
    request = Request.of(
        "test", ["runs/x", "--ckpt_path", "last", "-c", "a", "--config=b", "--x=1"]
    )
    assert (request.run, request.ckpt_path, request.files) == ("runs/x", "last", ["a", "b"])
    assert request.words() == ["--x=1"]
    assert Request.of("test", ["--random_weights"]).random_weights
    assert not Request.of("test", ["--random_weights=false"]).random_weights


def test_only_plain_data_unless_said(recipe: str) -> None:
    assert Request.of("test", []).weights_only
    assert not Request.of("test", ["--weights_only", "false"]).weights_only


def test_short_names_become_full_paths(recipe: str) -> None:
    config = laid(recipe, "--data", "SyntheticDataModule", "--trainer.callbacks+=Timer")
    assert config["data"]["class_path"] == "lightning_kit.datamodules.SyntheticDataModule"
    assert config["trainer"]["callbacks"][-1]["class_path"] == "pytorch_lightning.callbacks.Timer"


def test_a_part_may_stand_in_its_own_file(recipe: str) -> None:
    Path("parts").mkdir()
    Path("parts/trainer.yaml").write_text("max_epochs: 7")
    Path("parts/all.yaml").write_text("trainer: trainer.yaml")
    assert laid(recipe, "-c", "parts/all.yaml")["trainer"]["max_epochs"] == 7


def test_a_mapping_merges_alike_in_files_and_flags(recipe: str) -> None:
    Path("low.yaml").write_text("model: {init_args: {table: {a: 1}}}")
    Path("high.yaml").write_text("model: {init_args: {table: {b: 2}}}")
    by_file = laid(recipe, "-c", "low.yaml", "-c", "high.yaml")
    by_flag = laid(recipe, "-c", "low.yaml", "--model.table", "{b: 2}")
    assert by_file["model"]["init_args"]["table"] == {"a": 1, "b": 2}
    assert by_flag == by_file


def test_null_removes_what_a_lower_file_named(recipe: str) -> None:
    Path("over.yaml").write_text("data: null")
    assert "data" in laid(recipe)
    assert "data" not in laid(recipe, "-c", "over.yaml")


def test_the_view_holds_flags(recipe: str) -> None:
    request = Request.of("fit", ["-c", recipe, "--model.lr=3", "--trainer.max_epochs", "9"])
    request.lay({})
    view = request.view()
    assert view["model"]["init_args"]["lr"] == 3
    assert view["trainer"]["max_epochs"] == 9
    assert "lr" not in str(request.composed()["model"])


@pytest.mark.parametrize(
    ("args", "line"),
    [(["-c"], "a file must follow"), (["a", "b"], "one run directory is enough")],
)
def test_mistakes(args: list[str], line: str) -> None:
    with pytest.raises(InputError, match=line):
        Request.of("fit", args)
