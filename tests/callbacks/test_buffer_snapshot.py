"""Undo what a forward pass did to buffers."""

import torch
from torch import nn

from lightning_kit.callbacks.buffer_snapshot import BufferSnapshot


def test_buffers_come_back_in_place_and_parameters_do_not() -> None:
    module = nn.BatchNorm1d(2)
    module.register_buffer("passing", torch.zeros(1), persistent=False)
    before = {name: value.clone() for name, value in module.named_buffers()}
    places = [value.data_ptr() for value in module.buffers()]
    snapshot = BufferSnapshot(module)
    module(torch.full((4, 2), torch.nan))
    module.get_buffer("passing").fill_(3.0)
    with torch.no_grad():
        module.weight.fill_(2.0)
    snapshot.restore(module)
    for name, value in module.named_buffers():
        assert torch.equal(value, before[name]), name
    assert [value.data_ptr() for value in module.buffers()] == places
    assert module.weight.tolist() == [2.0, 2.0]


def test_a_buffer_of_another_shape_is_left_alone() -> None:
    module = nn.Module()
    module.register_buffer("queue", torch.zeros(2))
    snapshot = BufferSnapshot(module)
    module.register_buffer("queue", torch.ones(3))
    snapshot.restore(module)
    assert module.get_buffer("queue").tolist() == [1.0, 1.0, 1.0]
