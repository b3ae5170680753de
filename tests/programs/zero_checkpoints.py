"""Write checkpoints with DeepSpeed's own engine on a CPU, as Lightning's strategy lays them out.

Called with a folder and stages of ZeRO: ``<folder>/<stage>`` is a checkpoint, ``<stage>.truth`` the
weights that the engine held.
"""

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn


def module() -> nn.Sequential:
    """Return a small model with a buffer, and a parameter that is not trained."""
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    made[0].bias.requires_grad_(False)
    return made


def main(folder: Path, stages: list[int]) -> None:
    os.environ |= {"DS_ACCELERATOR": "cpu", "LOCAL_RANK": "0"}
    deepspeed = import_module("deepspeed")
    # One process needs no port: it meets itself at a file.
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=0, world_size=1
    )
    deepspeed.init_distributed("gloo", auto_mpi_discovery=False, dist_init_required=False)
    for stage in stages:
        _write(deepspeed, stage, folder / str(stage))


def _write(deepspeed: Any, stage: int, path: Path) -> None:
    model = module()
    trained = [each for each in model.parameters() if each.requires_grad]
    zero = {"stage": stage, "allgather_bucket_size": 10_000, "reduce_bucket_size": 10_000}
    engine, *_ = deepspeed.initialize(
        args=argparse.Namespace(device_rank=0),
        config={
            "train_micro_batch_size_per_gpu": 1,
            "zero_allow_untested_optimizer": True,
            "zero_optimization": zero,
        },
        model=model,
        model_parameters=trained,
        optimizer=torch.optim.Adam(trained, 0.01),
        dist_init_required=False,
    )
    for _ in range(3):
        engine.backward(engine(torch.randn(16, 4)).pow(2).mean())
        engine.step()
    # DeepSpeedStrategy.save_checkpoint, pytorch_lightning/strategies/deepspeed.py
    engine.save_checkpoint(str(path), client_state={"epoch": 1, "global_step": 3}, tag="checkpoint")
    if stage < 3:
        torch.save(model.state_dict(), path.with_suffix(".truth"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(stage) for stage in sys.argv[2:]])
