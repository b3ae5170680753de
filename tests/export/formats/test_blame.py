import pytest

from lightning_kit.export.formats.blame import blamed

DISPATCH = "No ONNX function found for <OpOverload(op='aten.linalg_eig', overload='default')>. F"


def raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_the_line_that_raised_is_named() -> None:
    error = raised(RuntimeError("shapes differ\nat length"))
    assert blamed(error).startswith("shapes differ in `raise error` (test_blame.py, line ")


@pytest.mark.parametrize(
    "said", ["Could not guard on data-dependent expression u0", "f returned a result with an "
             "exception set"],
)  # fmt: skip
def test_values_that_decide_are_named_in_words(said: str) -> None:
    assert blamed(raised(ValueError(said))).startswith(
        "control flow or a size depends on the values of the input in `raise error`"
    )


def test_a_missing_operation_is_found_among_the_causes() -> None:
    error = RuntimeError("failed to convert")
    error.__cause__ = ValueError(DISPATCH)
    assert blamed(error) == "ONNX has no operation for aten::linalg_eig"


def test_an_error_without_words_says_its_type() -> None:
    assert blamed(KeyError()) == "KeyError"
