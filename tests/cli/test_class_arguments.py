"""Arguments of a class: laid over those below, or set one at a time."""

from typing import Any

from lightning_kit.cli.class_arguments import laid, set_argument

EMA = "lightning_kit.callbacks.EMA"


def test_mappings_merge_but_a_filter_replaces() -> None:
    assert laid(EMA, {"filter": {"every": 3}}, {"filter": {"once": 9}, "decay": 1}) == {
        "decay": 1, "filter": {"every": 3},
    }  # fmt: skip
    assert laid("no.Such", {"filter": {"every": 3}}, {"filter": {"once": 9}}) == {
        "filter": {"once": 9, "every": 3}
    }
    assert laid(EMA, {"filter": None}, {"filter": {"once": 9}}) == {"filter": None}


def test_a_filter_inside_a_class_of_the_callback_replaces_too() -> None:
    inner = {"class_path": EMA, "init_args": {"filter": {"once": 9}, "decay": 1}}
    uppers: list[dict[str, Any]] = [
        {"init_args": {"filter": {"every": 3}}}, {"filter": {"every": 3}},
    ]  # fmt: skip
    for upper in uppers:
        assert laid("a.B", {"action": upper}, {"action": inner})["action"]["init_args"] == {
            "decay": 1, "filter": {"every": 3},
        }  # fmt: skip
    deeper = {"class_path": "c.D", "init_args": {"of": inner}}
    every = {"init_args": {"of": {"init_args": {"filter": {"every": 3}}}}}
    found = laid("a.B", {"action": every}, {"action": deeper})["action"]["init_args"]["of"]
    assert found["init_args"]["filter"] == {"every": 3}


def test_another_dataclass_merges_for_its_fields_do_not_exclude_each_other() -> None:
    upper = {"theme": {"progress_bar_finished": "blue", "time": "red"}}
    lower = {"theme": {"progress_bar": "green", "time": "grey"}}
    assert laid("pytorch_lightning.callbacks.RichProgressBar", upper, lower) == {
        "theme": {"progress_bar": "green", "time": "red", "progress_bar_finished": "blue"}
    }


def test_a_function_by_name_replaces_a_class() -> None:
    below = {"then": {"class_path": "lightning_kit.schedules.Cosine", "init_args": {"start": 1}}}
    assert laid("", {"then": "math.sqrt"}, below) == {"then": "math.sqrt"}
    for name in ("lightning_kit.schedules.Cosine", "Cosine"):
        assert laid("", {"then": name}, below) == below
    assert laid("", {"then": "no.such"}, below) == {"then": {"class_path": "no.such"}}


def test_one_argument_is_read_as_its_class_takes_it() -> None:
    entry: dict[str, Any] = {"class_path": "a.B"}
    asked = []

    def read(path: str, argument: str) -> str:
        asked.append((path, argument))
        return "x.Y"

    for key in (["c"], ["c", "class_path"], ["c", "d"], ["c", "d", "dict_kwargs", "e"], ["f", "g"]):
        set_argument(entry, key, read)
    assert asked == [("a.B", "c"), ("a.B", "c"), ("x.Y", "d"), ("", "e"), ("", "g")]
    inner = {"class_path": "x.Y", "dict_kwargs": {"e": "x.Y"}}
    assert entry["init_args"] == {
        "c": {"class_path": "x.Y", "init_args": {"d": inner}}, "f": {"g": "x.Y"},
    }  # fmt: skip
