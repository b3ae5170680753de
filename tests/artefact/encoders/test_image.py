"""Whatever a picture comes as, it is the same pixels."""

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lightning_kit.artefact.encoders import RawRowsError, image

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)


def encoder(mode: str = "RGB", size: Any = None) -> dict[str, Any]:
    return {"kind": "image", "column": "picture", "mode": mode, "size": size}


def content(pixels: NDArray[np.uint8] = PIXELS, kind: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "cell", [PIXELS, content(), b64encode(content()).decode(), PIXELS.tolist()],
    ids=["array", "file", "base64", "lists"],
)  # fmt: skip
def test_every_form_gives_the_pixels(cell: Any) -> None:
    encoded = image.encode([cell], encoder())
    assert encoded.dtype == np.uint8
    np.testing.assert_array_equal(encoded, PIXELS.transpose(2, 0, 1)[None])


def test_modes_are_converted() -> None:
    grey = np.full((2, 2), 7, dtype=np.uint8)
    assert image.encode([grey, grey[:, :, None]], encoder()).tolist() == [[[[7, 7]] * 2] * 3] * 2
    assert image.encode([content(grey)], encoder("L")).shape == (1, 1, 2, 2)
    # ITU-R 601-2: 0.299 R.
    red = np.zeros((1, 1, 3), dtype=np.uint8)
    red[..., 0] = 200
    assert image.encode([red], encoder("L")).item() == 60


def test_resizing_averages_over_what_it_leaves_out() -> None:
    stripes = np.tile(np.array([0, 200], dtype=np.uint8), (8, 32))
    encoded = image.encode([stripes], encoder("L", [2, 8]))
    assert encoded.shape == (1, 1, 2, 8)
    # Without antialiasing every pixel would be 0 or 200.
    assert np.abs(encoded.astype(int) - 100).max() <= 5


def test_a_declared_size_takes_any_other() -> None:
    cells = [PIXELS, content(PIXELS[:3]), PIXELS[:, :2]]
    assert image.encode(cells, encoder(size=[4, 3])).shape == (3, 3, 4, 3)
    with pytest.raises(RawRowsError, match="row 2, column 'picture': must have the first picture"):
        image.encode(cells, encoder())


@pytest.mark.parametrize(
    "cell",
    [
        b"", b"GIF89a", content()[:40], "no base64!", "", None, 3, [[1, 2], [3]], [[300]], [[-1]],
        [[0.5]], np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2), np.float32), np.zeros((0, 2), "B"),
        content(np.zeros((2, 2), np.uint16)),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_named(cell: Any) -> None:
    with pytest.raises(RawRowsError, match="row 2, column 'picture': must "):
        image.encode([PIXELS, cell], encoder(size=[6, 5]))


def test_a_file_that_unfolds_to_far_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "MAX_PIXELS", 20)
    with pytest.raises(RawRowsError, match="must have at most 20 pixels"):
        image.encode([content()], encoder())


@pytest.mark.parametrize("wrong", [{"mode": "CMYK"}, {"size": [0, 3]}, {"size": 3.0 and [3]}])
def test_a_wrong_encoder_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="of an image encoder must be"):
        image.encode([PIXELS], encoder(**wrong))
