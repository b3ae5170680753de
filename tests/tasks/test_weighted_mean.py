import math
import pickle

import torch

from lightning_kit.tasks.weighted_mean import WeightedMean


def test_a_small_last_batch_counts_less() -> None:
    mean = WeightedMean()
    mean.update(torch.tensor(1.0), 24)
    mean.update(torch.tensor(3.0), 8)
    assert mean.compute().item() == 1.5  # (24 + 24) / 32


def test_nan_is_shown_and_forgotten_at_reset() -> None:
    mean = WeightedMean()
    mean.update(torch.tensor(math.nan), 1)
    mean.update(torch.tensor(1.0), torch.tensor(3.0))
    assert mean.compute().isnan()
    mean.reset()
    mean.update(torch.tensor(2.0), 1)
    assert mean.compute().item() == 2.0


def test_nothing_is_kept_of_the_graph() -> None:
    mean = WeightedMean()
    mean.update(torch.ones((), requires_grad=True) * 2, 1)
    assert not mean.total.requires_grad


def test_adding_is_updating() -> None:
    added, updated = WeightedMean(), WeightedMean()
    for value, weight in ((0.1, 3), (0.7, torch.tensor(0.3)), (1e6, 1)):
        added.add(torch.tensor(value), weight)
        updated.update(torch.tensor(value), weight)
        assert torch.equal(added.compute(), updated.compute())
    assert added.update_count == updated.update_count == 3


def test_the_states_are_true_whichever_way_torchmetrics_reads_them() -> None:
    mean, other, kept = WeightedMean(), WeightedMean(), WeightedMean()
    mean.add(torch.tensor(1.0), 4)
    other.add(torch.tensor(3.0), 4)
    copied = pickle.loads(pickle.dumps(mean))
    for each in (mean, kept):
        each.persistent(True)
    kept.load_state_dict(mean.state_dict())
    assert float(kept.total / kept.weight) == 1.0
    assert mean(torch.tensor(3.0), 4) == 3.0
    assert mean.compute() == 2.0
    copied.merge_state(other)
    assert copied.compute() == 2.0


def test_what_inference_mode_added_is_added_to_outside_of_it() -> None:
    mean = WeightedMean()
    with torch.inference_mode():
        mean.reset()
        mean.add(torch.tensor(1.0), 1)
    mean.add(torch.tensor(3.0), 1)
    assert mean.compute() == 2.0
