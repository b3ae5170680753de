from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import GradientAccumulationScheduler
from torch import nn

from lightning_kit.tasks.fused import with_fused


def trainer(
    precision: str = "32-true",
    clip: float | None = None,
    accumulate: int = 1,
    later: int | None = None,
) -> Any:
    scheduler = None if later is None else GradientAccumulationScheduler({4: later})
    return SimpleNamespace(
        precision=precision,
        gradient_clip_val=clip,
        accumulate_grad_batches=accumulate,
        callbacks=[scheduler or pl.Callback()],
    )


def is_fused(optimizer: torch.optim.Optimizer) -> bool:
    return all(group.get("fused") is True for group in optimizer.param_groups)


@pytest.mark.parametrize(
    "cls", [torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD, torch.optim.Adagrad]
)
def test_torchs_own_optimizers_are_fused_and_keep_their_settings(
    cls: type[torch.optim.Optimizer],
) -> None:
    model = nn.Linear(3, 2)
    plain = cls([{"params": [model.weight], "lr": 0.5}, {"params": [model.bias]}], lr=0.25)  # type: ignore[call-arg,arg-type]
    fused = with_fused(plain, model, trainer())
    assert is_fused(fused)
    assert type(fused) is cls
    for before, after in zip(plain.param_groups, fused.param_groups, strict=True):
        assert {**before, "fused": True} == after
    model(torch.ones(1, 3)).sum().backward()
    fused.step()


def test_fused_and_plain_steps_agree() -> None:
    models = [nn.Linear(3, 2), nn.Linear(3, 2)]
    models[1].load_state_dict(models[0].state_dict())
    plain, second = (torch.optim.AdamW(model.parameters(), lr=0.1) for model in models)
    optimizers = (plain, with_fused(second, models[1], trainer()))
    for model, optimizer in zip(models, optimizers, strict=True):
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.ones(1, 3)).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(models[0].weight, models[1].weight)


@pytest.mark.parametrize("choice", [{"fused": False}, {"foreach": True}, {"differentiable": True}])
def test_a_choice_of_the_users_stands(choice: dict[str, bool]) -> None:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), **choice)  # type: ignore[arg-type]
    assert with_fused(optimizer, model, trainer()) is optimizer


def test_an_optimizer_of_the_users_is_left_alone() -> None:
    class Mine(torch.optim.AdamW):
        pass

    model = nn.Linear(3, 2)
    optimizer = Mine(model.parameters())
    assert with_fused(optimizer, model, trainer()) is optimizer
    rprop = torch.optim.Rprop(model.parameters())  # torch's own, without a fused kernel
    assert with_fused(rprop, model, trainer()) is rprop


def test_a_device_without_a_kernel_and_sparse_gradients_are_left_alone() -> None:
    meta = nn.Linear(3, 2, device="meta")
    on_meta = torch.optim.AdamW(meta.parameters())
    assert with_fused(on_meta, meta, trainer()) is on_meta
    words = nn.Embedding(3, 2, sparse=True)
    sparse = torch.optim.SGD(words.parameters())
    assert with_fused(sparse, words, trainer()) is sparse


@pytest.mark.parametrize(
    ("options", "fused"),
    [
        ({"clip": 1.0}, True),
        ({"precision": "bf16-mixed"}, True),
        ({"precision": "bf16-mixed", "accumulate": 2}, True),
        ({"precision": "bf16-mixed", "clip": 1.0}, False),
        ({"precision": "16-mixed"}, True),
        ({"precision": "16-mixed", "clip": 1.0}, False),
        ({"precision": "16-mixed", "accumulate": 2}, False),
        ({"precision": "16-mixed", "later": 1}, True),
        ({"precision": "16-mixed", "later": 2}, False),
    ],
)
def test_clipping_does_not_meet_mixed_precision(options: dict[str, Any], fused: bool) -> None:
    model = nn.Linear(3, 2)
    optimizer = with_fused(torch.optim.AdamW(model.parameters()), model, trainer(**options))
    assert is_fused(optimizer) is fused
