"""Row 7: exception handlers with recovery, never a silent swallow."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine
from origin.stock import build
from programs.plain import PlainData, PlainModule
from programs.raising import MyError, Raising

MODEL = {"class_path": "programs.plain.PlainModule", "init_args": {}}


def policy(action: str) -> dict[str, Any]:
    return {
        "class_path": "lightning_kit.callbacks.ExceptionPolicy",
        "init_args": {"rules": [{"exception": "programs.raising.MyError", "action": action}]},
    }


def test_recovery_is_the_articles_where_it_writes_it_by_hand(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = PlainModule()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    said: list[str] = []

    def handle_exception(engine: Engine, e: BaseException) -> None:
        said.append(f"Error at epoch {engine.state.epoch}: {e}")

    def train_step(engine: Engine, batch: Any) -> None:
        # Called by the event, as printed, it could not go on within the epoch.
        try:
            if engine.state.iteration == 3:
                raise MyError("the batch is cursed")
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(module.net(batch[0]), batch[1])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        except MyError as error:
            handle_exception(engine, error)

    trainer = Engine(train_step)
    trainer.run(PlainData().train_dataloader(), max_epochs=2)

    cli = build(MODEL, tmp_path, max_epochs=2, callbacks=[policy("skip_batch")])
    kits = Raising(at=(3,))
    cli.trainer.fit(kits, PlainData())
    torch.testing.assert_close(kits.state_dict(), module.state_dict(), rtol=0, atol=0)
    assert said == ["Error at epoch 1: the batch is cursed"]
    (path,) = Path().rglob("events-*.jsonl")
    event = json.loads(path.read_text())
    assert (event["epoch"], event["error"]) == (1, "MyError: the batch is cursed")


def test_what_no_rule_recovers_is_raised(tmp_path: Path) -> None:
    cli = build(MODEL, tmp_path, max_epochs=2, callbacks=[policy("raise")])
    with pytest.raises(MyError):
        cli.trainer.fit(Raising(at=(3,)), PlainData())
