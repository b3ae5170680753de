"""A class is shown in the place where its kind stands."""

from typing import Any

import pytest
import torch
import yaml

from lightning_kit.callbacks import EndEpoch, actions
from lightning_kit.cli.classes import class_path
from lightning_kit.cli.pasted import part, pasted
from lightning_kit.schedules import Linear
from lightning_kit.tasks import RegressionTask


def shown(cls: Any, **given: Any) -> Any:
    return yaml.safe_load(pasted(cls, class_path(cls), given))


def test_what_the_task_gives_is_left_out() -> None:
    entry = {"class_path": "torch.optim.SGD", "init_args": {"lr": 1}}
    assert shown(torch.optim.SGD, params="<any>", lr=1) == {
        "model": {"init_args": {"optimizer": entry}}
    }


@pytest.mark.parametrize(
    ("cls", "keys"),
    [
        (RegressionTask, ["model", "class_path"]),
        (Linear, ["trainer", "callbacks", 0, "init_args", "schedule", "class_path"]),
        (actions.Freeze, ["trainer", "callbacks", 0, "init_args", "action", "class_path"]),
        (EndEpoch, ["trainer", "callbacks", 0, "class_path"]),
        (torch.nn.Linear, ["class_path"]),
    ],
)
def test_places(cls: Any, keys: list[Any]) -> None:
    found = shown(cls)
    for key in keys:
        found = found[key]
    assert found == class_path(cls)


def test_a_part_of_another_part_has_a_short_name() -> None:
    assert part("AdamW") is torch.optim.AdamW
    assert part("Events") is not None
    assert part("fire") is None, "a function"
    assert part("Nothing") is None
