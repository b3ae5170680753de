"""The lean loop does what Lightning's does: hooks, arguments, values, weights and progress."""

from functools import partial
from typing import Any

import pytest
import pytorch_lightning as pl
from programs.lean_pairs import (
    HOOKS,
    OF_THE_MODULE,
    Adversaries,
    Program,
    Stream,
    loader,
    pair,
)
from torch.utils.data import DataLoader

CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": (Program, {}),
    "accumulation": (Program, {"accumulate_grad_batches": 3}),
    "accumulation of a whole epoch": (Program, {"accumulate_grad_batches": 4}),
    "clipping by norm": (Program, {"gradient_clip_val": 0.01}),
    "clipping by value": (
        Program,
        {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"},
    ),
    "bf16": (Program, {"precision": "bf16-mixed", "accumulate_grad_batches": 2}),
    "bf16 weights": (Program, {"precision": "bf16-true"}),
    "double": (Program, {"precision": "64-true"}),
    "fp16": (Program, {"precision": "16-mixed", "accumulate_grad_batches": 2}),
    "schedule by step": (partial(Program, "step"), {"accumulate_grad_batches": 2}),
    "schedule by epoch": (partial(Program, "epoch"), {}),
    "plateau": (partial(Program, "plateau"), {}),
    "validation within the epoch": (Program, {"val_check_interval": 0.5}),
    "validation by batches": (
        Program,
        {"val_check_interval": 3, "check_val_every_n_epoch": None, "max_epochs": 3},
    ),
    "validation every other epoch": (Program, {"check_val_every_n_epoch": 2}),
    "no validation": (Program, {"limit_val_batches": 0}),
    "limits": (Program, {"limit_train_batches": 3, "limit_val_batches": 1}),
    "steps": (Program, {"max_epochs": -1, "max_steps": 5}),
    "development": (Program, {"fast_dev_run": 3}),
    "overfit": (Program, {"overfit_batches": 2}),
    "reloading": (Program, {"reload_dataloaders_every_n_epochs": 1}),
    "a dict": (partial(Program, result="dict"), {}),
    "a step without loss": (partial(Program, result="none"), {}),
    "a stream": (Program, {"train": DataLoader(Stream(), 4)}),
    "two validations": (Program, {"val": [loader(8), loader(5)]}),
    "several loaders": (Program, {"train": [loader(8)]}),
    "logging every step": (Program, {"log_every_n_steps": 1}),
    "logging nothing": (Program, {"log_every_n_steps": 0}),
    "no logger": (Program, {"logger": False}),
    "manual": (Adversaries, {}),
    "manual in bf16": (Adversaries, {"precision": "bf16-mixed"}),
    "manual in fp16": (Adversaries, {"precision": "16-mixed"}),
}

HALVES = ("plain", "accumulation", "clipping by norm", "validation within the epoch", "manual")


@pytest.mark.parametrize(
    ("name", "listening"),
    [
        *((name, listening) for name in CASES for listening in ("all", "nobody")),
        *((name, half) for name in HALVES for half in ("callbacks", "module")),
    ],
)
def test_a_lean_run_is_lightnings_run(name: str, listening: str) -> None:
    module, options = CASES[name]
    stock, lean = pair(
        module,
        of_callback=HOOKS if listening in ("all", "callbacks") else (),
        of_module=(*HOOKS[4:], *OF_THE_MODULE) if listening in ("all", "module") else (),
        **options,
    )
    assert (stock["lines"] != []) == (listening != "nobody")
    assert stock == lean


def test_the_loop_is_asked_once_whether_to_validate() -> None:
    asked: list[bool] = []

    def fit(trainer: pl.Trainer, module: pl.LightningModule) -> None:
        loop: Any = trainer.fit_loop.epoch_loop
        stock = loop._should_check_val_fx

        def asking(data_fetcher: Any) -> bool:
            asked.append(stock(data_fetcher))
            return asked[-1]

        loop._should_check_val_fx = asking
        trainer.fit(module, loader(), loader(8))

    stock, lean_run = pair(Program, fit=fit, val_check_interval=2)
    assert stock == lean_run
    assert asked == [False, True] * 8
