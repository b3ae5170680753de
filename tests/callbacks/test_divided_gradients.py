"""Gradients are divided where they are: of any type and layout, infinity makes them 0."""

import torch

from lightning_kit.callbacks.divided_gradients import divide_gradients


def test_every_group_in_place_and_those_without_a_gradient_left() -> None:
    parameters = [torch.nn.Parameter(torch.ones(3, dtype=kind)) for kind in KINDS]
    without = torch.nn.Parameter(torch.ones(2))
    for parameter in parameters:
        parameter.grad = torch.full_like(parameter, 6)
    gradients = [parameter.grad for parameter in parameters]
    groups = [{"params": parameters[:1]}, {"params": [*parameters[1:], without]}]
    divide_gradients(torch.optim.SGD(groups, lr=1.0), torch.tensor(4.0))
    for parameter, gradient in zip(parameters, gradients, strict=True):
        assert parameter.grad is gradient
        torch.testing.assert_close(gradient, torch.full_like(parameter, 1.5))
    assert without.grad is None


KINDS = (torch.float32, torch.bfloat16, torch.float16, torch.float64)


def test_infinity_makes_them_zero() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.grad = torch.tensor([1.0, -3.0])
    divide_gradients(torch.optim.SGD([parameter]), torch.tensor(torch.inf))
    assert parameter.grad.tolist() == [0.0, 0.0]


def test_none_at_all() -> None:
    divide_gradients(torch.optim.SGD([torch.nn.Parameter(torch.ones(2))]), torch.tensor(2.0))


def test_sparse_ones() -> None:
    table = torch.nn.Embedding(4, 2, sparse=True)
    table(torch.tensor([1, 1, 3])).sum().backward()
    divide_gradients(torch.optim.SGD(table.parameters()), torch.tensor(4.0))
    assert table.weight.grad is not None
    assert table.weight.grad.to_dense()[:, 0].tolist() == [0.0, 0.5, 0.0, 0.25]
