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


def test_weights_that_wait_are_counted_in_a_copy_and_before_ranks_are_joined() -> None:
    mean = WeightedMean()
    mean.add(torch.tensor(1.0), 3)
    copied = pickle.loads(pickle.dumps(mean))
    copied.add(torch.tensor(5.0), 1)
    assert copied.compute() == 2.0
    seen: list[float] = []

    def gather(state: torch.Tensor, group: object) -> list[torch.Tensor]:
        seen.append(float(state))
        return [state, state]

    mean.sync(dist_sync_fn=gather, distributed_available=lambda: True)
    assert sorted(seen) == [3.0, 3.0]
    mean.unsync()
    assert mean.compute() == 1.0
