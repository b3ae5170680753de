"""A filter or a rule that its own dataclass refuses is named by where it stands."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Run

from lightning_kit.cli.plain_parts import refused
from lightning_kit.meters import EventFilter

RULES = [
    {"exception": "ValueError", "action": "stop"},
    {"exception": "RuntimeError", "action": "stop", "max_times": 0},
]
STOPPING = "lightning_kit.callbacks.EarlyStopping"


@pytest.mark.parametrize(
    ("callback", "flags", "line"),
    [
        (
            {"class_path": STOPPING, "init_args": {"monitor": "val/loss", "filter": {"every": 0}}},
            [],
            "callbacks.EarlyStopping.filter: every must be at least 1, got 0",
        ),
        (
            {"class_path": STOPPING, "init_args": {"monitor": "val/loss"}},
            ["--callbacks.EarlyStopping.filter.every=0"],
            "callbacks.EarlyStopping.filter: every must be at least 1, got 0",
        ),
        (
            {
                "class_path": "TerminateOnNonFinite",
                "init_args": {"filter": {"before": 3, "after": 2}},
            },
            [],
            "callbacks.TerminateOnNonFinite.filter: before must be at least 4, for a count after "
            "2 and before it, got 3",
        ),
        (
            {"class_path": "EMA", "init_args": {"filter": {"before": 1}}},
            [],
            "callbacks.EMA.filter: before must be at least 2, for a count after 0 and before it, "
            "got 1",
        ),
        (
            {"class_path": "ExceptionPolicy", "init_args": {"rules": RULES}},
            [],
            "callbacks.ExceptionPolicy.rules[1]: max_times must be at least 1, got 0",
        ),
        (
            {"class_path": "ExceptionPolicy"},
            ["--callbacks.ExceptionPolicy.rules=[{exception: NoError, action: stop}]"],
            "callbacks.ExceptionPolicy.rules[0]: exception must name a class",
        ),
    ],
)
def test_on_the_command_line(
    kit: Run, recipe: str, capsys: Any, callback: dict[str, Any], flags: list[str], line: str
) -> None:
    callbacks = {"trainer": {"callbacks": [{"class_path": "Timer"}, callback]}}
    Path("over.yaml").write_text(yaml.safe_dump(callbacks))
    for verb in ("check", "fit"):
        assert kit(verb, "-c", recipe, "-c", "over.yaml", *flags) == 2
        assert f"{line}" in capsys.readouterr().err


def test_the_second_of_a_class_and_one_that_no_one_holds() -> None:
    one = {"class_path": "lightning_kit.callbacks.EMA", "init_args": {"filter": {"every": 2}}}
    two = {"class_path": "lightning_kit.callbacks.EMA", "init_args": {"filter": {"every": 0}}}
    with pytest.raises(ValueError, match="every must be") as error:
        EventFilter(every=0)
    config = {"trainer": {"callbacks": [one, two]}}
    assert refused(error.value, config) == "callbacks.EMA#2.filter"
    assert refused(error.value, {"trainer": {"callbacks": [one]}}) is None
    assert refused(ValueError(str(error.value)), config) is None
