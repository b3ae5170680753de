from types import SimpleNamespace
from typing import Any

import pytest
from programs.artefacts import ENCODERS, PICTURE_ENCODERS
from torch import nn

from lightning_kit.export.declared_encoders import declared_encoders


@pytest.mark.parametrize("encoders", [ENCODERS, PICTURE_ENCODERS])
def test_a_declarative_list_is_what_a_datamodule_encodes_by(encoders: Any) -> None:
    assert declared_encoders(SimpleNamespace(encoders=encoders)) == encoders
    assert declared_encoders(SimpleNamespace(encoders=tuple(encoders))) == encoders


@pytest.mark.parametrize(
    "other",
    [
        None, {}, [], (), "text", 3, {"kind": "number", "column": "size"}, [{"kind": "number"}],
        [*ENCODERS, "bpe"], nn.ModuleList([nn.Linear(1, 1)]), [nn.Linear(1, 1)],
    ],
)  # fmt: skip
def test_what_else_goes_by_the_name_is_none(other: Any) -> None:
    assert declared_encoders(SimpleNamespace(encoders=other)) is None


def test_no_datamodule_has_none() -> None:
    assert declared_encoders(None) is None
    assert declared_encoders(SimpleNamespace()) is None
