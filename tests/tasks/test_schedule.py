import pytest
import torch
from pytorch_lightning.cli import ReduceLROnPlateau
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.optim.lr_scheduler import ReduceLROnPlateau as TorchReduceLROnPlateau

from lightning_kit.tasks import Schedule


@pytest.fixture
def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def test_interval_frequency_and_monitor_reach_lightning(optimizer: torch.optim.Optimizer) -> None:
    schedule = Schedule(lambda o: CosineAnnealingLR(o, T_max=10), "step", 3, "val/loss")
    settings = schedule.attach(optimizer)["lr_scheduler"]
    assert isinstance(settings.pop("scheduler"), CosineAnnealingLR)
    assert settings == {"interval": "step", "frequency": 3, "monitor": "val/loss"}


def test_no_schedule_is_the_optimizer_alone(optimizer: torch.optim.Optimizer) -> None:
    assert Schedule().attach(optimizer) == {"optimizer": optimizer}


def test_plateau_needs_a_key(optimizer: torch.optim.Optimizer) -> None:
    with pytest.raises(ValueError, match="set lr_scheduler_monitor"):
        Schedule(TorchReduceLROnPlateau).attach(optimizer)
    given = Schedule(TorchReduceLROnPlateau, monitor="val/loss").attach(optimizer)
    assert given["lr_scheduler"]["monitor"] == "val/loss"


def test_lightnings_plateau_brings_its_key(optimizer: torch.optim.Optimizer) -> None:
    schedule = Schedule(lambda o: ReduceLROnPlateau(o, monitor="val/f1"))
    assert schedule.attach(optimizer)["lr_scheduler"]["monitor"] == "val/f1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval": "step"}, "lr_scheduler_interval='step' has no effect without lr_scheduler"),
        ({"frequency": 2}, "lr_scheduler_frequency=2 has no effect"),
        ({"monitor": "val/loss"}, "lr_scheduler_monitor='val/loss' has no effect"),
        ({"build": TorchReduceLROnPlateau, "frequency": 0}, "at least 1, got 0"),
        ({"build": TorchReduceLROnPlateau, "interval": "day"}, "'epoch' or 'step', got 'day'"),
    ],
)
def test_options_without_effect_or_out_of_range_are_refused(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Schedule(**options)  # type: ignore[arg-type]
