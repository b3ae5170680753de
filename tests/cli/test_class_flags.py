"""A flag that names a class drops what stood below under another."""

from pathlib import Path
from typing import Any

import pytest

from lightning_kit.cli.class_flags import laid
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag, split

CONFIG: dict[str, Any] = {
    "model": {
        "class_path": "programs.plain.PlainModule",
        "init_args": {
            "lr": 5,
            "o": {"class_path": "torch.optim.Adam", "init_args": {"eps": 1}},
        },
    }
}


def after(*args: str) -> tuple[dict[str, Any], list[str]]:
    config, rest = laid(CONFIG, list(split(list(args))))
    return config["model"], [word for flag in rest for word in flag.words()]


def test_another_class_drops_the_arguments() -> None:
    model, rest = after("--model", "programs.faulty.SlowModule", "--model.pause_s=1")
    assert model == {"class_path": "programs.faulty.SlowModule"}
    assert rest == ["--model.pause_s=1"]


def test_the_same_class_keeps_them() -> None:
    assert after("--model", "programs.plain.PlainModule")[0] == CONFIG["model"]


@pytest.mark.parametrize(
    "flag",
    ["--model.o=torch.optim.SGD", "--model.o=SGD", "--model.o.class_path=torch.optim.SGD",
     "--model.init_args.o=torch.optim.SGD", '--model.o={class_path: torch.optim.SGD}'],
)  # fmt: skip
def test_a_class_inside_a_class(flag: str) -> None:
    model, rest = after(flag)
    assert model["init_args"] == {"lr": 5, "o": {"class_path": "torch.optim.SGD"}}
    assert rest == []


def test_a_misspelt_class_in_a_class_place_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean SGD"):
        after("--model.o=torch.optim.SDG")


def test_the_environments_arguments_go_with_its_class() -> None:
    env = [Flag("model.o", "torch.optim.Adam", "PL_FIT__X"), Flag("model.o.eps", "5", "PL_FIT__Y")]
    config, rest = laid(CONFIG, [*env, *split(["--model.o=torch.optim.SGD", "--model.o.lr=1"])])
    assert config["model"]["init_args"]["o"] == {"class_path": "torch.optim.SGD"}
    assert [flag.key for flag in rest] == ["model.o.lr"]


def test_top_level_optimizers_too() -> None:
    below = {"optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 5}}}
    config, _ = laid(below, list(split(["--optimizer", "torch.optim.SGD"])))
    assert config == {"optimizer": {"class_path": "torch.optim.SGD"}}


def test_a_file_name_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rows.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    config = {"data": {"class_path": "programs.plain.PlainData"}}
    assert laid(config, list(split(["--data.path=rows.csv"])))[0] == config


@pytest.mark.parametrize(
    "flag",
    [
        "--model.lr=1.5",
        "--model.o=null",
        "--trainer.logger=false",
        "--trainer.default_root_dir=a.b",
        "--x=torch.nn",
    ],
)
def test_other_values_are_left(flag: str) -> None:
    assert after(flag) == (CONFIG["model"], [flag])


def test_a_mapping_merges_as_a_files_does() -> None:
    below = {"model": {"class_path": "a.B", "init_args": {"table": {"a": 1, "b": 2}}}}
    config, rest = laid(below, list(split(["--model.table", "{b: 3}", "--model.new", "{c: 4}"])))
    assert config["model"]["init_args"] == {"table": {"a": 1, "b": 3}}
    assert [flag.key for flag in rest] == ["model.new"]


@pytest.mark.parametrize("text", ["{b: [", "{a: b: c"])
def test_what_is_no_yaml_is_left_to_the_parser(text: str) -> None:
    assert after("--model.lr", text) == (CONFIG["model"], [f"--model.lr={text}"])


@pytest.mark.parametrize("low", ["--model.o.eps=5", "--model.o.init_args.eps=5", "--model.o=null"])
@pytest.mark.parametrize(
    "high", ["{init_args: {eps: 3}}", "{eps: 3}", "{class_path: Adam, init_args: {eps: 3}}"]
)
def test_a_later_mapping_wins_over_an_earlier_argument(low: str, high: str) -> None:
    for earlier in ([*split([low])], [Flag("model.o.eps", "5", "PL_FIT__MODEL__O__EPS")]):
        config, rest = laid(CONFIG, [*earlier, *split(["--model.lr=1", "--model.o", high])])
        assert config["model"]["init_args"]["o"]["init_args"] == {"eps": 3}
        assert [flag.key for flag in rest] == ["model.lr"]


def test_a_mapping_leaves_the_arguments_that_it_does_not_name() -> None:
    flags = ["--model.o.lr=1", "--model.o.eps=5", "--model.o", "{eps: 3}", "--model.o.eps=7"]
    assert after(*flags)[1] == ["--model.o.lr=1", "--model.o.eps=7"]
    _, rest = after("--model.o.eps=5", "--model.o", "{class_path: SGD, init_args: {eps: 3}}")
    assert rest == []
