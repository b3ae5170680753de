"""Of nested errors the innermost is found, with the keys and the class that lead to it."""

import pytest

from lightning_kit.cli.parser_text import Fault, innermost

TWO = """Parser key "trainer.callbacks":
  Errors:
    - Problem with given class_path 'a.A':
        Parser key "x":
          Expected a <class 'int'>. Got value: y
    - Not a valid subclass of Callback
  Given value: [...]"""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (TWO, Fault("callbacks.A.x", "a.A", "Expected a <class 'int'>. Got value: y")),
        ("no key at all", Fault("", "", "no key at all")),
        ('Parser key "fit.seed": too odd', Fault("seed", "", "too odd")),
        (
            'Parser key "m":\n  a: Parser key "n": no. Got value: Namespace(class_path=\'b.B\')',
            Fault("m.n", "b.B", "no"),
        ),
        ("Given value: NestedArg(key='a.b', val='c')", Fault("", "", "Given value: c")),
    ],
)  # fmt: skip
def test_the_innermost(text: str, fault: Fault) -> None:
    found = innermost(text)
    assert (found.where, found.cls, found.text.strip()) == (
        fault.where,
        fault.cls,
        fault.text.strip(),
    )
