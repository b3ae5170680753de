"""Say where the time of a training step goes."""

import os
from collections import deque
from typing import Any, final

import pytorch_lightning as pl
import torch
from pytorch_lightning.profilers import PassThroughProfiler, Profiler
from pytorch_lightning.utilities import rank_zero_info

from lightning_kit.callbacks.device_clock import CudaClock, device_clock
from lightning_kit.callbacks.iteration import iteration
from lightning_kit.callbacks.span_profiler import SpanProfiler
from lightning_kit.callbacks.training_spans import CALLBACK, training_spans
from lightning_kit.compat import is_lean, refuse_twin
from lightning_kit.meters import (
    EventFilter,
    PartTimes,
    StepTimes,
    Timeline,
    own_times,
    time_verdict,
)
from lightning_kit.meters.time_verdict import COMPUTING, STEP
from lightning_kit.runs.run_events import RunEvents

PARTS = (*STEP, "validation", "checkpointing")
PERCENTILES = (50, 90, 99)
#: A rank is called slow from this share of a step on.
SLOW = 0.05


@final
class TimeBreakdown(pl.Callback):
    """Share out each training step's time, and say at each epoch's end what it waits for.

    The parts: waiting for data, moving it to the device, forward, backward, optimizer, callbacks,
    and what is left, which is the loop's own and the module's hooks; beside them validation and
    checkpointing, which no verdict counts. What is saved after the verdict on an epoch is the next
    one's. Logged as ``monitor/time/<part>_s``, seconds in a mean step, with ``step_s`` and its
    percentiles ``step_p50_s``, ``step_p90_s`` and ``step_p99_s``; the verdict, with percentiles of
    every part, is an event in ``events.jsonl``.

    On CUDA forward, backward and optimizer are the device's time, read when the device has come so
    far and no step waits for it; the last two or three steps of a fit are then left out.

    With several ranks values are means over them, and the verdict names the slowest, by what each
    takes by itself: not the backward pass, in which ranks wait for one another.

    It measures through ``trainer.profiler``, for the time of a fit.

    Args:
        filter: Epochs, from 1, to give a verdict on; by default all.

    Attributes:
        verdict: The last one; None before there is one.
        times: Of the steps of the epoch, on this rank.

    Raises:
        ValueError: When a fit begins, if the trainer has a profiler already.
    """

    def __init__(self, *, filter: EventFilter | None = None) -> None:
        self.filter = EventFilter.given(filter) or EventFilter()
        self.verdict: str | None = None
        self.times = StepTimes()
        self._borrowed: Profiler | None = None
        self._host = PartTimes()
        self._clock: CudaClock | None = None
        self._device: Timeline | None = None
        self._unread: deque[tuple[dict[str, float], list[Any]]] = deque()
        self._has_worked = self._validates = False
        self._saving = 0.0
        self._callbacks: dict[str, float] = {}
        self._callback_parts: list[str] = []
        self._events: RunEvents | None = None

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        refuse_twin(trainer, self)
        if stage != "fit":
            return
        profiler: Profiler = trainer.profiler  # type: ignore[attr-defined]
        if type(profiler) is not PassThroughProfiler:
            raise ValueError(
                "TimeBreakdown measures through the trainer's profiler, and there is a "
                f"{type(profiler).__name__} already: leave one of them out"
            )
        self._events = RunEvents.of(trainer)
        self._clock = device_clock(trainer.strategy.root_device)
        self._device = None if self._clock is None else Timeline(self._clock.now)
        self._borrowed = profiler
        trainer.profiler = self._profiler(trainer, pl_module)  # type: ignore[attr-defined]

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.times, self._callbacks = StepTimes(), dict.fromkeys(self._callback_parts, 0.0)
        self._has_worked = self._validates = False
        self._saving = self._cut()[0].get("checkpointing", 0.0)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._borrowed is None:
            return
        if self._has_worked:
            self._end_step()
        if self.filter.matches(trainer.current_epoch + 1):
            self._report(trainer, pl_module)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._give_back(trainer)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._give_back(trainer)

    def _give_back(self, trainer: pl.Trainer) -> None:
        if self._borrowed is not None:
            trainer.profiler = self._borrowed  # type: ignore[attr-defined]
            self._borrowed = self._clock = self._device = self._events = None
            self._unread.clear()

    def _profiler(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> SpanProfiler:
        spans = training_spans(trainer, pl_module, self)
        parts = dict.fromkeys(spans.opened.values())
        self._callback_parts = [part for part in parts if part.startswith(CALLBACK)]
        # A rate finder trains before the first epoch.
        self._callbacks = dict.fromkeys(self._callback_parts, 0.0)
        opened, closed, after, before = (
            {entry: act(part) for entry, part in parts.items()}
            for act, parts in zip(
                (self._begin, self._end, self._begin, self._end), spans, strict=True
            )
        )
        return SpanProfiler({**opened, **before}, {**closed, **after})

    def _begin(self, part: str) -> Any:
        opens = self._host.open
        device = self._device if part in COMPUTING else None

        def begin() -> None:
            opens(part)
            if device is not None:
                device.open(part)

        def begin_forward() -> None:
            self._has_worked = True
            begin()

        def begin_waiting() -> None:
            if self._has_worked:
                self._end_step()
            opens(part)

        def begin_transfer() -> None:
            opens("validation" if self._validates else part)

        def begin_validation() -> None:
            self._validates = True
            opens(part)

        special = {
            "waiting": begin_waiting,
            "transfer": begin_transfer,
            "forward": begin_forward,
            "validation": begin_validation,
        }
        return special.get(part, begin)

    def _end(self, part: str) -> Any:
        closes = self._host.close

        def end_validation() -> None:
            self._validates = False
            closes()

        if part == "validation":
            return end_validation
        device = self._device if part in COMPUTING else None
        if device is None:
            return closes

        def end() -> None:
            closes()
            device.close()

        return end

    def _cut(self) -> tuple[dict[str, float], list[Any]]:
        return self._host.cut(), [] if self._device is None else self._device.cut()

    def _end_step(self) -> None:
        self._has_worked = False
        parts, device = self._cut()
        if self._saving:
            parts["checkpointing"] = parts.get("checkpointing", 0.0) + self._saving
            self._saving = 0.0
        in_callbacks = 0.0
        for name in self._callback_parts:
            seconds = parts.pop(name, 0.0)
            in_callbacks += seconds
            self._callbacks[name] += seconds
        parts["callbacks"] = in_callbacks
        if self._clock is None:
            self.times.add(parts)
            return
        self._unread.append((parts, device))
        while self._unread and self._clock.has_come(self._unread[0][1][-1][1]):
            parts, device = self._unread.popleft()
            self.times.add(_on_device(parts, own_times(device, self._clock.seconds)))

    def _report(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        mine = self.times.means()
        values = {f"{part}_s": mine.get(part, 0.0) for part in PARTS}
        values["step_s"] = sum(mine.get(part, 0.0) for part in STEP)
        for q in PERCENTILES:
            values[f"step_p{q}_s"] = self.times.percentile(q, *STEP) if self.times.count else 0.0
        ranks = _gathered(trainer, list(values.values()))
        for name, value in zip(values, ranks.mean(0).tolist(), strict=True):
            pl_module.log(f"monitor/time/{name}", value, sync_dist=trainer.world_size > 1)
        means = dict(zip(PARTS, ranks.mean(0).tolist(), strict=False))
        if sum(means[part] for part in STEP) <= 0:
            return
        self.verdict = time_verdict(
            means,
            num_workers=_num_workers(trainer),
            cores=_cores(trainer),
            dearest=self._dearest(),
            is_lean=is_lean(trainer),
        )
        backward = PARTS.index("backward")
        own = (ranks[:, : len(STEP)].sum(1) - ranks[:, backward]).tolist()
        self.verdict += _slowest(own, sum(means[part] for part in STEP))
        epoch = trainer.current_epoch + 1
        rank_zero_info(f"epoch {epoch}: {self.verdict}")
        assert self._events is not None
        self._events.append(
            "time",
            epoch=epoch,
            iteration=iteration(trainer),
            verdict=self.verdict,
            steps=self.times.count,
            means_s=means,
            percentiles_s=self._percentiles(),
            callbacks_s={
                name.removeprefix(CALLBACK): seconds / max(self.times.count, 1)
                for name, seconds in self._callbacks.items()
            },
            ranks_own_s=own,
        )

    def _dearest(self) -> str | None:
        if not self._callbacks:
            return None
        return max(self._callbacks, key=lambda name: self._callbacks[name]).removeprefix(CALLBACK)

    def _percentiles(self) -> dict[str, dict[str, float]]:
        if not self.times.count:
            return {}
        return {
            part: {f"p{q}": self.times.percentile(q, part) for q in PERCENTILES} for part in PARTS
        }


def _on_device(host: dict[str, float], device: dict[str, float]) -> dict[str, float]:
    """Return the host's times of a step with the device's of what it computes."""
    took = {part: device.get(part, 0.0) for part in COMPUTING}
    kept = {part: value for part, value in host.items() if part not in (*COMPUTING, "other")}
    rest = sum(host.values()) - sum(took.values()) - sum(kept.values())
    return {**kept, **took, "other": max(rest, 0.0)}


def _gathered(trainer: pl.Trainer, values: list[float]) -> torch.Tensor:
    """Return the values of all ranks, ``(ranks, values)``."""
    row = torch.tensor(values, device=trainer.strategy.root_device)
    if trainer.world_size == 1:
        return row[None].cpu()
    rows: torch.Tensor = trainer.strategy.all_gather(row)
    return rows.reshape(-1, len(values)).cpu()


def _slowest(own: list[float], step: float) -> str:
    rank = max(range(len(own)), key=own.__getitem__)
    excess = own[rank] - sorted(own)[(len(own) - 1) // 2]
    if excess < SLOW * step:
        return ""
    return f"; rank {rank} is slowest, by {1000 * excess:.3g} ms a step"


def _num_workers(trainer: pl.Trainer) -> int | None:
    found = getattr(trainer.train_dataloader, "num_workers", None)
    return found if isinstance(found, int) else None


def _cores(trainer: pl.Trainer) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // max(1, trainer.num_devices))
