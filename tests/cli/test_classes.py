"""A class is found by short name or import path, and mistakes get a suggestion."""

import sys
from pathlib import Path

import pytest
import pytorch_lightning as pl

from lightning_kit.cli.classes import (
    EXTRAS,
    KINDS,
    Kind,
    arguments,
    by_import_path,
    class_path,
    resolve,
    short_names,
)
from lightning_kit.cli.errors import InputError


def test_a_short_name_means_the_kits_class_first(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("own_callbacks")

    class EarlyStopping(pl.callbacks.EarlyStopping):
        pass

    vars(module)["EarlyStopping"] = EarlyStopping
    module.__spec__ = sys.__spec__
    monkeypatch.setitem(sys.modules, "own_callbacks", module)
    kind = Kind(
        "callback", "pytorch_lightning.Callback", ("own_callbacks", *KINDS["callbacks"].packages)
    )
    assert resolve(kind, "EarlyStopping") is EarlyStopping
    assert resolve(kind, "Timer") is pl.callbacks.Timer


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("EarlyStoping", "EarlyStoping: no such callback: did you mean EarlyStopping?"),
        ("pytorch_lightning.callbacks.Timr", "has no 'Timr': did you mean Timer?"),
        ("pytorch_lightnin.callbacks.Timer", "no module 'pytorch_lightnin' here or installed"),
        ("pytorch_lightning.callback.Timer", "pytorch_lightning has no 'callback'"),
    ],
)
def test_a_misspelt_class_gets_a_suggestion(name: str, line: str) -> None:
    with pytest.raises(InputError) as error:
        resolve(KINDS["callbacks"], name)
    assert line in str(error.value)


def test_a_module_that_needs_an_extra_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needy.py").write_text("import mlflow.no_such_module_here\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(InputError, match=r"pip install 'lightning_kit\[mlflow\]'"):
        by_import_path("needy.Class")


def test_a_module_that_fails_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_module.py").write_text("from os import no_such_name\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(InputError, match="cannot be imported.*no_such_name"):
        by_import_path("broken_module.Class")


def test_every_lightning_callback_has_a_short_name() -> None:
    assert set(pl.callbacks.__all__) <= set(short_names(KINDS["callbacks"]))


def test_inherited_arguments_are_known() -> None:
    assert "monitor" in (arguments(pl.callbacks.ModelCheckpoint) or [])
    assert "lr" in (arguments(by_import_path("torch.optim.SGD")) or [])


def test_a_public_path_is_preferred() -> None:
    assert class_path(pl.Trainer) == "pytorch_lightning.Trainer"


def test_every_extra_is_in_the_project_file() -> None:
    import tomllib

    project = Path(__file__).parents[2] / "pyproject.toml"
    extras = tomllib.loads(project.read_text())["project"]["optional-dependencies"]
    assert set(EXTRAS.values()) <= set(extras)
