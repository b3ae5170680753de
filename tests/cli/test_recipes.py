"""Shipped files are found in a clone and in a wheel, and say what they are."""

import pytest

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.recipes import data_files, folder, recipe, shipped


@pytest.mark.parametrize("kind", ["recipes", "overlays"])
def test_every_file_says_what_it_is(kind: str) -> None:
    files = shipped(kind)
    assert files
    for file in files.values():
        assert file.line.endswith((".", ":", ",")) or len(file.line) > 20, file.path


def test_a_table_recipe_names_its_data() -> None:
    (path,) = data_files(recipe("breast_cancer").text)
    assert path == folder() / "data" / "breast_cancer.csv"
    assert path.is_file()


def test_an_unknown_recipe() -> None:
    with pytest.raises(InputError, match="did you mean digits_cnn"):
        recipe("digit_cnn")
    with pytest.raises(InputError, match="there are: breast_cancer, "):
        recipe("zzz")
