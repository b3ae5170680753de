"""Raw cells as JSON has them: file contents in base64, arrays as lists."""

import math
from base64 import b64decode, b64encode
from datetime import date
from typing import Any

import numpy as np

BASE64 = "base64"


def to_json(cell: Any) -> Any:
    """Return ``cell`` as JSON can hold it; NaN is null, infinity the text of it.

    >>> to_json({"a": b"hi"}["a"]), to_json(np.array([1.5, np.nan])), to_json(np.float32("inf"))
    ({'base64': 'aGk='}, [1.5, None], 'inf')
    """
    if isinstance(cell, bytes):
        return {BASE64: b64encode(cell).decode()}
    if isinstance(cell, np.ndarray | np.generic):
        return to_json(cell.tolist())
    if isinstance(cell, list | tuple):
        return [to_json(item) for item in cell]
    if isinstance(cell, float) and not math.isfinite(cell):
        return None if math.isnan(cell) else str(cell)
    return cell.isoformat() if isinstance(cell, date) else cell


def from_json(value: Any) -> Any:
    """Return the cell that JSON holds: ``{"base64": ...}`` is a file's content.

    >>> from_json({"base64": "aGk="}), from_json([1, None])
    (b'hi', [1, None])

    Raises:
        ValueError: If it is another object, or not base64.
    """
    if not isinstance(value, dict):
        return value
    if set(value) != {BASE64} or not isinstance(value[BASE64], str):
        raise ValueError(f'an object must be {{"{BASE64}": text}}, got {str(value)[:40]}')
    return b64decode(value[BASE64], validate=True)
