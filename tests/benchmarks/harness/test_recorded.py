"""Legs that another process has measured."""

from benchmarks.harness.recorded import Recorded


def test_legs_are_played_back_in_order() -> None:
    recorded = Recorded([3.0, 1.0])
    assert [recorded.leg(), recorded.leg()] == [3, 1]
    assert recorded.finish() is None
