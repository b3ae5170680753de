import numpy as np
import pytest

from lightning_kit.export import latency
from lightning_kit.export.latency import Arrays, latencies_us


def test_each_batch_size_gets_its_rows_and_the_median(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    clock = [0.0]
    costs = iter([9, 1, 2, 9] * 2)  # the first of each size is not timed

    def answer(inputs: Arrays) -> None:
        sizes.append(len(inputs["x"]))
        clock[0] += next(costs)

    monkeypatch.setattr(latency, "perf_counter", lambda: clock[0])
    found = latencies_us(answer, {"x": np.zeros((5, 2))}, batches=(1, 8), budget_s=12, most=3)
    assert found == {"1": 2e6, "8": 2e6}
    assert sizes == [1] * 4 + [8] * 4


def test_at_least_one_call_is_timed() -> None:
    calls: list[Arrays] = []
    found = latencies_us(calls.append, {"x": np.zeros((1, 2))}, batches=(1,), budget_s=0)
    assert len(calls) == 2
    assert found["1"] >= 0
