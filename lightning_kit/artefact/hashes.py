"""Hold the files of a folder against the hashes that its manifest lists."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from lightning_kit.artefact.errors import ArtefactError


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def check_files(folder: Path, files: Mapping[str, str], *, beside: str) -> None:
    """Refuse a folder that does not hold ``files`` as they were, or holds others.

    Hidden files, which an operating system leaves behind, do no harm.

    Args:
        folder: The artefact.
        files: The SHA-256 of each.
        beside: The one file that is not listed: the manifest.

    Raises:
        ArtefactError: Naming the first file that is missing, changed or not listed.
    """
    for name, digest in files.items():
        if not (folder / name).is_file():
            raise ArtefactError(f"{folder}: {name!r} is missing: copy the folder as a whole")
        if sha256_of(folder / name) != digest:
            raise ArtefactError(
                f"{folder}: {name!r} is not the file that was verified (its SHA-256 differs): "
                "copy the folder again, or export again"
            )
    for path in sorted(folder.iterdir()):
        if path.name not in files and path.name != beside and not path.name.startswith("."):
            raise ArtefactError(f"{folder}: {path.name!r} is not in the manifest: take it out")
