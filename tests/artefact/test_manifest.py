"""A manifest comes back as it was written, and nothing else is taken for one."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.manifest import Manifest, TensorSpec

MANIFEST = Manifest(
    name="small",
    created="2026-01-02T03:04:05+00:00",
    inputs=(TensorSpec("input", "float32", ("batch", 3)),),
    outputs=(TensorSpec("prediction", "int64", ("batch",)),),
    classes=["no", "yes"],
    encoders=[{"kind": "number", "column": "size", "fill": 0.0, "indicator": False}],
    statistics={"size": {"mean": 1.5}},
    formats={"onnx": {"file": "model.onnx", "opset": 20, "bytes": 3, "latency_us": {"1": 9.5}}},
    left_out={"torchscript": "aten::x has no TorchScript form"},
    lineage={"run": "runs/small/1", "metric": None},
    versions={"torch": "2.13.0"},
    verification={"samples": 256},
    files={"model.onnx": "a" * 64},
)


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path)
    assert Manifest.read(tmp_path) == MANIFEST


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"manifest\.json: there is no such file"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("content", [b'{"name": "sm', b"", b"\xff\xfe", b"[" * 200_000])
def test_a_torn_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ArtefactError, match=r"manifest\.json: not a whole JSON file"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("key", [field.name for field in dataclasses.fields(Manifest)])
def test_every_key_must_be_there(key: str) -> None:
    plain = json.loads(json.dumps(dataclasses.asdict(MANIFEST)))
    del plain[key]
    with pytest.raises(ArtefactError, match=f"'{key}' is missing"):
        Manifest.of(plain)


def test_a_later_version_is_told_so() -> None:
    # Before its keys are looked at, which may well be others.
    with pytest.raises(ArtefactError, match="format_version must be at most 1, got 2: a later"):
        Manifest.of({"format_version": 2})


def test_what_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = [
        {"statistics": {"mean": float("nan")}},
        {"lineage": {"path": tmp_path}},
        {"files": {"../model.onnx": "a" * 64}},
    ]
    for changes in wrong:
        with pytest.raises(ArtefactError):
            dataclasses.replace(MANIFEST, **changes).write(tmp_path)
        assert not (tmp_path / "manifest.json").exists()
