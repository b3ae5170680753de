"""Two ranks on Lightning's own loop and on the lean one, and a SIGTERM to one of them."""

import json
import os
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import torch.distributed as dist
from programs.lean_pairs import HOOKS, Program, loader, plain, run
from programs.traced import QUIET
from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_kit.loops import lean

COLLECTIVES = ("broadcast", "all_reduce", "barrier", "all_gather")
warnings.filterwarnings("ignore")


def same() -> dict[str, Any]:
    """Fit both ways, and say what differs."""
    found: dict[str, Any] = {}
    cases: dict[str, dict[str, Any]] = {
        "plain": {},
        "accumulation": {"accumulate_grad_batches": 3},
        "clipping in bf16": {"gradient_clip_val": 0.01, "precision": "bf16-mixed"},
    }
    for name, options in cases.items():
        both = [
            run(is_lean, Program, of_callback=HOOKS, train=loader(40), devices=2, strategy="ddp",
                **options)
            for is_lean in (False, True)
        ]  # fmt: skip
        assert not both[0]["error"], both[0]["error"]
        found[name] = [key for key in both[0] if both[0][key] != both[1][key]]
    return found


def quiet_steps() -> dict[str, int]:
    """Return the collectives, other than DDP's own, of fits of 4 and of 24 batches a rank."""
    counts: dict[str, int] = {}
    calls: list[str] = []
    for name in COLLECTIVES:
        stock = getattr(dist, name)

        def counted(*args: Any, name: str = name, stock: Any = stock, **kwargs: Any) -> Any:
            calls.append(name)
            return stock(*args, **kwargs)

        setattr(dist, name, counted)
    for num_batches in (4, 24):
        calls.clear()
        trainer = lean(pl.Trainer(max_epochs=1, devices=2, strategy="ddp", **QUIET))
        trainer.fit(Program(), loader(8 * num_batches), loader(8))
        counts[str(num_batches)] = len(calls)
    return counts


def terminated(rank: int) -> dict[str, Any]:
    """Send rank 1 a SIGTERM at its 30th batch, and say where each rank ended and how late."""
    seen: dict[str, Any] = {}

    class Ends(pl.Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *args: Any) -> None:
            time.sleep(0.01)
            if trainer.fit_loop.total_batch_idx == 30:
                seen["at_s"] = time.monotonic()
                if rank == 1:
                    os.kill(os.getpid(), signal.SIGTERM)

        def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
            seen["iteration"] = trainer.fit_loop.total_batch_idx + 1
            seen["late_s"] = time.monotonic() - seen["at_s"]

    trainer = lean(pl.Trainer(max_epochs=500, devices=2, strategy="ddp", callbacks=Ends(), **QUIET))
    try:
        trainer.fit(Program(), loader(64), loader(8))
    except SIGTERMException:
        seen["ended"] = "SIGTERM"
    return seen


if __name__ == "__main__":
    torch.set_num_threads(1)
    rank = int(os.environ["LOCAL_RANK"])
    told = {"same": same(), "quiet": quiet_steps(), "terminated": terminated(rank)}
    Path(sys.argv[1], f"told.{rank}").write_text(json.dumps(plain(told)))
