"""A text that should name a function or class is looked up, and the nearest name suggested."""

import pytest

from lightning_kit.cli.import_paths import misnamed

CALLABLE = "Type Callable[..., Any] expects a function or a callable class: "
UNION = """Does not validate against any of the Union subtypes
  Subtypes: [Callable[[int], float], <class 'NoneType'>]
  Errors:
    - Type Callable[[int], float] expects a function or a callable class: No module named 'x'
  Given value: """


@pytest.mark.parametrize(
    ("text", "argument", "line"),
    [
        (
            CALLABLE + "no. Got value: builtins.pint",
            "x",
            "builtins.pint: builtins has no 'pint': did you mean print?",
        ),
        (
            UNION + "builtins.pint",
            "when",
            "builtins.pint: builtins has no 'pint': did you mean print?",
        ),
        (
            "Expected a dot import path string: Freez",
            "action",
            "Freez: no such action: did you mean Freeze?",
        ),
        (
            "Expected a dot import path string: Freez",
            "x",
            "must be the import path of a function or class, got 'Freez'",
        ),
        (
            CALLABLE + "no. Got value: 3",
            "action",
            "must be the import path of a function or class, got '3'",
        ),
        (UNION + "3", "when", None),
        (
            CALLABLE + "no. Got value: builtins.pint\nGiven value: {'l': 'builtins.pint'}",
            "keys",
            "builtins.pint: builtins has no 'pint': did you mean print?",
        ),
        ("Expected a <class 'int'>. Got value: builtins.pint", "action", None),
        (CALLABLE + "no", "action", None),
    ],
)
def test_what_is_wrong_with_a_name(text: str, argument: str, line: str | None) -> None:
    assert misnamed(text, argument) == line
