import pytest

from lightning_kit.artefact.extras import imported


def test_what_is_there_is_returned() -> None:
    assert imported("json.decoder", "tests", "data").__name__ == "json.decoder"


def test_what_is_missing_is_one_line_with_its_extra() -> None:
    message = (
        r"^pictures need nowhere, which is not installed: pip install 'lightning_kit\[data\]'$"
    )
    with pytest.raises(ImportError, match=message):
        imported("nowhere.at.all", "pictures", "data")
