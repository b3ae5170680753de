"""Gradients that are looked at, dropped and poisoned without reading the device."""

import pytest
import torch
from torch import nn

from lightning_kit.callbacks.finite_gradients import drop_gradients, finite_gradients, poison_if


def parameter(*gradient: float) -> nn.Parameter:
    made = nn.Parameter(torch.zeros(len(gradient)))
    made.grad = torch.tensor(gradient)
    return made


@pytest.mark.parametrize(
    ("gradients", "finite"),
    [
        ([parameter(1.0, 2.0), parameter(3.0)], True),
        # Their squares, and their sum, would overflow.
        ([parameter(3e38, 3e38), parameter(3e38)], True),
        ([parameter(1.0), parameter(1.0, torch.nan)], False),
        ([parameter(1.0), parameter(-torch.inf)], False),
        ([parameter(1.0), nn.Parameter(torch.zeros(2)), parameter()], True),
    ],
)
def test_finite(gradients: list[nn.Parameter], finite: bool) -> None:
    found = finite_gradients(gradients)
    assert found is not None
    assert bool(found) is finite


def test_no_gradients() -> None:
    assert finite_gradients([nn.Parameter(torch.zeros(2))]) is None


def test_sparse_gradients() -> None:
    table = nn.Embedding(4, 2, sparse=True)
    table(torch.tensor([1, 1])).sum().backward()
    good = finite_gradients(table.parameters())
    table.zero_grad()
    (table(torch.tensor([1])) * torch.inf).sum().backward()
    bad = finite_gradients(table.parameters())
    assert (bool(good), bool(bad)) == (True, False)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9, weight_decay=0.1),
        lambda parameters: torch.optim.Adam(parameters, 0.1, weight_decay=0.1, amsgrad=True),
        lambda parameters: torch.optim.AdamW(parameters, 0.1, foreach=True),
        lambda parameters: torch.optim.AdamW(parameters, 0.1, fused=True),
        lambda parameters: torch.optim.RMSprop(parameters, 0.1, momentum=0.9, weight_decay=0.1),
        lambda parameters: torch.optim.Adagrad(parameters, 0.1, weight_decay=0.1),
        lambda parameters: torch.optim.LBFGS(parameters, 0.1),
    ],
)
def test_a_step_without_gradients_changes_no_weight_and_no_state(optimizer: object) -> None:
    module = nn.Linear(3, 2)
    built: torch.optim.Optimizer = optimizer(module.parameters())  # type: ignore[operator]

    def closure() -> float:
        return 0.0

    module(torch.ones(1, 3)).sum().backward()
    built.step(closure)
    weights = [each.detach().clone() for each in module.parameters()]
    moments = {
        (id(key), name): value.clone()
        for key, state in built.state.items()
        for name, value in state.items()
        if isinstance(value, torch.Tensor) and name != "prev_flat_grad"
    }
    drop_gradients(module.parameters())
    built.step(closure)
    assert all(torch.equal(*pair) for pair in zip(weights, module.parameters(), strict=True))
    for key, state in built.state.items():
        for name, value in state.items():
            if (id(key), name) in moments:
                assert torch.equal(value, moments[id(key), name]), name


@pytest.mark.parametrize("finite", [True, False])
def test_a_bad_loss_poisons_its_gradients_and_a_good_one_not(finite: bool) -> None:
    weight = nn.Parameter(torch.tensor([2.0]))
    loss = (weight * 3.0).sum() + (0.0 if finite else torch.nan)
    poison_if(torch.isfinite(loss.detach()), loss)
    torch.autograd.backward(loss)
    assert weight.grad is not None
    # The NaN is a constant: without the poison the gradient would be 3 in both.
    assert torch.equal(weight.grad, torch.tensor([3.0])) is finite
    assert bool(weight.grad.isnan().all()) is not finite
