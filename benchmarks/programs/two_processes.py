"""The seed program on two processes: torch's DDP by hand, on Lightning and the kit in turns.

``torchrun --nproc-per-node 2 -m benchmarks.programs.two_processes FILE`` writes what it measured.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from benchmarks.harness import Plan, Row, Runner, Turn
from benchmarks.harness.command import hushed
from benchmarks.harness.measure import measure
from benchmarks.harness.recorded import Recorded
from benchmarks.harness.same_work import DifferentWork, Outcome, same_scores, same_weights
from benchmarks.programs.by_hand import by_hand
from benchmarks.programs.seed import EPOCH_KEYS, Program, Seed
from benchmarks.programs.with_lightning import leaned, stock, with_the_kit

PROGRAMS: dict[str, Program] = {
    "DDP by hand": by_hand,
    "stock": stock,
    "lean": leaned,
    "kit": with_the_kit,
}
TIMEOUT_S = 1800


class Together:
    """A turn that begins on all ranks at once."""

    def __init__(self, start: Callable[[], Turn]) -> None:
        dist.barrier()
        self.turn = start()

    def leg(self) -> float:
        dist.barrier()
        return self.turn.leg()

    def finish(self) -> Any:
        dist.barrier()
        return self.turn.finish()


def same_on_a_rank(outcomes: dict[str, Outcome]) -> None:
    """Hold all to the same weights, and on rank 0, which logs, to the same scores."""
    same_weights(outcomes)
    if dist.get_rank() == 0:
        same_scores(outcomes, EPOCH_KEYS)


def work(target: Path, folder: Path, legs: int, steps: int, val_batches: int) -> None:
    """Measure on this rank; rank 0 writes ``target``."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    rank = dist.get_rank()

    def build(plan: Plan) -> dict[str, Callable[[], Runner]]:
        seed = Seed(
            plan.legs + 1,
            train_batches=steps,
            val_batches=val_batches,
            rank=rank,
            world_size=dist.get_world_size(),
        )
        # Checkpoints and logs are rank 0's, in a folder that all ranks name alike.
        return {
            name: partial(Together, partial(Turn, partial(program, seed, place(name))))
            for name, program in PROGRAMS.items()
        }

    def place(name: str) -> Path:
        own = folder / (f"rank_{rank}" if name == "DDP by hand" else "")
        return own / name.replace(" ", "_")

    row = Row("", build, steps, (), same_on_a_rank)
    found: dict[str, Any] = {}
    try:
        with hushed():
            found["seconds"] = measure(row, Plan(legs, warm_up=0, folder=folder)).seconds
    except DifferentWork as error:
        found["error"] = str(error)
    errors: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(errors, found.get("error"))
    if any(errors):
        found["error"] = next(filter(None, errors))
    if rank == 0:
        target.write_text(json.dumps(found))
    dist.barrier()
    dist.destroy_process_group()


def two_processes(plan: Plan, steps: int, val_batches: int) -> dict[str, Callable[[], Recorded]]:
    """Measure on two processes, and return what rank 0 saw, each leg's seconds of one step.

    Raises:
        DifferentWork: If the alternatives did different work.
        RuntimeError: If a process failed.
    """
    target = plan.folder / "measured.json"
    words = [str(target), str(plan.folder), str(plan.legs), str(steps), str(val_batches)]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "benchmarks.programs.two_processes", *words,
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode or not target.exists():
        raise RuntimeError(f"two processes ended with {done.returncode}:\n{done.stderr[-3000:]}")
    found = json.loads(target.read_text())
    if "error" in found:
        raise DifferentWork(found["error"])
    return {name: partial(Recorded, legs) for name, legs in found["seconds"].items()}


if __name__ == "__main__":
    work(Path(sys.argv[1]), Path(sys.argv[2]), *(int(word) for word in sys.argv[3:]))
