"""An argument without type or default must be given: jsonargparse would pass None."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

from lightning_kit.cli.unfilled import unfilled

OWN = """
class Tell:
    def __init__(self, x, y: int, z=1, *args, **kwargs):
        self.x = x

    def __call__(self, trainer):
        print("told", self.x)


class Optimizer:
    def __init__(self, params):
        pass
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of a person's own beside the recipe."""
    Path("own.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))


class Made:
    pass


class Owner:
    def __init__(
        self,
        act: Callable[..., Any] | None = None,
        acts: Sequence[Callable[[int], float]] = (),
        make: Callable[[Any], Made] | None = None,
        text: str = "",
        unknown: Any = None,
        kind: type[Made] = Made,
    ) -> None:
        pass


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"act": "own.Tell"}, "here.act (Tell): needs x"),
        ({"act": {"class_path": "own.Tell", "init_args": {"y": 1}}}, "here.act (Tell): needs x"),
        ({"act": {"class_path": "own.Tell", "init_args": {"x": None}}}, None),
        ({"act": {"class_path": "own.Tell", "dict_kwargs": {"x": None}}}, None),
        ({"acts": ["math.sqrt", "own.Tell"]}, "here.acts[1] (Tell): needs x"),
        # The caller of `make` gives what is built its arguments.
        ({"make": "own.Optimizer"}, None),
        ({"kind": "own.Tell"}, None),
        ({"text": "own.Tell"}, None),
        ({"unknown": "own.Tell"}, None),
        ({"act": "math.sqrt"}, None),
        ({"act": "no.Such"}, None),
        ({"act": "not a path"}, None),
    ],
)
def test_only_what_would_be_built_with_none(
    arguments: Any, line: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    entry = {"class_path": "test_unfilled.Owner", "init_args": arguments}
    assert list(unfilled("here", entry)) == ([line] if line else [])


def test_check_says_so(kit: Run, recipe: str, capsys: Any) -> None:
    action = "--callbacks.OnEvent.action"
    flags = ["--callbacks.OnEvent.event=started", action, "own.Tell"]
    assert kit("check", "-c", recipe, *flags) == 2
    assert "callbacks.OnEvent.action (Tell): needs x\n" in capsys.readouterr().err
    assert kit("check", "-c", recipe, *flags, f"{action}.x=3", f"{action}.y=3") == 0
