import pytest
import torch
from torch import nn

from lightning_kit.export.evaluating import evaluating


class Frozen(nn.Module):
    """Stays in evaluation mode whatever it is told, as people freeze parts."""

    def train(self, mode: bool = True) -> "Frozen":
        return super().train(False)


def network() -> nn.Sequential:
    norm, linear, frozen = nn.BatchNorm1d(2).eval(), nn.Linear(2, 2), Frozen()
    linear.requires_grad_(False)
    frozen.training = True
    return nn.Sequential(nn.Dropout(), nn.Sequential(norm, linear), frozen)


def state(module: nn.Module) -> tuple[list[bool], list[bool]]:
    modes = [part.training for part in module.modules()]
    return modes, [parameter.requires_grad for parameter in module.parameters()]


@pytest.mark.parametrize("grad", [True, False])
def test_modes_and_gradients_are_set_and_given_back(grad: bool) -> None:
    module = network()
    before = state(module)
    with torch.set_grad_enabled(grad):
        with evaluating(module):
            assert not any(part.training for part in module.modules())
            assert not torch.is_grad_enabled()
        assert torch.is_grad_enabled() is grad
    assert state(module) == before


def test_an_exception_gives_everything_back() -> None:
    module = network()
    before = state(module)
    with pytest.raises(KeyError), evaluating(module):
        raise KeyError
    assert state(module) == before
    assert torch.is_grad_enabled()


def test_tensors_are_ordinary_ones_in_inference_mode() -> None:
    with torch.inference_mode():
        with evaluating(nn.Linear(1, 1)):
            assert not torch.ones(1).is_inference()
        assert torch.is_inference_mode_enabled()
