"""Moments of a device are asked for without waiting for it."""

from typing import Any

import pytest
import torch

from lightning_kit.callbacks.device_clock import CudaClock, device_clock


def test_a_cpu_needs_none() -> None:
    assert device_clock(torch.device("cpu")) is None
    assert isinstance(device_clock(torch.device("cuda", 0)), CudaClock)


def test_events_are_recorded_now_and_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Event:
        def __init__(self, *, enable_timing: bool) -> None:
            assert enable_timing

        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return lambda *_: {"record": None, "query": False, "elapsed_time": 1500.0}[name]

    monkeypatch.setattr(torch.cuda, "Event", Event)
    clock = CudaClock()
    begin, end = clock.now(), clock.now()
    assert not clock.has_come(end)
    assert clock.seconds(begin, end) == 1.5
    assert asked == ["record", "record", "query", "elapsed_time"]


@pytest.mark.gpu
def test_a_device_is_not_waited_for() -> None:
    clock = CudaClock()
    input = torch.randn(4096, 4096, device="cuda")
    begin = clock.now()
    for _ in range(50):
        input = input @ input
    end = clock.now()
    assert not clock.has_come(end)
    torch.cuda.synchronize()
    assert clock.has_come(end)
    assert clock.seconds(begin, end) > 0
