"""Every global generator goes on where it was, through a checkpoint that holds plain data."""

import io
import random

import numpy as np
import torch

from lightning_kit.runs import random_state


def draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_generators_go_on_where_they_were() -> None:
    draw()
    file = io.BytesIO()
    torch.save(random_state.capture(), file)
    expected = draw(), draw()
    file.seek(0)
    random_state.restore(torch.load(file, weights_only=True))
    assert (draw(), draw()) == expected


def test_a_pending_gaussian_is_kept() -> None:
    random.gauss(0, 1)
    np.random.randn()
    state = random_state.capture()
    expected = random.gauss(0, 1), np.random.randn()
    random_state.restore(state)
    assert (random.gauss(0, 1), np.random.randn()) == expected
