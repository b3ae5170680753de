"""A wrong value is named by its key, rule and value."""

import copy
from typing import Any

import pytest

from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.manifest_checks import RULES, check

GOOD: dict[str, Any] = {
    "name": "small",
    "created": "2026-01-02T03:04:05+00:00",
    "inputs": [{"name": "input", "dtype": "float32", "shape": ["batch", 3]}],
    "outputs": [{"name": "prediction", "dtype": "int64", "shape": ["batch"]}],
    "classes": None,
    "encoders": None,
    "statistics": {},
    "formats": {"onnx": {"file": "model.onnx"}},
    "left_out": {},
    "lineage": {},
    "versions": {},
    "verification": {},
    "files": {"model.onnx": "a" * 64},
    "format_version": 1,
}


def refused(**changes: Any) -> str:
    with pytest.raises(ArtefactError) as caught:
        check({**copy.deepcopy(GOOD), **changes}, list(RULES), "manifest.json")
    return str(caught.value)


def test_a_good_one() -> None:
    check(GOOD, list(RULES), "manifest.json")


@pytest.mark.parametrize("plain", [None, [], "text", 3])
def test_what_is_no_object(plain: Any) -> None:
    with pytest.raises(ArtefactError, match="must be a JSON object"):
        check(plain, list(RULES), "manifest.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", ""),
        ("created", 3),
        ("inputs", []),
        ("inputs", [{"name": "input", "dtype": "float99", "shape": []}]),
        ("inputs", [{"name": "input", "dtype": "float32", "shape": [-1]}]),
        ("inputs", [{"name": "input", "dtype": "float32", "shape": [True]}]),
        ("inputs", GOOD["inputs"] * 2),
        ("outputs", {}),
        ("classes", [1]),
        ("encoders", []),
        ("encoders", [{"kind": "number"}]),
        ("formats", {"onnx": "model.onnx"}),
        ("left_out", {"pt2": None}),
        ("versions", [1]),
        ("files", {"model.onnx": "short"}),
        ("format_version", 0),
        ("format_version", True),
    ],
)
def test_a_wrong_value_is_named(key: str, value: Any) -> None:
    assert refused(**{key: value}).startswith(f"manifest.json: {key} must be {RULES[key][0]}, got ")


def test_a_key_that_nobody_knows() -> None:
    assert "'extra' is no key" in refused(extra=1)


@pytest.mark.parametrize(
    "name", ["../model.onnx", "/etc/passwd", "a/b", "..", ".", "", "a\\b", "C:model", "a\0"]
)
def test_a_file_must_stay_in_the_folder(name: str) -> None:
    digest = "a" * 64
    assert "plain name in the folder" in refused(files={**GOOD["files"], name: digest})


def test_a_format_must_be_a_listed_file() -> None:
    assert "'gone.onnx' must be listed in files" in refused(formats={"onnx": {"file": "gone.onnx"}})
