"""Two ranks under events: what each saw goes to a file of its own."""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader, rows
from torch.utils.data import DataLoader, Subset

from lightning_kit.callbacks import EndEpoch, OnEvent
from lightning_kit.callbacks.actions import Freeze, SaveCheckpoint, Unfreeze, Validate
from lightning_kit.meters import EventFilter

WINDOW = 3


class Two(Traced):
    """Two layers, of which one can be frozen, under a rate that falls with each step."""

    def __init__(self, num_rows: int) -> None:
        super().__init__()
        self.num_rows = num_rows
        torch.manual_seed(0)
        self.encoder = torch.nn.Linear(3, 3)
        self.encoder_seen: list[float] = []

    def train_dataloader(self) -> DataLoader[Any]:
        mine = range(self.global_rank, self.num_rows, 2)
        return DataLoader(Subset(rows(self.num_rows), mine), batch_size=4)

    def val_dataloader(self) -> DataLoader[Any]:
        return loader(8)

    def loss(self, batch: Any) -> torch.Tensor:
        return super().loss((self.encoder(batch[0]), batch[1]))

    def on_train_epoch_end(self) -> None:
        self.encoder_seen.append(self.encoder.weight[0, 0].item())


def fit(callbacks: list[pl.Callback], num_rows: int = 48, epochs: int = 2, **settings: Any) -> Any:
    settings = {**QUIET, "strategy": "ddp", "accumulate_grad_batches": WINDOW, **settings}
    settings["use_distributed_sampler"] = False
    module = Two(num_rows)
    trainer = pl.Trainer(**settings, devices=2, max_epochs=epochs, callbacks=callbacks)
    trainer.fit(module)
    return module, trainer


def weights(module: Any) -> list[float]:
    return [float(w) for p in module.parameters() for w in p.detach().flatten()]


def cut(event: str) -> dict[str, Any]:
    """Six batches a rank: the first epoch is cut after four, within its second window."""
    module, trainer = fit([EndEpoch(EventFilter(once=4), event=event)], epochs=1)
    # Each rank takes every other row, so 32 rows are four batches of four.
    whole, reference = fit([], num_rows=32, epochs=1)
    return {
        "cut": weights(module),
        "whole": weights(whole),
        "steps": [trainer.global_step, reference.global_step],
    }


def frozen() -> dict[str, Any]:
    callbacks: list[pl.Callback] = [
        OnEvent(Freeze("encoder"), "started"),
        OnEvent(Unfreeze("encoder"), "epoch_started", once=2),
    ]
    module, _ = fit(callbacks, strategy="ddp_find_unused_parameters_true")
    refused = ""
    try:
        fit(callbacks[:1])
    except ValueError as error:
        refused = str(error)
    return {"seen": module.encoder_seen, "weights": weights(module), "refused": refused}


def saved() -> dict[str, Any]:
    actions: list[tuple[Any, str]] = [
        (Validate(), "iteration_completed"),
        (SaveCheckpoint("all.ckpt"), "epoch_completed"),
    ]
    module, _ = fit([OnEvent(action, event, once=1) for action, event in actions], epochs=1)
    checkpoint = torch.load("all.ckpt", weights_only=True)
    return {
        "weights": weights(module),
        "saved": float(checkpoint["state_dict"]["net.bias"]),
        "bias": module.net.bias.item(),
    }


def main(folder: str) -> None:
    warnings.simplefilter("ignore")
    found = {
        "after": cut("iteration_completed"),
        "before": cut("iteration_started"),
        "frozen": frozen(),
        "saved": saved(),
    }
    rank = torch.distributed.get_rank()
    Path(folder, f"{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
