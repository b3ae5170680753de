from typing import Any

import pytest
from programs.artefacts import ENCODERS, PICTURE_ENCODERS

from lightning_kit.artefact.encoder_checks import RULES, check_encoders
from lightning_kit.artefact.encoders import KINDS, fit_encoders
from lightning_kit.artefact.errors import ArtefactError

ROWS: dict[str, list[Any]] = {
    "number": ["1", ""],
    "category": ["red", None],
    "date": ["2024-01-31T12:00", ""],
}


def test_what_is_fitted_is_right() -> None:
    assert set(RULES) == {*KINDS, "image"}
    check_encoders(fit_encoders(ROWS, {kind: kind for kind in KINDS}), "manifest.json")
    check_encoders(ENCODERS, "manifest.json")
    check_encoders(PICTURE_ENCODERS, "manifest.json")


def test_every_key_of_every_kind_must_be_there() -> None:
    for good in [*fit_encoders(ROWS, {kind: kind for kind in KINDS}), *PICTURE_ENCODERS]:
        for key in set(good) - {"kind", "column", "offset"}:
            encoder = {name: value for name, value in good.items() if name != key}
            with pytest.raises(ArtefactError, match=f"{key} must be .*, got none"):
                check_encoders([encoder], "manifest.json")


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ({"kind": "token"}, "kind must be one of number, category, date, image, got 'token'"),
        ({**ENCODERS[0], "fill": float("nan")}, "fill must be a finite number, got nan"),
        ({**ENCODERS[0], "fill": True}, "fill must be a finite number, got True"),
        ({**ENCODERS[1], "categories": []}, r"categories must be a list of texts, got \[\]"),
        ({**PICTURE_ENCODERS[0], "mode": "CMYK"}, "mode must be one of L, RGB, got 'CMYK'"),
        ({**PICTURE_ENCODERS[0], "mode": []}, r"mode must be one of L, RGB, got \[\]"),
        ({**PICTURE_ENCODERS[0], "size": [0, 2]}, r"size must be \[H, W\], or null, got \[0, 2\]"),
    ],
)
def test_a_wrong_value_is_named(encoder: dict[str, Any], message: str) -> None:
    with pytest.raises(ArtefactError, match=f"manifest.json: encoder of column 'x': {message}"):
        check_encoders([{**encoder, "column": "x"}], "manifest.json")
