"""What every schedule shares: one call a value, a list, a picture, YAML."""

import builtins
import inspect
import sys
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
import yaml
from jsonargparse import ArgumentParser

from lightning_kit import schedules
from lightning_kit.schedules import Exponential, Schedule

#: name: arguments as YAML has them
CASES: dict[str, dict[str, Any]] = {
    "Linear": {"start": 0.0, "end": 1, "cycle_size": 10, "monotonic": True},
    "Cosine": {"start": 1.0, "end": 0.0, "cycle_size": 10, "cycle_mult": 2},
    "Piecewise": {"milestones": [[0, 0.0], [10, 1.0]]},
    "Exponential": {"start": 1.0, "gamma": 0.9},
    "Step": {"start": 1.0, "step_size": 3, "gamma": 0.5},
    "MultiStep": {"start": 1.0, "milestones": [3, 5], "gamma": 0.5},
    "Concat": {
        "schedules": [
            {
                "class_path": "lightning_kit.schedules.Exponential",
                "init_args": {"start": 1.0, "gamma": 0.5},
            },
            {
                "class_path": "lightning_kit.schedules.Piecewise",
                "init_args": {"milestones": [[0, 0.5]]},
            },
        ],
        "durations": [4],
    },
    "Warmup": {
        "then": {
            "class_path": "lightning_kit.schedules.Cosine",
            "init_args": {"start": 1.0, "end": 0.0, "cycle_size": 10},
        },
        "start": 0.0,
        "duration": 5,
    },
}
names = pytest.mark.parametrize("name", CASES)


def built(name: str) -> Schedule:
    """Build a case from YAML, where a callback would say ``schedule: {class_path: ...}``."""
    parser = ArgumentParser()
    parser.add_argument("--schedule", type=Schedule)
    text = yaml.safe_dump(
        {"schedule": {"class_path": f"lightning_kit.schedules.{name}", "init_args": CASES[name]}}
    )
    config = parser.parse_object(yaml.safe_load(text))
    schedule: Schedule = parser.instantiate_classes(config).schedule
    return schedule


def test_every_schedule_has_a_case() -> None:
    found = {
        name
        for name, value in vars(schedules).items()
        if inspect.isclass(value) and issubclass(value, Schedule) and value is not Schedule
    }
    assert found == set(CASES)
    assert set(schedules.__all__) == {*CASES, "Schedule"}
    assert all(getattr(getattr(schedules, name), "__final__", False) for name in found)


@names
def test_values_are_those_of_single_calls_in_any_order(name: str) -> None:
    schedule = built(name)
    assert type(schedule).__name__ == name
    values = schedule.values(25)
    assert len(values) == 25
    assert [schedule(k) for k in reversed(range(25))] == values[::-1]
    assert all(type(value) is float for value in values)
    assert schedule.values(0) == []
    assert schedule(np.int64(3)) == values[3]  # type: ignore[arg-type]


@names
def test_there_is_no_event_before_the_first(name: str) -> None:
    with pytest.raises(ValueError, match="k must be at least 0, the first event, got -1"):
        built(name)(-1)
    with pytest.raises(ValueError, match="n must be at least 0, got -1"):
        built(name).values(-1)


@names
def test_a_picture(name: str, tmp_path: Path) -> None:
    path = built(name).plot(25, tmp_path / "schedule.png")
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    picture = matplotlib.image.imread(path)
    assert picture.shape[:2] == (540, 960)
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 10


def test_a_picture_is_a_png_whatever_its_name_and_replaces_the_last(tmp_path: Path) -> None:
    path = str(tmp_path / "schedule.jpg")
    Path(path).write_text("old")
    assert Exponential(1.0, 0.5).plot(1, path) == Path(path)
    assert Path(path).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("path", ["missing/schedule.png", "file/schedule.png", "."])
def test_a_path_that_cannot_be_written(path: str) -> None:
    Path("file").write_text("")
    with pytest.raises(ValueError, match=f"path must be a file that can be written, got {path}"):
        Exponential(1.0, 0.5).plot(10, path)


def test_nothing_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="n must be at least 1 event to draw, got 0"):
        Exponential(1.0, 0.5).plot(0, "schedule.png")
    assert not Path("schedule.png").exists()


def test_a_picture_without_matplotlib_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=r"pip install 'lightning_kit\[plot\]'"):
        Exponential(1.0, 0.5).plot(10, "schedule.png")
