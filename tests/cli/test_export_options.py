from pathlib import Path

import pytest

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.export_options import ExportOptions


def test_an_exports_own_flags_are_taken_and_the_rest_is_left_as_it_was() -> None:
    words = [
        "runs/x", "--formats", "onnx,pt2", "--out=there", "--opset", "20", "-c", "a.yaml",
        "--lengths", "{tokens: 1}", "--model.lr", "0.1", "--quantize", "int8", "--name", "20",
    ]  # fmt: skip
    options, rest = ExportOptions.taken(words)
    assert options == ExportOptions(("onnx", "pt2"), Path("there"), 20, "int8", "20", {"tokens": 1})
    assert rest == ["runs/x", "-c=a.yaml", "--model.lr=0.1"]
    assert set(options.arguments()) == {"formats", "opset", "quantize", "lengths"}


def test_what_is_not_given_is_not_asked_for() -> None:
    options, rest = ExportOptions.taken(["--help"])
    assert options.arguments() == {}
    assert rest == ["--help"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out"], "--out: a value must follow"),
        (["--opset", "x"], "--opset must be a whole number such as 20, got x"),
        (["--lengths", "1"], "--lengths must map inputs to a dimension"),
        (["--lengths", "{a: b}"], "--lengths must map inputs to a dimension"),
    ],
)
def test_a_value_of_another_kind_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ExportOptions.taken(words)
