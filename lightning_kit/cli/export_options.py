"""The flags of an export that are not LightningCLI's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

from lightning_kit.cli.documents import meant
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag, split

FLAGS = ("formats", "out", "opset", "quantize", "name", "lengths")


@final
@dataclass(frozen=True)
class ExportOptions:
    """What :func:`lightning_kit.export.export` is asked for.

    Args:
        formats: Names, in order.
        out: Folder; None: ``artefact`` in the run's directory, else here.
        opset: Of ONNX; None: the exporter's own.
        quantize: ``int8``, ``int8-dynamic``, ``fp16`` or None.
        name: Of the artefact; None: the recipe's, else the model's class.
        lengths: Input -> a dimension of any size.
    """

    formats: tuple[str, ...] | None = None
    out: Path | None = None
    opset: int | None = None
    quantize: str | None = None
    name: str | None = None
    lengths: dict[str, int] | None = None

    @classmethod
    def taken(cls, args: list[str]) -> tuple[Self, list[str]]:
        """Take an export's own flags out of ``args``; return them and the words that are left.

        Raises:
            InputError: If a value is missing or of another kind.
        """
        given: dict[str, Any] = {}
        rest: list[str] = []
        for flag in split(args):
            if flag.key in FLAGS:
                given[flag.key] = _value(flag)
            else:
                rest += flag.words() if flag.key else [str(flag.value)]
        return cls(**given), rest

    def arguments(self) -> dict[str, Any]:
        """Return what was given, as ``export`` takes it, but for ``out`` and ``name``."""
        names = ("formats", "opset", "quantize", "lengths")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def _value(flag: Flag) -> Any:
    if not flag.value:
        raise InputError(f"--{flag.key}: a value must follow")
    if flag.key == "formats":
        return tuple(name.strip() for name in flag.value.strip("[]").split(",") if name.strip())
    if flag.key == "out":
        return Path(flag.value)
    value = meant(flag.value)
    if flag.key == "opset" and (not isinstance(value, int) or isinstance(value, bool)):
        raise InputError(f"--opset must be a whole number such as 20, got {flag.value}")
    if flag.key == "lengths" and not (
        isinstance(value, dict) and all(isinstance(at, int) for at in value.values())
    ):
        raise InputError(
            "--lengths must map inputs to a dimension, such as '{tokens: 1}', got " + flag.value
        )
    return value if flag.key in ("opset", "lengths") else flag.value
