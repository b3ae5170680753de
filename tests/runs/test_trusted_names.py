import sys
from pathlib import Path

import pytest
import pytorch_lightning.cli  # noqa: F401 (the names below resolve in these)
import torch  # noqa: F401

from lightning_kit.runs.trusted_names import check_names


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that leaves a file when it is imported, and a package around another one."""
    ran = tmp_path / "ran"
    code = f"open({str(ran)!r}, 'w').close()\nclass Evil: pass\n"
    (tmp_path / "hostile_module.py").write_text(code)
    for folder in ("hostile_package", "hostile_folder"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "inner.py").write_text(code)
    (tmp_path / "hostile_package" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return ran


BAD = {
    "nested class_path": {"model": {"init_args": {"x": [{"class_path": "hostile_module.Evil"}]}}},
    "top _class_path": {"_class_path": "hostile_module.Evil"},
    "a callable by name": {"optimizer": "hostile_module.Evil"},
    "in a package": {"optimizer": "hostile_package.inner.Evil"},
    "in a folder without code": {"optimizer": "hostile_folder.inner.Evil"},
    "a type expression": {"of": "int | hostile_module.Evil"},
    "a generic type": {"of": "list[hostile_module.Evil]"},
    "YAML in a string": {"model": "{class_path: hostile_module.Evil}"},
    "a block of YAML in a string": {"model": "class_path: hostile_module.Evil"},
    "YAML in YAML": {"model": "['{class_path: hostile_module.Evil}']"},
    "a dotted key": {"model.class_path": "hostile_module.Evil"},
    "as a key": {"table": {"hostile_module.Evil": 1}},
    "an interpolation": {"model": {"class_path": "${oc.env:EVIL}"}},
    "not there at all": {"model": {"class_path": "no_such_module_anywhere.Evil"}},
    "not in its module": {"model": {"class_path": "torch.nn.NoSuchLayer"}},
    "the standard library": {"x": {"class_path": "subprocess.Popen", "init_args": {"args": "ls"}}},
    "through another module": {"x": {"class_path": "torch.nn.modules.module.functools.partial"}},
    "a shell by name": {"activation": "os.system"},
    "a builtin": {"activation": "builtins.eval"},
    "a function that loads code": {"x": {"class_path": "torch.hub.load"}},
    "a function that unpickles": {"x": {"class_path": "torch.load"}},
}


@pytest.mark.parametrize("settings", BAD.values(), ids=BAD.keys())
def test_code_that_is_not_imported_is_refused_and_stays_so(
    settings: dict[str, object], hostile: Path
) -> None:
    with pytest.raises(ValueError, match=r"hyper_parameters\S* (names|holds) "):
        check_names(settings)
    assert not hostile.exists()
    assert "hostile_module" not in sys.modules


def test_the_error_says_where_and_what() -> None:
    settings = {"model": {"init_args": {"layers": [0, {"class_path": "nowhere.Layer"}]}}}
    wanted = (
        r"^hyper_parameters.model.init_args.layers\[1\].class_path names 'nowhere.Layer', "
        "which no imported module defines; if you trust this checkpoint, import"
    )
    with pytest.raises(ValueError, match=wanted):
        check_names(settings)


def test_settings_of_an_honest_run_pass() -> None:
    check_names(
        {
            "_instantiator": "pytorch_lightning.cli.instantiate_module",
            "_class_path": "torch.nn.Sequential",
            "model": {"class_path": "torch.nn.Linear", "init_args": {"in_features": 4}},
            "activation": "torch.nn.functional.relu",
            "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"betas": [0.9, 0.999]}},
            "short": {"class_path": "AdamW"},
            "dtype": "torch.float32",
            "counts": {"class_path": "collections.OrderedDict"},
        }
    )


@pytest.mark.parametrize(
    "text",
    [
        "val/loss",
        "configs/data/test.csv",
        "../runs/latest",
        "https://host.example/a.b?c=d.e",
        "e.g. os.system is a name in a sentence",
        "data.csv",
        "v1.2",
        "1.5",
        "no_such_module_anywhere.thing",
        "",
        "a: b",
        "[",
        "x" * 100_000,
        "(" * 1000,
    ],
)
def test_strings_that_import_nothing_pass(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    check_names({"text": text, "deep": [{"text": (text,)}]})


def test_a_module_that_was_imported_is_trusted(hostile: Path) -> None:
    __import__("hostile_module")
    try:
        assert hostile.exists()
        check_names({"model": {"class_path": "hostile_module.Evil"}})
    finally:
        del sys.modules["hostile_module"]


def test_a_file_that_could_name_classes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_names({"vocabulary": "words.json"})
    Path("evil.yaml").write_text("class_path: evil.Evil")
    with pytest.raises(ValueError, match=r"model names the file './evil\.yaml'"):
        check_names({"model": "./evil.yaml"})
