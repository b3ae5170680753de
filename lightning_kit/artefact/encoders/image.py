"""Pictures of any size and kind as pixels of one mode and, where declared, one size."""

import binascii
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact.encoders.cells import Column, RawRowsError
from lightning_kit.artefact.extras import imported

RULE = "must be a picture: a file's content, its base64 text, or 8-bit pixels (H, W) or (H, W, C)"
CHANNELS = {"L": 1, "RGB": 3}
# Pillow's own limit, at which it warns; a file of a few kB can unfold to far more.
MAX_PIXELS = 89_478_485
# Of these, Pillow would cut off what 8 bits do not hold.
DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def encode(cells: Column, encoder: dict[str, Any]) -> NDArray[np.uint8]:
    """Return ``(N, C, H, W)`` uint8 in [0, 255].

    Pillow decodes, converts to ``mode`` (``RGB`` or ``L``; transparency is dropped, a rotation in
    the file's metadata is not heeded) and, to a picture of another ``size`` ``[H, W]``, resizes
    bilinearly with antialiasing.

    Raises:
        RawRowsError: If a cell is no picture, or where no size is declared, has not the first's.
        ValueError: If ``mode`` or ``size`` of the encoder is unknown.
        ImportError: If Pillow is not installed.
    """
    mode, size = encoder["mode"], encoder["size"]
    if mode not in CHANNELS:
        raise ValueError(f"mode of an image encoder must be one of {list(CHANNELS)}, got {mode!r}")
    if size is not None and not (len(size) == 2 and all(type(n) is int and n > 0 for n in size)):
        raise ValueError(f"size of an image encoder must be null or [H, W], got {size!r}")
    column = encoder["column"]
    pictures: list[NDArray[np.uint8]] = []
    for row, cell in enumerate(cells, start=1):
        pixels = _pixels(cell, mode, size, partial(_error, column, row, cell))
        if pictures and pixels.shape != pictures[0].shape:
            raise RawRowsError(
                f"must have the first picture's height and width, {pictures[0].shape[1:]}",
                column=column, row=row, value=pixels.shape[1:],
                way_out="declare a size in the encoder, or give pictures of one size at a time",
            )  # fmt: skip
        pictures.append(pixels)
    if not pictures:
        return np.empty((0, CHANNELS[mode], *(size or (0, 0))), dtype=np.uint8)
    return np.stack(pictures)


def _pixels(
    cell: Any, mode: str, size: list[int] | None, wrong: Callable[[str], RawRowsError]
) -> NDArray[np.uint8]:
    """Return one picture ``(C, H, W)``."""
    picture = _decoded(cell, wrong) if isinstance(cell, bytes | str) else _of_array(cell, wrong)
    if picture.mode in DEEP_MODES:
        raise wrong("must have 8 bits a channel")
    picture = picture.convert(mode)
    if size is not None and (picture.height, picture.width) != tuple(size):
        bilinear = imported("PIL.Image", "pictures", "data").Resampling.BILINEAR
        picture = picture.resize((size[1], size[0]), bilinear)
    pixels = np.asarray(picture)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _decoded(cell: bytes | str, wrong: Callable[[str], RawRowsError]) -> Any:
    pillow = imported("PIL.Image", "pictures", "data")
    try:
        content = cell if isinstance(cell, bytes) else b64decode(cell, validate=True)
        with pillow.open(BytesIO(content)) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise wrong(f"must have at most {MAX_PIXELS} pixels")
            opened.load()
            return opened
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning):
        raise wrong(f"must have at most {MAX_PIXELS} pixels") from None
    # Pillow raises SyntaxError and others at torn files.
    except (binascii.Error, OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as e:
        if isinstance(e, RawRowsError):
            raise
        raise wrong(RULE) from None


def _of_array(cell: Any, wrong: Callable[[str], RawRowsError]) -> Any:
    try:
        array = np.asarray(cell)
    except ValueError:
        raise wrong(RULE) from None
    if array.dtype != np.uint8:
        # From JSON, pixels are lists of whole numbers.
        if array.dtype.kind not in "iu" or array.size == 0 or array.min() < 0 or array.max() > 255:
            raise wrong(RULE)
        array = array.astype(np.uint8)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not array.size or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise wrong(RULE)
    return imported("PIL.Image", "pictures", "data").fromarray(array)


def _error(column: str, row: int, cell: Any, rule: str) -> RawRowsError:
    return RawRowsError(rule, column=column, row=row, value=_shown(cell))


def _shown(cell: Any) -> str:
    if isinstance(cell, bytes):
        return f"{len(cell)} bytes"
    if isinstance(cell, str):
        return f"{cell[:20]}..." if len(cell) > 20 else cell
    return f"{type(cell).__name__} {getattr(cell, 'shape', '')}".strip()
