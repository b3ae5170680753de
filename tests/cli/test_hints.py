"""Type hints tell a class from a text."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from lightning_kit.cli.hints import kinds, takes_class

if TYPE_CHECKING:
    from nowhere import Hidden  # type: ignore[import-not-found]


class Taking:
    def __init__(  # type: ignore[no-untyped-def]
        self,
        text: str,
        path: Path | None,
        net: torch.nn.Module,
        either: str | torch.nn.Module,
        maybe: torch.nn.Module | None,
        untold,
    ) -> None: ...


class Veiled:
    def __init__(self, net: "Hidden") -> None: ...


@pytest.mark.parametrize(
    ("argument", "expected"),
    [("text", False), ("path", False), ("net", True), ("either", False), ("maybe", True),
     ("untold", False), ("absent", False)],
)  # fmt: skip
def test_a_class_is_told_from_a_text(
    monkeypatch: pytest.MonkeyPatch, argument: str, expected: bool
) -> None:
    monkeypatch.setattr("lightning_kit.cli.hints.by_import_path", lambda _: Taking)
    assert takes_class("a.Taking", argument) is expected


def test_the_parts_of_a_union() -> None:
    assert kinds("pytorch_lightning.callbacks.ModelCheckpoint", "filename") == {str, type(None)}


def test_a_signature_that_cannot_be_read_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lightning_kit.cli.hints.by_import_path", lambda _: Veiled)
    assert kinds("a.Veiled", "net") == set()
