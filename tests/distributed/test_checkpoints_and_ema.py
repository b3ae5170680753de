"""Two ranks over gloo keep one set of files and one average, by a score that differs."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
PROGRAM = """
import json
import pytorch_lightning as pl
import torch
from programs.scored import Scored, loader
from lightning_kit.callbacks import EMA, ModelCheckpoint

RANK_SCORES = [[4.0, 2.0, 3.0, 3.0], [0.0, 4.0, 1.0, 1.0]]

def score(trainer, pl_module):
    return RANK_SCORES[trainer.global_rank][trainer.current_epoch]

calls = []
best = ModelCheckpoint(
    "best", "{epoch}", score_function=score, save_top_k=2, latest_on_tie=True,
    on_saved=lambda trainer, path: calls.append(path.rsplit("/", 1)[-1]),
)
parts = ModelCheckpoint("parts", modules=["net"], preset="ignite", save_weights_only=False)
ema = EMA(0.5, buffers="copy", init="blend")
trainer = pl.Trainer(
    max_epochs=4, accelerator="cpu", devices=2, strategy="ddp_find_unused_parameters_true",
    logger=False, enable_progress_bar=False, enable_model_summary=False,
    num_sanity_val_steps=0, callbacks=[best, parts, ema],
)
module = Scored([0.0] * 4)
trainer.fit(module, loader(4), loader(4))
told = {
    "calls": calls,
    "kept": [path.rsplit("/", 1)[-1] for path in best.best_k_models],
    "best": float(best.best_model_score),
    "weight": float(module.net.weight),
    "last": parts.last_k_models,
}
with open(f"told.{trainer.global_rank}", "w") as file:
    json.dump(told, file)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ranks = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", PROGRAM],
            env={
                **os.environ,
                "PYTHONPATH": str(TESTS),
                "OMP_NUM_THREADS": "1",
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": port,
                "WORLD_SIZE": "2",
                "NODE_RANK": "0",
                "LOCAL_RANK": str(rank),
            },
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for process in ranks:
            output, _ = process.communicate(timeout=120)
            assert process.returncode == 0, output
    finally:
        for process in ranks:
            process.kill()
    return folder


def told(folder: Path, rank: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"told.{rank}").read_text())
    return found


def test_the_ranks_agree(folder: Path) -> None:
    assert told(folder, 0) == told(folder, 1)


def test_the_mean_of_the_scores_decides(folder: Path) -> None:
    # Means 2, 3, 2, 2, lower is better: epochs 0 and 1, then 2 for 1, then 3 ties with 0 (or 2).
    assert told(folder, 0)["calls"] == [f"epoch={epoch}.ckpt" for epoch in range(4)]
    assert sorted(told(folder, 0)["kept"]) == ["epoch=2.ckpt", "epoch=3.ckpt"]
    assert sorted(path.name for path in (folder / "best").iterdir()) == [
        "epoch=2.ckpt",
        "epoch=3.ckpt",
    ]
    assert told(folder, 0)["best"] == 2


def test_the_average_is_that_of_one_process(folder: Path) -> None:
    # Two batches a rank and epoch: weights 1 to 8, each blended by a half with the past, from 0.
    average = 0.0
    for weight in range(1, 9):
        average = (average + weight) / 2
    assert told(folder, 0)["weight"] == average


def test_one_file_of_parts_is_kept(folder: Path) -> None:
    assert [path.name for path in (folder / "parts").iterdir()] == ["net_8.pt"]
