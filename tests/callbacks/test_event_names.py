"""A recipe names a built-in event or, marked, one of its module's."""

import pytest

from lightning_kit.callbacks.event_names import listened, own
from lightning_kit.callbacks.events import Events


def test_names_that_are_known() -> None:
    assert listened("iteration_completed") == "iteration_completed"
    assert listened(Events.STARTED) == "started"
    assert type(listened(Events.STARTED)) is str
    assert listened("own:swapped") == "swapped"


@pytest.mark.parametrize("name", ["iteration_complete", "ITERATION_COMPLETED"])
def test_a_near_miss_is_told(name: str) -> None:
    with pytest.raises(ValueError, match=r"event must be one of started, .*did you mean iterat"):
        listened(name)


def test_an_unknown_event_is_refused_with_the_way_to_ones_own() -> None:
    with pytest.raises(ValueError, match=r"own:NAME for an event that.*got 'swapped'$"):
        listened("swapped")


@pytest.mark.parametrize("name", ["completed", "own:completed", ""])
def test_names_that_no_event_of_ones_own_may_have(name: str) -> None:
    with pytest.raises(ValueError, match="name must"):
        own(name)
    with pytest.raises(ValueError, match="event must"):
        listened(f"own:{name}")
