"""What an artefact folder says of itself: ``manifest.json``, read and checked."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self, final

from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.manifest_checks import check
from lightning_kit.artefact.tensor_spec import TensorSpec

__all__ = ["FILE", "FORMAT_VERSION", "Manifest", "TensorSpec"]

FILE = "manifest.json"
FORMAT_VERSION = 1


@final
@dataclass(frozen=True)
class Manifest:
    """All that is needed to answer raw rows, and where the model came from.

    Args:
        name: What the artefact is called.
        created: When, UTC, as ISO 8601.
        inputs: What the graph takes.
        outputs: What the graph gives.
        classes: The name of each class, None where the answers are no classes.
        encoders: What raw rows go through first, None where they are the graph's inputs.
        statistics: Training statistics of every input.
        formats: For each format written its ``file``, ``opset``, ``bytes`` and ``latency_us``.
        left_out: For each format that could not take the model, the one line why.
        lineage: Run, configuration hash, commit, fingerprint of the data, metric.
        versions: Of the libraries that wrote the files.
        verification: What the gate measured.
        files: The SHA-256 of every file beside the manifest, in hexadecimal.
        format_version: Of the manifest itself.
    """

    name: str
    created: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    classes: list[str] | None
    encoders: list[dict[str, Any]] | None
    statistics: dict[str, Any]
    formats: dict[str, dict[str, Any]]
    left_out: dict[str, str]
    lineage: dict[str, Any]
    versions: dict[str, str]
    verification: dict[str, Any]
    files: dict[str, str]
    format_version: int = FORMAT_VERSION

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Read the manifest of ``folder``.

        Raises:
            ArtefactError: If there is none, it is torn, of a later version, lacks a key, holds a
                value of another type, or names a file outside the folder.
        """
        path = Path(folder) / FILE
        try:
            plain = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise ArtefactError(f"{path}: there is no such file: name an artefact folder") from None
        except (OSError, ValueError, RecursionError) as error:
            raise ArtefactError(f"{path}: not a whole JSON file: {error}: export again") from None
        return cls.of(plain, str(path))

    @classmethod
    def of(cls, plain: Any, source: str = FILE) -> Self:
        """Build a manifest from what JSON holds; ``source`` is named where it is wrong."""
        version = plain.get("format_version") if isinstance(plain, Mapping) else None
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise ArtefactError(
                f"{source}: format_version must be at most {FORMAT_VERSION}, got {version}: "
                "a later lightning_kit wrote it, install that one"
            )
        check(plain, [field.name for field in fields(cls)], source)
        values = {field.name: plain[field.name] for field in fields(cls)}
        for key in ("inputs", "outputs"):
            values[key] = tuple(
                TensorSpec(**{**spec, "shape": tuple(spec["shape"])}) for spec in plain[key]
            )
        return cls(**values)

    def write(self, folder: str | Path) -> None:
        """Write ``manifest.json`` into ``folder``, which must exist.

        Raises:
            ArtefactError: If it could not be read back.
        """
        path = Path(folder) / FILE
        try:
            text = json.dumps(asdict(self), indent=2, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ArtefactError(f"{path}: must hold plain finite values: {error}") from None
        self.of(json.loads(text), str(path))
        path.write_text(text + "\n")
