"""Batches one by one, or an epoch's mean."""

import torch

from lightning_kit.callbacks.averaged import Averaged


def test_over_batches() -> None:
    average = Averaged(0.5, by_epoch=False)
    assert average.value is None
    for value in (4.0, 2.0, None):
        average.update(value)
    average.end_epoch()
    assert average.value == 3.0


def test_over_the_means_of_epochs() -> None:
    average = Averaged(0.5, by_epoch=True)
    first = torch.tensor(1.0)
    for value in (first, torch.tensor(3.0)):
        average.update(value)
        assert average.state_dict()["average"] == {"value": None}
    average.end_epoch()
    average.end_epoch()
    average.update(4.0)
    average.end_epoch()
    # 0.5 * 2 + 0.5 * 4; the epoch without a value is none.
    assert average.value == 3.0
    assert first == 1.0


def test_half_precision_is_summed_wide() -> None:
    average = Averaged(0.5, by_epoch=True)
    for _ in range(300):
        average.update(torch.tensor(1.0, dtype=torch.bfloat16))
    average.end_epoch()
    # In bfloat16 the sum would stop at 256.
    assert average.value == 1.0


def test_its_state_is_all_of_it() -> None:
    average, other = Averaged(0.5, by_epoch=True), Averaged(0.5, by_epoch=True)
    for value in (1.0, 3.0):
        average.update(value)
        average.end_epoch()
    average.update(7.0)
    other.load_state_dict(average.state_dict())
    other.end_epoch()
    assert (other.value, other.asked) == (4.5, True)
    other.reset()
    assert (other.value, other.asked) == (None, False)
