from typing import Any

import pytest

from lightning_kit.datamodules.array_paths import ArrayPaths

NONE = dict.fromkeys(("path", "target_path", "train_path", "val_path", "test_path", "predict_path"))


def paths(**given: str) -> ArrayPaths:
    return ArrayPaths(**(NONE | given))


def test_each_part_finds_its_file() -> None:
    one = paths(path="a.npz", predict_path="p.npy")
    assert [one.of("train"), one.of("test"), one.of("predict")] == ["a.npz", "a.npz", "p.npy"]
    each = paths(train_path="a.npz", test_path="t.safetensors")
    assert [each.of("train"), each.of("test"), each.of("predict")] == [
        "a.npz",
        "t.safetensors",
        "t.safetensors",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "path, or train_path, val_path and test_path, must name a file"),
        ({"target_path": "t.npy"}, "must name a file"),
        ({"path": "a.npz", "val_path": "v.npz"}, "path is split .* leave it out, or val_path"),
        ({"path": "a.csv"}, "path must end in one of .npz, .npy, .safetensors, got 'a.csv'"),
        ({"train_path": "a.npy"}, "train_path must hold input and target, which .npy cannot"),
        ({"path": "a.npy"}, "target_path must name a .npy file"),
        ({"path": "a.npy", "target_path": "t.npz"}, "target_path must name a .npy file"),
        ({"path": "a.npz", "target_path": "t.npy"}, "target_path has no effect"),
    ],
)
def test_paths_that_do_not_fit_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        paths(**given)


def test_a_part_without_a_file_is_refused_when_asked_for() -> None:
    for part in ("test", "predict"):
        with pytest.raises(ValueError, match=f"test_path must name a file before the {part} part"):
            paths(train_path="a.npz").of(part)
