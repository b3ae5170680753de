"""Row 6: `score_function=lambda engine: -engine.state.output`, on the last batch's output.

Fails as printed: `EarlyStopping` is given no trainer. Its handlers score an epoch by the loss of
its last batch.
"""

import json
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import yaml
from conftest import Run
from ignite.engine import Engine, Events
from ignite.handlers import EarlyStopping, ModelCheckpoint
from programs.plain import PlainData, PlainModule
from torch.nn import functional

EPOCHS = 6
# So high a rate that the loss of the last batch goes up and down.
RATE = 30.0


def articles_stop(scores: list[float], patience: int) -> int:
    """Return the epoch at which the article's early stopper, given its trainer, ends the run."""
    trainer = Engine(lambda engine, batch: -scores[engine.state.epoch - 1])
    early_stopper = EarlyStopping(
        patience=patience, score_function=lambda engine: -engine.state.output, trainer=trainer
    )
    trainer.add_event_handler(Events.EPOCH_COMPLETED, early_stopper)
    trainer.run([0], max_epochs=len(scores))
    return int(trainer.state.epoch)


def articles_checkpoint() -> list[float]:
    """Return the scores; the files of the best two are in `models`."""
    module = PlainModule(lr=RATE)
    optimizer: Any = module.configure_optimizers()
    scores: list[float] = []

    def train_step(engine: Engine, batch: Any) -> float:
        optimizer.zero_grad()
        loss = functional.cross_entropy(module.net(batch[0]), batch[1])
        torch.autograd.backward(loss)
        optimizer.step()
        return loss.item()

    trainer = Engine(train_step)
    handler = ModelCheckpoint(
        dirname="models",
        require_empty=False,
        n_saved=2,
        score_function=lambda engine: -engine.state.output,
        global_step_transform=lambda engine, event: engine.state.epoch,
    )
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED,
        lambda engine: scores.append(-engine.state.output),
    )
    trainer.add_event_handler(Events.EPOCH_COMPLETED, handler, {"net": module.net})
    trainer.run(PlainData().train_dataloader(), max_epochs=EPOCHS)
    return scores


def test_the_best_two_by_the_last_batchs_loss_are_the_articles(
    kit: Run, plain_recipe: dict[str, Any]
) -> None:
    pl.seed_everything(3, workers=True)
    scores = articles_checkpoint()
    assert scores != sorted(scores), "the newest would win without a score"
    plain_recipe["model"]["init_args"] = {"lr": RATE}
    plain_recipe["trainer"]["max_epochs"] = EPOCHS
    plain_recipe["trainer"]["callbacks"] = [
        {
            "class_path": "lightning_kit.callbacks.ModelCheckpoint",
            "init_args": {
                "dirpath": "kept",
                "score_function": "programs.scoring.minus_last_loss",
                "preset": "ignite",
                "save_top_k": 2,
                "modules": ["net"],
            },
        }
    ]
    Path("row.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "row.yaml") == 0

    theirs = sorted(Path("models").iterdir())
    ours = sorted(Path("kept").iterdir())
    assert [path.name for path in ours] == [path.name for path in theirs]
    for found, wanted in zip(ours, theirs, strict=True):
        torch.testing.assert_close(
            dict(torch.load(found, weights_only=True)["net"]),
            dict(torch.load(wanted, weights_only=True)),
            rtol=0,
            atol=0,
        )


def test_a_run_stops_where_the_articles_early_stopper_does(
    kit: Run, plain_recipe: dict[str, Any]
) -> None:
    pl.seed_everything(3, workers=True)
    scores = articles_checkpoint()
    wanted = articles_stop(scores, patience=1)
    assert 1 < wanted < EPOCHS, "the scores are to fall once before the end"
    plain_recipe["model"]["init_args"] = {"lr": RATE}
    plain_recipe["trainer"]["max_epochs"] = EPOCHS
    plain_recipe["trainer"]["callbacks"] = [
        {
            "class_path": "lightning_kit.callbacks.EarlyStopping",
            "init_args": {
                "score_function": "programs.scoring.minus_last_loss",
                "preset": "ignite",
                "patience": 1,
            },
        }
    ]
    Path("row.yaml").write_text(yaml.safe_dump(plain_recipe))
    assert kit("fit", "-c", "row.yaml") == 0
    record = json.loads(Path("runs/row/latest/run.json").read_text())
    assert (record["status"], record["epoch"]) == ("stopped", wanted)
    assert "minus_last_loss did not improve in the last 1 checks" in record["stop_reason"]
