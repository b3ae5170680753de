"""Run a program on two ranks over gloo."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any


def two_ranks(program: str, folder: Path, timeout_s: float = 120) -> list[dict[str, Any]]:
    """Run ``program`` as two processes; return what each gave to its ``tell(**plain)``.

    The program finds ``tell`` and ``rank`` defined; each rank works in a folder of its own.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = []
    for rank in range(2):
        (folder / str(rank)).mkdir(parents=True)
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "OMP_NUM_THREADS": "1",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "WORLD_SIZE": "2",
            "LOCAL_WORLD_SIZE": "2",
            "GROUP_RANK": "0",
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "TORCHELASTIC_RUN_ID": "tests",
        }
        ranks.append(
            subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", PREAMBLE + program],
                env=environment,
                cwd=folder / str(rank),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    outputs = []
    try:
        outputs = [process.communicate(timeout=timeout_s)[0] for process in ranks]
    finally:
        for process in ranks:
            process.kill()
    for process, output in zip(ranks, outputs, strict=True):
        assert process.returncode == 0, output
    return [json.loads((folder / str(rank) / "told.json").read_text()) for rank in range(2)]


PREAMBLE = """
import json, os
rank = int(os.environ["RANK"])
told = {}
def tell(**plain):
    told.update(plain)
    with open("told.json", "w") as file:
        json.dump(told, file)
"""
