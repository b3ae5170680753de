"""The flags of ``predict`` that are the kit's own: rows from a file, and where answers go."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import split

NAMES = ("rows", "out")


@final
@dataclass(frozen=True)
class RowsFlags:
    """What a command line says of rows.

    Args:
        rows: A file of raw rows, None where the predict data has them.
        out: The CSV file to write, None where none was named.
        words: Loose words: what to ask.
        others: All arguments but ``--rows`` and ``--out``, as they stand.
    """

    rows: Path | None
    out: Path | None
    words: list[str]
    others: list[str]

    @classmethod
    def of(cls, args: list[str]) -> Self:
        """Take ``args`` apart.

        Raises:
            InputError: If a flag has no value or comes twice, or the answers cannot go there.
        """
        found: dict[str, Path] = {}
        words, others = [], []
        for flag in split(args):
            if flag.key not in NAMES or not flag.source.startswith("--"):
                words += [] if flag.key or flag.value is None else [flag.value]
                others += flag.words() if flag.key else [flag.value or ""]
                continue
            if not flag.value:
                raise InputError(f"--{flag.key}: a file must follow")
            if flag.key in found:
                raise InputError(f"--{flag.key} {flag.value}: one file is enough")
            found[flag.key] = Path(flag.value)
        out = found.get("out")
        if out is not None:
            check_free(out)
        return cls(found.get("rows"), out, words, others)

    @property
    def artefact(self) -> Path | None:
        """The artefact that is asked; None where it is a run, a checkpoint or a recipe."""
        for word in self.words:
            if (Path(word) / "manifest.json").is_file() and not (Path(word) / "run.json").exists():
                return Path(word)
        return None


def check_free(path: Path) -> None:
    """Refuse a file that exists, or whose folder does not."""
    if path.exists():
        raise InputError(f"{path} exists: move it away, nothing is overwritten")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}: make it first")
