from lightning_kit.artefact.errors import ArtefactError


def test_it_is_a_value_error_with_its_line() -> None:
    error = ArtefactError("manifest.json: torn")
    assert isinstance(error, ValueError)
    assert str(error) == "manifest.json: torn"
