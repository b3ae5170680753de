"""Which formats were asked for, and whether options that concern one have an effect."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lightning_kit.export.errors import ExportError
from lightning_kit.export.formats import FORMATS, Format

ONNX = "onnx"


def chosen(
    formats: Sequence[str],
    *,
    opset: int | None = None,
    quantize: str | None = None,
    known: Mapping[str, Callable[..., Format]] = FORMATS,
) -> list[Format]:
    """Return the formats called ``formats``, in the order of ``known``.

    Raises:
        ExportError: If a name is unknown, none has a graph, or an option concerns a format that
            was not asked for.
    """
    names = [formats] if isinstance(formats, str) else list(formats)
    for name in names:
        if name not in known:
            raise ExportError(f"formats must be among {list(known)}, got {name!r}")
    for option, value in (("opset", opset), ("quantize", quantize)):
        if value is not None and ONNX not in names:
            raise ExportError(f"{option} must be left out where formats lack onnx, got {value!r}")
    options: dict[str, dict[str, Any]] = {} if opset is None else {ONNX: {"opset": opset}}
    found = [make(**options.get(name, {})) for name, make in known.items() if name in names]
    if not any(each.has_graph for each in found):
        raise ExportError(
            f"formats must have one with a graph (onnx, pt2 or torchscript), got {names}: "
            "weights alone answer nothing"
        )
    return found
