import sys

import pytest

from lightning_kit.export.formats.partial_graph import without_partial_graph


class WithGraph(Exception):
    partial_fx_graph = "graph()"


@without_partial_graph()
def speak(error: type[Exception]) -> None:
    print("a model's own words", file=sys.stderr)
    print("graph()", file=sys.stderr)
    raise error


@pytest.mark.parametrize("error", [WithGraph, KeyError])
def test_only_the_partial_graph_is_kept_back(
    error: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(error):
        speak(error)
    expected = "a model's own words\n" + ("graph()\n" if error is KeyError else "")
    assert capsys.readouterr().err == expected


def test_words_of_a_model_that_succeeds_are_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    with without_partial_graph():
        print("hello", file=sys.stderr)
    assert capsys.readouterr().err == "hello\n"
