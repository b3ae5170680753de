"""What a manifest's JSON must look like: every key, its type, and names of files that stay inside.

A folder may come from anywhere, so nothing of it is believed before this has passed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lightning_kit.artefact.encoder_checks import check_encoders
from lightning_kit.artefact.errors import ArtefactError

SHA256 = re.compile(r"[0-9a-f]{64}")
DTYPES = (
    "bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16",
    "uint32", "uint64", "bfloat16",
)  # fmt: skip

Check = Callable[[Any], bool]


def check(plain: Any, keys: Sequence[str], source: str) -> None:
    """Refuse what is no manifest.

    Args:
        plain: As read from JSON.
        keys: All that must be there; a key beside them is refused too.
        source: The file, to be named.

    Raises:
        ArtefactError: Naming the first key that is wrong, its rule and its value.
    """
    if not isinstance(plain, Mapping):
        raise ArtefactError(f"{source}: must be a JSON object, got {_short(plain)}")
    for key in keys:
        if key not in plain:
            raise ArtefactError(f"{source}: {key!r} is missing: export again")
    if unknown := sorted(set(plain) - set(keys)):
        raise ArtefactError(f"{source}: {unknown[0]!r} is no key of a manifest")
    for key in keys:
        rule, holds = RULES[key]
        if not holds(plain[key]):
            raise ArtefactError(f"{source}: {key} must be {rule}, got {_short(plain[key])}")
    check_encoders(plain["encoders"] or [], source)
    _check_files(plain["files"], plain["formats"], source)


def _check_files(files: Mapping[str, Any], formats: Mapping[str, Any], source: str) -> None:
    for name in [*files, *(entry["file"] for entry in formats.values())]:
        if not _stays_inside(name):
            raise ArtefactError(
                f"{source}: a file must be a plain name in the folder, got {name!r}"
            )
    for name, entry in formats.items():
        if entry["file"] not in files:
            raise ArtefactError(
                f"{source}: formats.{name}: file {entry['file']!r} must be listed in files"
            )


def _stays_inside(name: str) -> bool:
    return bool(name) and not re.search(r"[/\\:\x00]", name) and name not in (".", "..")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict)


def _is_spec(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) - {"finite"} == {"name", "dtype", "shape"}
        and isinstance(value.get("finite", False), bool)
        and _is_text(value["name"])
        and value["dtype"] in DTYPES
        and isinstance(value["shape"], list)
        and all(_is_text(size) or (_is_int(size) and size >= 0) for size in value["shape"])
    )


def _are_specs(value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(map(_is_spec, value))
        and 0 < len(value) == len({spec["name"] for spec in value})
    )


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_classes(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(n, str) for n in value))


def _are_encoders(value: Any) -> bool:
    return value is None or (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(encoder, dict)
            and _is_text(encoder.get("kind"))
            and _is_text(encoder.get("column"))
            for encoder in value
        )
    )


def _are_formats(value: Any) -> bool:
    return _is_dict(value) and all(
        isinstance(entry, dict) and _is_text(entry.get("file")) for entry in value.values()
    )


def _are_texts(value: Any) -> bool:
    return _is_dict(value) and all(isinstance(text, str) for text in value.values())


def _are_hashes(value: Any) -> bool:
    return _are_texts(value) and all(SHA256.fullmatch(text) for text in value.values())


_SPECS = ("a list of name, dtype, shape and finite, each name once", _are_specs)
_OBJECT = ("an object", _is_dict)
_TEXTS = ("an object of texts", _are_texts)
RULES: dict[str, tuple[str, Check]] = {
    "name": ("a text", _is_text),
    "created": ("a text", _is_text),
    "inputs": _SPECS,
    "outputs": _SPECS,
    "classes": ("a list of texts, or null", _are_classes),
    "encoders": ("a list of objects with kind and column, or null", _are_encoders),
    "statistics": _OBJECT,
    "formats": ("an object of objects with a file each", _are_formats),
    "left_out": _TEXTS,
    "lineage": _OBJECT,
    "versions": _TEXTS,
    "verification": _OBJECT,
    "files": ("an object of file names with their SHA-256", _are_hashes),
    "format_version": ("1", lambda value: _is_int(value) and value == 1),
}
