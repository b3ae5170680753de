"""What a sample costs: each datamodule beside DataLoader(TensorDataset) and plain indexing."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, final

from benchmarks.harness import Calls, DifferentWork, Plan, Ratio, Row, Runner, command
from benchmarks.programs.sources import (
    OWN_ROWS,
    Epoch,
    Rows,
    discovered,
    drain,
    has_datasets,
    look,
    sources,
)

LOADER, ROWS = "DataLoader(TensorDataset)", 12_800


@final
class Epochs:
    """One source, an epoch a leg; at the end one more is added up."""

    def __init__(self, build: Callable[[], Callable[[], Any]], plan: Plan) -> None:
        self.batches = build()
        self.calls = Calls(partial(drain, self.batches), plan.clock)

    def leg(self) -> float:
        return self.calls.leg()

    def finish(self) -> Epoch:
        return look(self.batches)


def same_samples(outcomes: dict[str, Epoch]) -> None:
    """Hold all sources of the same rows to the same sums, and the others to their number."""
    first = outcomes[LOADER]
    for name, found in outcomes.items():
        if name in OWN_ROWS:
            continue
        # A table holds decimal text, and sums depend on their order a little.
        close = abs(found.input - first.input) <= 1e-6 * found.rows * found.features
        if not close or (found.rows, found.features, found.target) != (
            first.rows, first.features, first.target,
        ):  # fmt: skip
            raise DifferentWork(f"{name} gave {found}, {LOADER} {first}")


def row(features: int, names: list[str], rounds: tuple[int, int], num: int = ROWS) -> Row:
    rows = Rows(num, features)

    def runners(plan: Plan) -> dict[str, Callable[[], Runner]]:
        return {
            name: partial(Epochs, build, plan)
            for name, build in sources(rows, plan.folder, names).items()
        }

    bound = Ratio(LOADER, "ArrayDataModule", at_least=8)
    others = (Ratio(LOADER, name) for name in ("plain indexing", *names[1:]))
    notes = "" if has_datasets() else "(the datasets library is not installed: skipped)"
    per = dict.fromkeys((LOADER, "plain indexing", "datasets library", *names), num)
    per["DigitsDataModule"] = 1257
    return Row(
        f"{features} features", runners, per, (bound, *others), same_samples, unit="sample",
        rounds=rounds, notes=f"{num} rows of float32, batch 32, shuffled {notes}",
    )  # fmt: skip


def rows(_: bool) -> Sequence[Row]:
    every = sorted(discovered(), key=lambda name: name != "ArrayDataModule")
    # Digits have 64 features, and a table of 784 columns is none that people have.
    wide = [name for name in every if name in ("ArrayDataModule", "SyntheticDataModule")]
    return [row(64, every, (40, 10)), row(784, wide, (40, 10))]


if __name__ == "__main__":
    sys.exit(command("data", rows))
