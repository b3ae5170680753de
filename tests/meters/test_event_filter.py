"""Which of an event's occurrences count."""

import copy
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from jsonargparse import ArgumentParser

from lightning_kit.meters import EventFilter


def odd(count: int) -> bool:
    return count % 2 == 1


def picked(until: int = 30, **conditions: Any) -> list[int]:
    chosen = EventFilter(**conditions)
    return [count for count in range(1, until + 1) if chosen.matches(count)]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"every": 10}, [10, 20, 30]),
        ({"every": 1}, list(range(1, 31))),
        ({"every": 50}, []),
        ({"every": 5, "before": 12}, [1, 6, 11]),
        ({"every": 10, "after": 8}, [9, 19, 29]),
        ({"every": 5, "after": 8, "before": 25}, [9, 14, 19, 24]),
        # after=0 excludes nothing, but it is a range, so the phase starts at 1
        ({"every": 10, "after": 0}, [1, 11, 21]),
        ({"before": 4}, [1, 2, 3]),
        ({"after": 27}, [28, 29, 30]),
        ({"after": 3, "before": 5}, [4]),
        ({"once": 7}, [7]),
        ({"once": [7, 3]}, [3, 7]),
        ({"once": (2,)}, [2]),
        ({"once": [3, 3]}, [3]),
        ({"when": lambda count: count > 28}, [29, 30]),
        ({}, list(range(1, 31))),
    ],
)
def test_what_is_picked(conditions: dict[str, Any], expected: list[int]) -> None:
    assert picked(**conditions) == expected


def test_the_answer_is_a_boolean_and_huge_counts_are_no_trouble() -> None:
    assert EventFilter(when=lambda count: count).matches(3) is True  # type: ignore[arg-type, return-value]
    assert EventFilter(when=lambda count: None).matches(3) is False  # type: ignore[arg-type, return-value]
    assert EventFilter(every=10**30).matches(10**30)
    assert EventFilter(after=10**30).matches(10**30 + 1)


@pytest.mark.parametrize(
    "conditions",
    [{"every": np.int64(3), "after": np.int32(4)}, {"once": np.int64(5)}, {"once": [np.int8(5)]}],
)
def test_whole_numbers_of_numpy_are_whole_numbers(conditions: dict[str, Any]) -> None:
    assert 5 in picked(**conditions)
    assert EventFilter(**conditions).matches(np.int64(5))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"every": 0}, "every must be at least 1, got 0"),
        ({"every": -5}, "every must be at least 1, got -5"),
        ({"every": 2.0}, "every must be a whole number, at least 1, got 2.0"),
        ({"every": True}, "every must be a whole number, at least 1, got True"),
        ({"every": "5"}, "every must be a whole number, at least 1, got '5'"),
        ({"once": 0}, "once must be at least 1, got 0"),
        ({"once": [3, -1]}, "once must be at least 1, got -1"),
        ({"once": []}, r"once must name at least one count, got \[\]"),
        ({"once": [1.5]}, "once must be a whole number, at least 1, got 1.5"),
        ({"once": True}, "once must be a whole number, at least 1, got True"),
        ({"once": "12"}, "once must be a whole number, at least 1, got '12'"),
        ({"before": -1}, "before must be at least 0, got -1"),
        ({"after": -1}, "after must be at least 0, got -1"),
        ({"after": 1.0}, "after must be a whole number, at least 0, got 1.0"),
        # before is strict: below 2 there is no count from 1
        ({"before": 0}, "before must be at least 2, .* got 0"),
        ({"before": 1}, "before must be at least 2, .* got 1"),
        ({"after": 5, "before": 6}, "before must be at least 7, for a count after 5 .* got 6"),
        ({"after": 5, "before": 5}, "before must be at least 7, .* got 5"),
        ({"after": 5, "before": 2}, "before must be at least 7, .* got 2"),
        ({"every": 2, "after": 5, "before": 6}, "before must be at least 7, .* got 6"),
        ({"once": 1, "every": 2}, "once stands alone, got also every"),
        ({"once": 1, "before": 9, "after": 2}, "once stands alone, got also before, after"),
        ({"when": odd, "every": 2}, "when stands alone, got also every"),
        ({"when": odd, "once": 2}, "once stands alone, got also when"),
        ({"when": "odd"}, r"when must be a function of \(count\), got 'odd'"),
    ],
)
def test_impossible_filters(conditions: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EventFilter(**conditions)


def test_a_filter_is_a_value() -> None:
    chosen = EventFilter(every=3, after=1)
    assert chosen == EventFilter(after=1, every=3)
    assert chosen != EventFilter(every=3)
    with pytest.raises(FrozenInstanceError):
        chosen.every = 0  # type: ignore[misc]
    for original in (chosen, EventFilter(once=[1, 4]), EventFilter(when=odd)):
        assert pickle.loads(pickle.dumps(original)) == original
        assert copy.deepcopy(original) == original


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("filter: {every: 100, after: 500}", EventFilter(every=100, after=500)),
        ("filter: {once: [1, 5]}", EventFilter(once=[1, 5])),
        ("filter: {once: 5}", EventFilter(once=5)),
        ("filter: {when: meters.test_event_filter.odd}", None),
        ("filter: null", None),
    ],
)
def test_yaml_says_it(text: str, expected: EventFilter | None, tmp_path: Path) -> None:
    parser = ArgumentParser()
    parser.add_argument("--filter", type=EventFilter | None)
    found = parser.instantiate_classes(parser.parse_object(yaml.safe_load(text))).filter
    if "when" in text:
        assert [count for count in range(1, 6) if found.matches(count)] == [1, 3, 5]
    else:
        assert found == expected


def test_ignites_signature_of_when_is_refused_with_what_it_takes() -> None:
    with pytest.raises(ValueError, match=r"when must take \(count\), got .*\(engine, event\)"):
        EventFilter(when=lambda engine, event: True)  # type: ignore[arg-type, misc]


def test_what_an_argument_filter_may_be() -> None:
    chosen = EventFilter(every=2)
    assert EventFilter.given(None) is None
    assert EventFilter.given(chosen) is chosen
    assert EventFilter.given({"every": 2}) == chosen
    for wrong, message in (
        (3, "filter must be an EventFilter, or a dict of every, .*, got 3"),
        ({"evry": 2}, "filter must have no keys but every, .*, got 'evry'"),
        ({"every": 0}, "every must be at least 1, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            EventFilter.given(wrong)
