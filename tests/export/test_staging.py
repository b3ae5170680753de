import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lightning_kit.export import staging
from lightning_kit.export.errors import ExportError
from lightning_kit.export.staging import clear_abandoned, staged

WRITES_AND_WAITS = """
import sys, time
from pathlib import Path
from lightning_kit.export.staging import staged
with staged(Path(sys.argv[1])) as folder:
    (folder / "model.onnx").write_text("half")
    print(folder.name, flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_there_before_the_end_and_all_after_it(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "artefact"
    with staged(out) as folder:
        (folder / "a").write_text("1")
        assert not out.exists()
        assert folder.parent == out.parent
        assert folder.name.startswith(".artefact.")
    assert names(out) == ["a"]
    assert names(out.parent) == ["artefact"]


def test_whoever_reads_the_folder_reads_its_files(tmp_path: Path) -> None:
    with staged(tmp_path / "artefact") as folder:
        (folder / "a").touch(0o600)
    readable = (tmp_path / "artefact").stat().st_mode & 0o666
    assert (tmp_path / "artefact" / "a").stat().st_mode & 0o777 == readable


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with staged(tmp_path / "deep" / "artefact") as folder:
            (folder / "a").write_text("1")
            raise error

    with pytest.raises(error):
        fail()
    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["file", "folder", "full folder", "dangling link"])
def test_an_existing_out_is_refused_and_kept(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "artefact"
    if kind == "file":
        out.write_text("mine")
    elif kind == "dangling link":
        out.symlink_to("nowhere")
    else:
        out.mkdir()
    if kind == "full folder":
        (out / "mine").write_text("mine")
    with pytest.raises(ExportError, match="out must not exist"), staged(out):
        pass
    assert names(tmp_path) == ["artefact"]


@pytest.mark.parametrize("full", [True, False])
def test_an_out_that_comes_into_being_meanwhile_is_kept(tmp_path: Path, full: bool) -> None:
    out = tmp_path / "artefact"

    def meet() -> None:
        with staged(out) as folder:
            (folder / "a").write_text("1")
            out.mkdir()
            if full:
                (out / "mine").write_text("mine")

    with pytest.raises(ExportError, match="out must not exist"):
        meet()
    assert names(tmp_path) == ["artefact"]
    assert names(out) == (["mine"] if full else [])


def test_a_disk_that_is_full_at_the_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="No space left"), staged(tmp_path / "artefact") as folder:
        (folder / "a").write_text("1")
    assert names(tmp_path) == []


def test_kill_9_leaves_a_hidden_folder_that_the_next_clears(tmp_path: Path) -> None:
    out = tmp_path / "artefact"
    command = [sys.executable, "-c", WRITES_AND_WAITS, str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        hidden = process.stdout.readline().strip()
        # While it lives, nobody clears it.
        clear_abandoned(out)
        assert names(tmp_path) == [hidden]
        process.send_signal(signal.SIGKILL)
        # A zombie is gone as well, though it still has its number.
        deadline = time.monotonic() + 20
        while names(tmp_path) and time.monotonic() < deadline:
            clear_abandoned(out)
        assert names(tmp_path) == []
    finally:
        process.kill()
        process.communicate()


def test_a_number_that_was_given_again_is_another_process(tmp_path: Path) -> None:
    out = tmp_path / "artefact"
    host = staging._host()
    old = tmp_path / f".artefact.{host}-{os.getpid()}-1.exporting"
    other_host = tmp_path / ".artefact.elsewhere-1-1.exporting"
    other_out = tmp_path / f".artefact2.{host}-{os.getpid()}-1.exporting"
    for folder in (old, other_host, other_out):
        folder.mkdir()
        (folder / "a").write_text("1")
    with staged(out):
        pass
    assert names(tmp_path) == sorted([other_host.name, other_out.name, "artefact"])


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EROFS, "Read-only file system"),
        OSError(errno.EFBIG, "File too large"),
        OSError(errno.EIO, "Input/output error"),
        OSError(errno.ESTALE, "Stale file handle"),
        RuntimeError("PytorchStreamWriter failed writing file data/0"),
        RuntimeError("Error while serializing: I/O error: File too large (os error 27)"),
    ],
)
def test_a_disk_that_takes_nothing_is_one_line_and_leaves_nothing(
    tmp_path: Path, error: Exception
) -> None:
    out = tmp_path / "new" / "artefact"
    with pytest.raises(ExportError, match="out must be where there is room"), staged(out):
        raise error
    assert not list(tmp_path.iterdir())


def test_a_limit_on_files_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    def write() -> None:
        with staged(tmp_path / "artefact") as folder:
            (folder / "model.onnx").write_bytes(bytes(100_000))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(ExportError, match=r"artefact \(File too large\): name another"):
            write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []


@pytest.mark.parametrize("long", ["a" * 250, "a" * 300, "a" * 300 + "/artefact"])
def test_a_name_that_is_too_long_is_one_line(tmp_path: Path, long: str) -> None:
    with (
        pytest.raises(ExportError, match=r"\(File name too long\): name another"),
        staged(tmp_path / "new" / long),
    ):
        pass
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "vocabulary.txt"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        OSError("somebody's own"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
    ],
)
def test_what_a_model_fails_to_read_is_not_of_the_disk(tmp_path: Path, error: OSError) -> None:
    with pytest.raises(type(error)) as caught, staged(tmp_path / "artefact"):
        raise error
    assert caught.value is error


def test_a_file_in_the_way_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ExportError, match=r"file/artefact \(File exists\): name another"),
        staged(tmp_path / "file" / "artefact"),
    ):
        pass
