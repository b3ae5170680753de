"""Row 5: `ModelCheckpoint(dirname="models", n_saved=2)` of `{"model": model}`: the last two.

Ignite stores a single object bare; the kit's file names it.
"""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import yaml
from conftest import Run
from ignite.engine import Engine, Events
from ignite.handlers import ModelCheckpoint
from programs.plain import PlainData, PlainModule
from torch.nn import functional


def articles(module: PlainModule, epochs: int) -> None:
    """As printed, around one program."""
    optimizer: Any = module.configure_optimizers()

    def train_step(engine: Engine, batch: Any) -> float:
        optimizer.zero_grad()
        loss = functional.cross_entropy(module.net(batch[0]), batch[1])
        torch.autograd.backward(loss)
        optimizer.step()
        return loss.item()

    trainer = Engine(train_step)
    checkpoint_handler = ModelCheckpoint(dirname="models", require_empty=False, n_saved=2)

    @trainer.on(Events.EPOCH_COMPLETED)
    def save_checkpoint(engine: Engine) -> None:
        checkpoint_handler(engine, {"model": module.net})

    trainer.run(PlainData().train_dataloader(), max_epochs=epochs)


def test_the_last_two_hold_the_articles_weights(kit: Run, plain_recipe: dict[str, Any]) -> None:
    pl.seed_everything(3, workers=True)
    articles(PlainModule(), 4)
    init_args = {"dirpath": "kept", "modules": ["net"], "preset": "ignite", "keep_last": 2}
    plain_recipe["trainer"]["callbacks"] = [
        {"class_path": "lightning_kit.callbacks.ModelCheckpoint", "init_args": init_args}
    ]
    plain_recipe["trainer"]["max_epochs"] = 4
    Path("row.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "row.yaml") == 0

    theirs = sorted(path.name for path in Path("models").iterdir())
    ours = sorted(path.name for path in Path("kept").iterdir())
    # Five batches an epoch: the iterations at the ends of epochs 3 and 4.
    assert theirs == ["model_15.pt", "model_20.pt"]
    assert ours == ["net_15.pt", "net_20.pt"]
    for count in (15, 20):
        wanted = torch.load(f"models/model_{count}.pt", weights_only=True)
        found = torch.load(f"kept/net_{count}.pt", weights_only=True)
        assert list(found) == ["net"]
        torch.testing.assert_close(dict(found["net"]), dict(wanted), rtol=0, atol=0)
