"""Where things stand in a configuration."""

from lightning_kit.cli.places import addressed, at, in_full, walk

CONFIG = {
    "model": {
        "class_path": "x.Y",
        "init_args": {"b": [{"class_path": "z.W"}], "o": {"class_path": "p.Q"}},
    }
}


def test_every_entry_is_walked() -> None:
    assert [path for path, _ in walk(CONFIG)] == ["model", "model.b[0]", "model.o"]


def test_what_is_not_there_is_none() -> None:
    assert at(CONFIG, ["model", "class_path"]) == "x.Y"
    assert at(CONFIG, ["model", "class_path", "deeper"]) is None
    assert at(CONFIG, ["no"]) is None


def test_keys_are_spelt_out_at_every_depth() -> None:
    assert in_full("model.o.lr", CONFIG) == ["model", "init_args", "o", "init_args", "lr"]
    assert in_full("model.init_args.o.lr", CONFIG)[-2:] == ["init_args", "lr"]
    assert in_full("data.path", {}) == ["data", "init_args", "path"]
    assert in_full("trainer.max_epochs", {}) == ["trainer", "max_epochs"]
    assert in_full("model.class_path", CONFIG) == ["model", "class_path"]


def test_a_callback_is_addressed_by_its_class() -> None:
    timer, other = {"class_path": "a.Timer"}, {"class_path": "b.Timer"}
    config = {"trainer": {"callbacks": [timer, {"class_path": "a.EMA"}, other]}}
    assert addressed("trainer.callbacks[1].filter", config) == "callbacks.EMA.filter"
    assert addressed("trainer.callbacks[2]", config) == "callbacks.Timer#2"
    assert addressed("trainer.logger[0].x", config) == "trainer.logger[0].x"
    assert addressed("model.net", config) == "model.net"
