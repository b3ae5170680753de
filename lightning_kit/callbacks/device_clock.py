"""Moments of a device that works on while the host goes ahead."""

from typing import Any

import torch


class CudaClock:
    """Moments of the current CUDA stream, which are read once the device has come to them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cuda.Event.html
    """

    def now(self) -> Any:
        """Return the moment at which the device will have done all that it was told so far."""
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

    def has_come(self, moment: Any) -> bool:
        """Whether ``moment`` can be read without waiting."""
        come: bool = moment.query()
        return come

    def seconds(self, begin: Any, end: Any) -> float:
        """Return the time from ``begin`` to ``end``, both of which have come."""
        return float(begin.elapsed_time(end)) / 1000


def device_clock(device: torch.device) -> CudaClock | None:
    """Return the clock of ``device``; None where the host's own is right, as on a CPU."""
    return CudaClock() if device.type == "cuda" else None
