"""Which occurrences Ignite's event filters and the kit's pick."""

import random
from typing import Any

import pytest
from ignite.engine import Engine, Events

from lightning_kit.meters import EventFilter

COUNTS = range(1, 201)


def kits(conditions: dict[str, Any]) -> list[int] | None:
    """Return what the kit picks, None where it refuses."""
    try:
        chosen = EventFilter(**conditions)
    except ValueError:
        return None
    return [count for count in COUNTS if chosen.matches(count)]


def ignites(conditions: dict[str, Any]) -> list[int] | None:
    given = dict(conditions)
    if (when := given.pop("when", None)) is not None:
        given["event_filter"] = lambda engine, count: when(count)
    try:
        event = Events.ITERATION_COMPLETED(**given)
    except ValueError:
        return None
    if event.filter is None:
        return list(COUNTS)
    return [count for count in COUNTS if event.filter(None, count)]


def draw(chance: random.Random) -> dict[str, Any]:
    """Return random conditions, possible or not."""

    def number(least: int) -> int:
        return chance.choice((chance.randint(least, 12), chance.randint(1, 220)))

    by = chance.randint(1, 9)
    choices: dict[str, Any] = {
        "every": number(-1),
        "before": number(-1),
        "after": number(-1),
        "once": chance.choice((number(-1), [number(chance.choice((0, 1))) for _ in range(3)], [])),
        "when": lambda count: count % by == 0,
    }
    alone = chance.random()
    if alone < 0.15:
        names = ["once"]
    elif alone < 0.2:
        names = ["when"]
    elif alone < 0.8:
        names = chance.sample(["every", "before", "after"], chance.randint(1, 3))
    else:
        names = chance.sample(list(choices), chance.randint(1, 3))
    return {name: choices[name] for name in names}


def is_empty_range(conditions: dict[str, Any]) -> bool:
    before = conditions.get("before")
    return before is not None and before <= (conditions.get("after") or 0) + 1


def test_what_both_accept_picks_the_same_counts_and_both_refuse_the_same_rest() -> None:
    chance = random.Random(0)
    seen = {"picked": 0, "refused": 0, "empty range": 0}
    for _ in range(4000):
        conditions = draw(chance)
        mine, theirs = kits(conditions), ignites(conditions)
        if mine is None and theirs is not None:
            # The one difference, which the next test shows.
            assert is_empty_range(conditions), conditions
            assert theirs == [], conditions
            seen["empty range"] += 1
        else:
            assert mine == theirs, conditions
            seen["picked" if mine is not None else "refused"] += 1
    assert min(seen.values()) > 200, seen


@pytest.mark.parametrize(
    "conditions",
    [
        {"before": 0},
        {"before": 1},
        {"after": 5, "before": 6},
        {"every": 2, "after": 9, "before": 3},
    ],
)
def test_ignite_accepts_a_range_without_counts_and_never_fires_where_the_kit_refuses(
    conditions: dict[str, Any],
) -> None:
    assert ignites(conditions) == []
    with pytest.raises(ValueError, match="before must be at least"):
        EventFilter(**conditions)


def test_ignite_takes_true_for_once_where_the_kit_wants_a_number() -> None:
    assert ignites({"once": True}) == [1]
    with pytest.raises(ValueError, match="once must be a whole number"):
        EventFilter(once=True)


def test_ignite_needs_a_condition_where_the_kit_picks_everything_without() -> None:
    assert ignites({}) is None
    assert kits({}) == list(COUNTS)


def test_an_engine_fires_at_the_iterations_that_the_filter_picks() -> None:
    conditions: list[dict[str, Any]] = [
        {"every": 7},
        {"every": 5, "before": 12},
        {"every": 10, "after": 8},
        {"every": 5, "after": 8, "before": 25},
        {"once": [3, 29]},
        {"when": lambda count: count % 10 == 1},
    ]
    fired: list[list[int]] = [[] for _ in conditions]
    engine = Engine(lambda engine, batch: None)
    for given, into in zip(conditions, fired, strict=True):
        event = (
            Events.ITERATION_COMPLETED(event_filter=lambda engine, n: n % 10 == 1)
            if "when" in given
            else Events.ITERATION_COMPLETED(**given)
        )
        engine.add_event_handler(
            event, lambda engine, into: into.append(engine.state.iteration), into
        )
    engine.run(range(15), max_epochs=2)
    for given, into in zip(conditions, fired, strict=True):
        chosen = EventFilter(**given)
        assert into == [count for count in range(1, 31) if chosen.matches(count)], given
