"""Submodules are found by name, and their weights cut out of the whole."""

import pytest
from programs.plain import PlainModule

from lightning_kit.callbacks.module_weights import refuse_unknown, weights_of


def test_a_submodule_inside_another_loads_its_part() -> None:
    module = PlainModule()
    refuse_unknown(module, ["net", "net.1"])
    found = weights_of(module.state_dict(), ["net", "net.1"])
    assert set(found["net"]) == {"1.weight", "1.bias"}
    module.net[1].load_state_dict(found["net.1"])


def test_a_name_is_not_taken_for_its_beginning() -> None:
    assert weights_of({"net.a": 1, "nets.a": 2, "x.net.a": 3}, ["net"]) == {"net": {"a": 1}}


def test_what_is_no_submodule_is_named() -> None:
    with pytest.raises(ValueError, match="of PlainModule, got 'net.7'; there are net, and what"):
        refuse_unknown(PlainModule(), ["net", "net.7"])
