"""Random stacks of common layers, each with inputs for it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from programs.exported import trained
from torch import Tensor, nn

ACTIVATIONS: tuple[Callable[[], nn.Module], ...] = (
    nn.ReLU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.ELU, nn.LeakyReLU, nn.Softplus,
    nn.Hardswish, nn.Mish, nn.SELU,
)  # fmt: skip


class Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, input: Tensor) -> Tensor:
        return input + self.inner(input)  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Over the features, as if they were positions."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, input: Tensor) -> Tensor:
        # Not `len(input)`, which fixes the batch in a program.
        tokens = input.reshape(input.shape[0], -1, 4)
        answer: Tensor = self.attention(tokens, tokens, tokens, need_weights=False)[0].flatten(1)
        return answer


def random_model(seed: int) -> tuple[nn.Module, dict[str, Any]]:
    """Return a module in training mode, and seven rows for it."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    pictures = bool(random.integers(2))
    module = _pictures(random) if pictures else _features(random)
    shape = (7, 3, 12, 12) if pictures else (7, 8)
    return trained(module), {"input": random.normal(size=shape).astype(np.float32)}


def _pick(random: np.random.Generator, makers: Any) -> nn.Module:
    module: nn.Module = makers[random.integers(len(makers))]()
    return module


def _features(random: np.random.Generator) -> nn.Module:
    width = 8
    layers: list[nn.Module] = []
    for _ in range(random.integers(1, 5)):
        wide = int(4 * random.integers(1, 7))
        layers += [nn.Linear(width, wide, bias=bool(random.integers(2)))]
        width = wide
        layers += [_pick(random, _feature_layers(width)) for _ in range(random.integers(0, 4))]
    return nn.Sequential(*layers, nn.Linear(width, int(random.integers(1, 5))))


def _feature_layers(width: int) -> tuple[Callable[[], nn.Module], ...]:
    return (
        *ACTIVATIONS,
        lambda: nn.Dropout(0.5),
        lambda: nn.BatchNorm1d(width),
        lambda: nn.LayerNorm(width),
        lambda: nn.GroupNorm(2, width),
        lambda: Residual(nn.Linear(width, width)),
        lambda: Residual(nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU())),
        Attention,
    )


def _pictures(random: np.random.Generator) -> nn.Module:
    channels = 3
    layers: list[nn.Module] = []
    for _ in range(random.integers(1, 4)):
        wide = int(4 * random.integers(1, 4))
        layers += [nn.Conv2d(channels, wide, int(random.integers(1, 4)), padding=1)]
        channels = wide
        layers += [_pick(random, _picture_layers(channels)) for _ in range(random.integers(0, 4))]
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(int(random.integers(1, 3))), nn.Flatten(), nn.LazyLinear(3)
    )


def _picture_layers(channels: int) -> tuple[Callable[[], nn.Module], ...]:
    return (
        *ACTIVATIONS,
        lambda: nn.Dropout2d(0.5),
        lambda: nn.BatchNorm2d(channels),
        lambda: nn.GroupNorm(2, channels),
        lambda: nn.InstanceNorm2d(channels),
        lambda: nn.MaxPool2d(3, stride=1, padding=1),
        lambda: nn.AvgPool2d(3, stride=1, padding=1),
        lambda: nn.PReLU(channels),
        lambda: nn.Upsample(scale_factor=2),
        lambda: nn.ConvTranspose2d(channels, channels, 2, stride=2),
        lambda: Residual(nn.Conv2d(channels, channels, 3, padding=1, groups=channels)),
    )
