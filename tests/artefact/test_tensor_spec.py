from lightning_kit.artefact.tensor_spec import TensorSpec


def test_it_reads_as_a_person_says_it() -> None:
    assert str(TensorSpec("input", "float32", ("batch", 3))) == "input (batch, 3) float32"
