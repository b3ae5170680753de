"""A folder that appears whole or not at all."""

import errno
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lightning_kit.export.errors import ExportError

_SUFFIX = "exporting"
# Wherever the file is: a temporary one beside those of the artefact may be the first to fail.
_ANYWHERE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EEXIST,
    errno.ENOTDIR,
}
# What a model that asks others or starts them meets, and a write does not.
_NOT_OF_FILES = (ConnectionError, TimeoutError, ChildProcessError, ProcessLookupError)
# Of those that write in C++ and Rust.
_TOLD = (
    "No space left on device",
    "StorageFull",
    "PytorchStreamWriter failed writing",
    "(os error ",
)


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """Yield a hidden folder beside ``out`` that becomes ``out`` where the block ends well.

    Becoming it is one rename of what is already on the disk. After an exception nothing is left.
    A killed process leaves its hidden folder, which the next export to ``out`` clears once that
    process is gone.

    Args:
        out: Must not exist; folders above it are made.

    Raises:
        ExportError: If ``out`` exists, before the block or after it, or there is no writing there,
            whatever the disk or the system gives as the reason.
    """
    out = out.absolute()
    refuse_existing(out)
    made: list[Path] = []
    try:
        made += [parent for parent in out.parents if not parent.exists()]
        out.parent.mkdir(parents=True, exist_ok=True)
        clear_abandoned(out)
        folder = out.with_name(f".{out.name}.{_identity(os.getpid())}.{_SUFFIX}")
        folder.mkdir()
        try:
            yield folder
            _flush(folder)
            # A rename would take the place of an empty folder.
            refuse_existing(out)
            folder.rename(out)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except BaseException as error:
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        if (why := _unwritable(error, out)) is not None:
            raise ExportError(
                f"out must be where there is room and leave to write, got {out} ({why}): name "
                "another folder, or make room"
            ) from error
        raise
    _flush_folder(out.parent)


def refuse_existing(out: Path) -> None:
    """Raise ExportError if there is anything at ``out``, also a link to nothing."""
    if os.path.lexists(out):
        raise ExportError(f"out must not exist, got {out}: name another, or move that away first")


def clear_abandoned(out: Path) -> None:
    """Remove the hidden folders of exports to ``out`` whose process, on this host, is gone."""
    host = re.escape(_host())
    pattern = re.compile(rf"\.{re.escape(out.name)}\.({host}-(\d+)-\w+)\.{_SUFFIX}")
    for folder in out.parent.iterdir():
        found = pattern.fullmatch(folder.name)
        if found and _identity(int(found[2])) != found[1]:
            shutil.rmtree(folder, ignore_errors=True)


def _identity(process: int) -> str:
    """Name a process by host, number and start, as a number is given again; 0: it is gone."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return f"{_host()}-{process}-gone"
    except PermissionError:
        pass
    try:
        # The 22nd field is the start in ticks since boot; a name in the 2nd may hold blanks.
        # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return f"{_host()}-{process}-0"
    return f"{_host()}-{process}-{'gone' if fields[0] == 'Z' else fields[19]}"


def _host() -> str:
    return re.sub(r"\W+", "_", socket.gethostname())


def _unwritable(error: BaseException, out: Path) -> str | None:
    """Return why a disk took nothing more, as Python, safetensors or torch tell it; else None."""
    if isinstance(error, OSError) and (number := error.errno) is not None:
        # Resolvers of names have numbers of their own.
        is_ours = number in _ANYWHERE or (number in errno.errorcode and _is_of(error, out))
        return os.strerror(number) if is_ours else None
    found = next((each for each in _TOLD if each in str(error)), None)
    return None if found is None else str(error).splitlines()[0]


def _is_of(error: OSError, out: Path) -> bool:
    """Say whether ``error`` is of ``out``, of what leads there or of what lies hidden beside it."""
    if not isinstance(error.filename, str | bytes):
        # A write knows no name.
        return not isinstance(error, _NOT_OF_FILES)
    path = Path(os.fsdecode(error.filename)).absolute()
    if out.is_relative_to(path):
        return True
    inside = path.is_relative_to(out.parent) and path != out.parent
    return inside and path.relative_to(out.parent).parts[0].lstrip(".").startswith(out.name)


def _flush(folder: Path) -> None:
    # safetensors writes for its owner alone; whoever may read the folder is to read all of it.
    readable = folder.stat().st_mode & 0o666
    for path in folder.iterdir():
        path.chmod(readable)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    # A filesystem may refuse to flush a folder, which holds no data.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
