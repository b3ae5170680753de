"""Picture files, one or a folder of them: a row each, in the order of their names."""

from pathlib import Path

from lightning_kit.artefact.rows.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")


def read_pictures(path: Path, column: str) -> dict[str, list[bytes]]:
    """Return the files' contents as ``column``.

    Raises:
        DataError: If a folder holds none.
    """
    files = [path] if path.is_file() else picture_files(path)
    if not files:
        raise DataError(f"must hold a picture, {', '.join(SUFFIXES)}", file=path)
    return {column: [file.read_bytes() for file in files]}


def picture_files(folder: Path) -> list[Path]:
    """Return the pictures of ``folder`` itself; other and hidden files are not its rows."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in SUFFIXES and file.is_file() and not file.name.startswith(".")
    )
