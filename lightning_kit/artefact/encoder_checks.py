"""What an encoder in a manifest must hold, so that applying it cannot fail on itself."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from lightning_kit.artefact.encoders.image import CHANNELS
from lightning_kit.artefact.errors import ArtefactError

Rule = tuple[str, Callable[[Any], bool]]


def check_encoders(encoders: list[dict[str, Any]], source: str) -> None:
    """Refuse an encoder of an unknown kind, or without a key that its kind needs.

    Args:
        encoders: Each with ``kind`` and ``column``.
        source: The file, to be named.

    Raises:
        ArtefactError: Naming the encoder's column, its key, rule and value.
    """
    for encoder in encoders:
        kind, where = encoder["kind"], f"{source}: encoder of column {encoder['column']!r}"
        if kind not in RULES:
            raise ArtefactError(f"{where}: kind must be one of {', '.join(RULES)}, got {kind!r}")
        for key, (rule, holds) in RULES[kind].items():
            # A first version of the kit took nothing off.
            value = encoder.get(key, 0.0 if key == "offset" else MISSING)
            if not holds(value):
                raise ArtefactError(f"{where}: {key} must be {rule}, got {value!r}")


class _Missing:
    def __repr__(self) -> str:
        return "none"


def _is_number(value: Any) -> bool:
    # An integer may be too long for a float.
    return type(value) in (int, float) and -sys.float_info.max <= value <= sys.float_info.max


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _is_size(value: Any) -> bool:
    return value is None or (
        isinstance(value, list)
        and len(value) == 2
        and all(type(one) is int and one > 0 for one in value)
    )


MISSING = _Missing()
_NUMBER: Rule = ("a finite number", _is_number)
_TRUTH: Rule = ("true or false", lambda value: isinstance(value, bool))
RULES: dict[str, Mapping[str, Rule]] = {
    "number": {"fill": _NUMBER, "offset": _NUMBER, "indicator": _TRUTH},
    "category": {"categories": ("a list of texts", _are_texts), "missing": _TRUTH},
    "date": {"fill": _NUMBER, "offset": _NUMBER, "indicator": _TRUTH, "hour": _TRUTH},
    "image": {
        "mode": (f"one of {', '.join(CHANNELS)}", lambda value: value in list(CHANNELS)),
        "size": ("[H, W], or null", _is_size),
    },
}
