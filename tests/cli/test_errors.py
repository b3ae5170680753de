"""Suggestions name what was meant, and stay silent where nothing is near."""

import pytest

from lightning_kit.cli.errors import did_you_mean


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("EarlyStoping", "EarlyStopping"),
        ("earlystopping", "EarlyStopping"),
        ("val/los", "val/loss"),
        ("mlp", "MLP"),
    ],
)
def test_the_nearest_name_is_suggested(typed: str, meant: str) -> None:
    known = ["Timer", "EarlyStopping", "val/loss", "MLP"]
    assert did_you_mean(typed, known) == f": did you mean {meant}?"


def test_a_wild_guess_is_not_made() -> None:
    assert did_you_mean("zebra", ["Timer", "EarlyStopping"]) == ""
