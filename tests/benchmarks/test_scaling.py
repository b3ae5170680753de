"""Each thing that grows, at a small size; growth of memory is found."""

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import scaling
from benchmarks.harness import DifferentWork, Plan, Row, measure
from benchmarks.harness.same_work import Outcome
from benchmarks.programs import growing, quiet_steps
from benchmarks.programs.growing import Memory, does_not_grow
from benchmarks.programs.with_lightning import SeedModule
from benchmarks.scaling import same_by_count


@pytest.mark.parametrize(
    "row",
    [
        scaling.callbacks(3),
        scaling.logged_values(3),
        scaling.tensors(3),
        scaling.steps_of_an_epoch(2),
        scaling.memory(60),
    ],
    ids=lambda row: row.name,
)
def test_rows_run_and_do_the_same_work(row: Row, tmp_path: Path) -> None:
    measured = measure(row, Plan(2, folder=tmp_path))
    assert all(len(samples) == 2 for samples in measured.seconds.values())
    assert len(measured.as_json()["ratios"]) == len(row.ratios)


def test_other_weights_are_found_among_those_of_one_count() -> None:
    one, other = Outcome([torch.ones(1)]), Outcome([torch.zeros(1)])
    same = {f"{side} {count}": one for side in ("lean", "stock") for count in scaling.COUNTS}
    same_by_count(same)
    with pytest.raises(DifferentWork, match="stock 4 and lean 4"):
        same_by_count({**same, "stock 4": other})
    same_by_count({**same, "stock 4": other, "lean 4": other})


HELD: list[Any] = []


class Leaking(SeedModule):
    """Keep something of each step."""

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        HELD.extend([batch_idx] for _ in range(100))
        return super().training_step(batch, batch_idx)


def test_memory_that_grows_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(quiet_steps, "SeedModule", Leaking)
    try:
        with pytest.raises(DifferentWork, match="lean grew by .* MiB and .* objects"):
            measure(scaling.memory(60), Plan(4, folder=tmp_path))
    finally:
        HELD.clear()


def looked_at(mib: list[float], objects: list[int]) -> Memory:
    memory = object.__new__(Memory)
    memory.mib, memory.objects = mib, objects
    return memory


def test_what_counts_as_growth() -> None:
    does_not_grow({"lean": looked_at([1, 50, 57], [5, 900, 1300])})
    with pytest.raises(DifferentWork, match=r"grew by 9.0 MiB and 0 objects"):
        does_not_grow({"lean": looked_at([1, 50, 59], [5, 900, 900])})
    with pytest.raises(DifferentWork, match=r"and 501 objects"):
        does_not_grow({"lean": looked_at([1, 50, 50], [5, 900, 1401])})


def test_memory_is_that_of_this_process() -> None:
    before = growing.memory_mib()
    held = torch.ones(64 * 2**20 // 4)
    assert growing.memory_mib() - before == pytest.approx(64, abs=8)
    assert len(held)


def test_a_full_run_takes_a_hundred_thousand_steps() -> None:
    assert [row.notes for row in scaling.rows(False) if "100,000 steps" in row.notes]
