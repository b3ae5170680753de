"""Which files hold which part: one for all, or one a part."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from lightning_kit.datamodules.array_files import SUFFIXES
from lightning_kit.datamodules.base import Part


@final
@dataclass(frozen=True)
class ArrayPaths:
    """The path arguments of :class:`.ArrayDataModule`, checked against each other.

    Raises:
        ValueError: If one is missing, has no effect, or is of a kind that cannot serve.
    """

    path: str | None
    target_path: str | None
    train_path: str | None
    val_path: str | None
    test_path: str | None
    predict_path: str | None

    def __post_init__(self) -> None:
        given = {name: path for name, path in vars(self).items() if path is not None}
        parts = [name for name in ("train_path", "val_path", "test_path") if name in given]
        if not given.keys() - {"target_path"}:
            raise ValueError("path, or train_path, val_path and test_path, must name a file")
        if self.path is not None and parts:
            raise ValueError(f"path is split into all parts: leave it out, or {', '.join(parts)}")
        for name, path in given.items():
            if Path(path).suffix not in SUFFIXES:
                raise ValueError(f"{name} must end in one of {', '.join(SUFFIXES)}, got {path!r}")
            if Path(path).suffix == ".npy" and name in parts:
                raise ValueError(f"{name} must hold input and target, which .npy cannot: {path!r}")
        if self.is_npy and (self.target_path is None or Path(self.target_path).suffix != ".npy"):
            raise ValueError(f"target_path must name a .npy file, as path does: {self.path!r}")
        if not self.is_npy and self.target_path is not None:
            raise ValueError("target_path has no effect unless path is a .npy file: leave it out")

    @property
    def is_npy(self) -> bool:
        """Whether input and target are a file each."""
        return self.path is not None and Path(self.path).suffix == ".npy"

    def of(self, part: Part) -> str:
        """Return the file that holds one part.

        Raises:
            ValueError: If none was given.
        """
        if part == "predict" and self.predict_path is not None:
            return self.predict_path
        name = f"{'test' if part == 'predict' else part}_path"
        path: str | None = self.path or getattr(self, name)
        if path is None:
            raise ValueError(f"{name} must name a file before the {part} part is asked for")
        return path
