"""An alternative that is a whole process."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

from benchmarks.harness.same_work import DifferentWork

TIMEOUT_S = 300


@final
class Process:
    """A command that is run from start to end once a leg.

    Args:
        command: What to run.
        folder: Where to run it; the clone's modules can be imported there.
        expected: What its standard output must hold.

    Raises:
        DifferentWork: At a leg, if it fails or its output lacks ``expected``.
    """

    def __init__(self, command: Sequence[str], folder: Path, expected: str) -> None:
        self.command, self.folder, self.expected = list(command), folder, expected
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self.environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        folder.mkdir(parents=True, exist_ok=True)

    def leg(self) -> float:
        start = time.perf_counter()
        done = subprocess.run(
            self.command, cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
        taken = time.perf_counter() - start
        if done.returncode or self.expected not in done.stdout:
            raise DifferentWork(
                f"{' '.join(self.command)} ended with {done.returncode} and without"
                f" {self.expected!r}: {(done.stderr or done.stdout)[-1000:]}"
            )
        return taken

    def finish(self) -> Any:
        return self.expected
