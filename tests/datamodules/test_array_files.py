from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.array_files import read_arrays

INPUT = np.arange(2000.0).reshape(500, 4)
NAMES = ["input", "target"]


def written(path: Path) -> Path:
    if path.suffix == ".npz":
        np.savez(path, input=INPUT, target=np.arange(500))
    elif path.suffix == ".npy":
        np.save(path, INPUT)
    else:
        save_file({"input": torch.from_numpy(INPUT), "target": torch.arange(500)}, path)
    return path


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".npy"])
def test_arrays_come_back_as_written(suffix: str, tmp_path: Path) -> None:
    names = NAMES[:1] if suffix == ".npy" else NAMES
    arrays = read_arrays(str(written(tmp_path / f"a{suffix}")), names)
    assert list(arrays) == names
    np.testing.assert_array_equal(arrays["input"], INPUT)


def test_bfloat16_is_read_as_float32(tmp_path: Path) -> None:
    save_file({"input": torch.ones(2, 2, dtype=torch.bfloat16)}, tmp_path / "a.safetensors")
    array = read_arrays(str(tmp_path / "a.safetensors"), ["input"])["input"]
    assert array.dtype == np.float32
    assert array.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".npy"])
def test_a_missing_or_empty_file_is_named(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    with pytest.raises(DataError, match=rf"a\{suffix}: there is no such file .looked from "):
        read_arrays(str(path), NAMES)
    path.touch()
    with pytest.raises(DataError, match=rf"a\{suffix}: the file is empty"):
        read_arrays(str(path), NAMES)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".npy"])
def test_a_torn_file_is_named_wherever_it_ends(suffix: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"a{suffix}")
    content = path.read_bytes()
    names = NAMES[:1] if suffix == ".npy" else NAMES
    for length in [1, 5, 9, 50, 100, *range(150, len(content), len(content) // 7)]:
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=rf"a\{suffix}: not a whole \{suffix} file"):
            read_arrays(str(path), names)


def test_flipped_bytes_in_an_archive_are_found(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz")
    content = bytearray(path.read_bytes())
    content[1000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"not a whole .npz file.*CRC"):
        read_arrays(str(path), NAMES)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".npy"])
def test_another_kind_of_file_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("a,b,c\n1,2,3\n" * 10)
    with pytest.raises(DataError, match=rf"a\{suffix}: "):
        read_arrays(str(path), NAMES)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_wrong_name_lists_what_there_is(suffix: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"a{suffix}")
    rule = "column 'labels': there is no such array .the file has input, target"
    with pytest.raises(DataError, match=rule):
        read_arrays(str(path), ["input", "labels"])


class Bomb:
    """Leaves a file where it was unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, ("ran", "w")


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_objects_are_never_unpickled(suffix: str, tmp_path: Path) -> None:
    bombs = np.array([Bomb()], dtype=object)
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        np.savez(path, input=bombs, target=np.arange(1))
    else:
        np.save(path, bombs)
    with pytest.raises(DataError, match="holds pickled objects, which could run code"):
        read_arrays(str(path), NAMES[:1])
    assert not Path("ran").exists()
    bombs.dump(str(path))
    with pytest.raises(DataError, match="holds pickled objects"):
        read_arrays(str(path), NAMES[:1])
    assert not Path("ran").exists()
