import pickle
import random
import shutil
import warnings
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor, nn

from lightning_kit.datamodules.exact import unwrapped
from lightning_kit.datamodules.loader import Batch, BatchLoader


def rows(num_rows: int = 10, **options: Any) -> BatchLoader:
    """Row i holds the number i, so that a batch says which rows it took."""
    settings = {"batch_size": 4, "shuffle": True, "seed": 0} | options
    return BatchLoader(torch.arange(num_rows), torch.arange(num_rows), **settings)


def taken(loader: BatchLoader) -> list[list[int]]:
    return [input.tolist() for input, _ in loader]


def flat(batches: Iterable[list[int]]) -> list[int]:
    return list(chain.from_iterable(batches))


def test_every_row_comes_once_and_the_last_batch_is_smaller() -> None:
    batches = taken(rows(10, batch_size=4))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert sorted(flat(batches)) == list(range(10))
    assert len(rows(10, batch_size=4)) == 3


def test_rows_of_input_and_target_stay_together() -> None:
    loader = BatchLoader(
        torch.arange(20.0).reshape(10, 2), torch.arange(10), batch_size=3, shuffle=True, seed=0
    )
    for input, target in loader:
        torch.testing.assert_close(input[:, 0], 2.0 * target)


def test_without_target_a_batch_is_the_bare_input() -> None:
    batches = list(BatchLoader(torch.arange(3), batch_size=2, shuffle=False, seed=0))
    assert all(isinstance(batch, Tensor) for batch in batches)
    assert [batch.tolist() for batch in batches if isinstance(batch, Tensor)] == [[0, 1], [2]]


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    loader, again, other = rows(100), rows(100), rows(100, seed=1)
    first = taken(loader)
    assert first == taken(loader) == taken(again)
    assert first != taken(other)
    loader.set_epoch(1)
    assert taken(loader) not in (first, taken(other))
    loader.set_epoch(0)
    assert taken(loader) == first


def test_without_shuffle_rows_keep_their_order() -> None:
    assert taken(rows(6, shuffle=False)) == [[0, 1, 2, 3], [4, 5]]


@pytest.mark.parametrize("exact", [False, True])
def test_batches_to_be_pinned_are_gathered_so(exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def pinned_rows(tensor: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        seen.append(len(index))
        return tensor[index]

    monkeypatch.setattr("lightning_kit.datamodules.loader.pinned_rows", pinned_rows)
    input = torch.arange(5)
    options: dict[str, Any] = {"batch_size": 3, "shuffle": True, "seed": 0, "exact": exact}
    plain = [unwrapped(batch) for batch in BatchLoader(input, -input, **options)]
    assert seen == []
    pinned = [unwrapped(batch) for batch in BatchLoader(input, -input, **options, pin=True)]
    assert seen == [3, 3, 2, 2]
    torch.testing.assert_close(pinned, plain)


def test_drop_last_leaves_out_the_smaller_batch() -> None:
    assert [len(batch) for batch in taken(rows(10, drop_last=True))] == [4, 4]


def test_a_batch_changed_in_place_leaves_the_data_alone() -> None:
    for shuffle in (True, False):
        loader = rows(8, shuffle=shuffle)
        for input, target in loader:
            input.zero_()
            target.zero_()
        assert loader.input.tolist() == list(range(8))


def test_the_global_generators_are_left_alone() -> None:
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    taken(rows())
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


@pytest.mark.parametrize("batch_size", [1, 2, 4, 16])
@pytest.mark.parametrize("world_size", [2, 3, 4])
def test_ranks_share_every_batch_evenly(batch_size: int, world_size: int) -> None:
    for num_rows in range(world_size, 40):
        ranks = [
            taken(rows(num_rows, batch_size=batch_size, world_size=world_size, rank=rank))
            for rank in range(world_size)
        ]
        assert len({len(batches) for batches in ranks}) == 1
        for shares in zip(*ranks, strict=True):
            lengths = [len(share) for share in shares]
            assert max(lengths) - min(lengths) <= 1
            assert min(lengths) >= 1
            assert max(lengths) <= max(batch_size, 2)
        assert Counter(flat(map(flat, ranks))) == Counter(range(num_rows))


def test_two_ranks_at_four_see_what_one_sees_at_eight() -> None:
    one = taken(rows(20, batch_size=8))
    two = [taken(rows(20, batch_size=4, world_size=2, rank=rank)) for rank in (0, 1)]
    assert one == [left + right for left, right in zip(*two, strict=True)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1 row, got 0"),
        ({"seed": -1}, "seed must not be negative, got -1"),
        ({"rank": 2, "world_size": 2}, r"rank must be in \[0, world_size=2\), got 2"),
        ({"world_size": 11}, "at least 11 rows for 11 process.* got 10"),
        ({"batch_size": 11, "drop_last": True}, "at least 11 rows .* got 10"),
    ],
)
def test_arguments_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rows(10, **options)


def test_empty_and_unequal_tensors_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 1 rows .* got 0"):
        rows(0)
    with pytest.raises(ValueError, match="target must have the 3 rows of input, got 2"):
        BatchLoader(torch.zeros(3), torch.zeros(2), batch_size=1, shuffle=False, seed=0)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("done", range(4))
def test_the_state_says_where_to_go_on(shuffle: bool, done: int) -> None:
    loader = rows(10, shuffle=shuffle)
    loader.set_epoch(5)
    iterator = iter(loader)
    for _ in range(done):
        next(iterator)
    state = loader.state_dict()
    rest = [batch[0].tolist() for batch in iterator]
    resumed = pickle.loads(pickle.dumps(rows(10, shuffle=shuffle)))
    resumed.load_state_dict(state)
    early = iter(resumed)
    resumed.sampler.set_epoch(5)
    assert resumed.state_dict() == state
    assert [batch[0].tolist() for batch in early] == rest
    assert sum(map(len, taken(resumed))) == 10


def test_another_epoch_begins_at_its_start() -> None:
    loader, fresh = rows(10), rows(10)
    next(iter(loader))
    resumed = rows(10)
    resumed.load_state_dict(loader.state_dict())
    resumed.set_epoch(1)
    fresh.set_epoch(1)
    assert taken(resumed) == taken(fresh)


def test_a_split_epoch_goes_on_with_other_ranks() -> None:
    whole = flat(taken(rows(21, batch_size=4)))
    loader = rows(21, batch_size=4)
    next(iter(loader))
    rest = []
    for rank in (0, 1):
        resumed = rows(21, batch_size=2, world_size=2, rank=rank)
        resumed.load_state_dict(loader.state_dict())
        rest += taken(resumed)
    assert sorted(flat(rest)) == sorted(whole[4:])


def test_going_on_in_another_order_warns() -> None:
    loader = rows(10)
    next(iter(loader))
    for options in ({"batch_size": 5}, {"seed": 1}, {"num_rows": 11}):
        resumed = rows(**options)
        resumed.load_state_dict(loader.state_dict())
        with pytest.warns(UserWarning, match="some samples come twice or not at all"):
            taken(resumed)
        resumed.load_state_dict(loader.state_dict())
        resumed.set_epoch(1)
        taken(resumed)


class Net(pl.LightningModule):
    """Notes the targets it trained on; knows nothing of the kit."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)
        self.seen: list[tuple[int, list[float]]] = []

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        input, target = batch
        self.seen.append((self.current_epoch, target.flatten().tolist()))
        return nn.functional.mse_loss(self.layer(input), target)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.log("loss", nn.functional.mse_loss(self.layer(batch[0]), batch[1]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.1)


def fit(root: Path, checkpoint: ModelCheckpoint, ckpt_path: Path | None, **options: Any) -> Net:
    generator = torch.Generator().manual_seed(0)
    input = torch.randn(22, 3, generator=generator)
    target = torch.arange(22.0).unsqueeze(1)
    torch.manual_seed(0)
    net = Net()
    trainer = pl.Trainer(
        default_root_dir=root,
        accelerator="cpu",
        callbacks=[checkpoint],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **({"max_epochs": 3} | options),
    )
    settings: dict[str, Any] = {"batch_size": 4, "seed": 0}
    trainer.fit(
        net,
        BatchLoader(input, target, shuffle=True, **settings),
        BatchLoader(input, target, shuffle=False, **settings),
        ckpt_path=ckpt_path,
        weights_only=True,
    )
    return net


SAVES: dict[str, dict[str, Any]] = {
    "every step": {"every_n_train_steps": 1},
    "end of the training epoch": {"save_on_train_epoch_end": True},
    "end of validation": {"save_on_train_epoch_end": False},
}
RUNS: dict[str, dict[str, Any]] = {
    "whole epochs": {},
    "limited epochs": {"limit_train_batches": 4},
    "validation in the middle": {"val_check_interval": 2},
    "accumulation": {"accumulate_grad_batches": 2},
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("save", SAVES)
def test_a_resumed_run_is_the_uninterrupted_one(save: str, run: str, tmp_path: Path) -> None:
    """Resume from every checkpoint of a run: the same batches, the same weights to the bit."""
    folder = tmp_path / "checkpoints"

    def run_from(ckpt_path: Path | None) -> Net:
        keep_all = ModelCheckpoint(folder, save_top_k=-1, **SAVES[save])
        return fit(tmp_path, keep_all, ckpt_path, **RUNS[run])

    whole = run_from(None)
    checkpoints = sorted(folder.rename(tmp_path / "whole").glob("*.ckpt"))
    assert len(checkpoints) >= 3
    for path in checkpoints:
        resumed = run_from(path)
        shutil.rmtree(folder, ignore_errors=True)
        assert resumed.seen == whole.seen[len(whole.seen) - len(resumed.seen) :], path.name
        for name, weight in whole.state_dict().items():
            assert torch.equal(weight, resumed.state_dict()[name]), path.name


@pytest.mark.parametrize("shuffle", [True, False])
def test_overfitting_does_not_warn_about_a_loader_in_order(shuffle: bool, tmp_path: Path) -> None:
    trainer = pl.Trainer(
        default_root_dir=tmp_path,
        accelerator="cpu",
        max_epochs=1,
        overfit_batches=2,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    loader = BatchLoader(
        torch.zeros(8, 3), torch.zeros(8, 1), batch_size=2, shuffle=shuffle, seed=0
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.fit(Net(), loader)
    assert any("requested to overfit" in str(warning.message) for warning in caught) is shuffle


@pytest.mark.parametrize(
    ("given", "num_batches", "expected"),
    [
        (2, 1, 4),
        (2, 2, 8),
        (2, 0, 8),
        (2, 3, 8),
        (3, 2, 8),
        (1, 0, 0),
        (0, 0, 0),
        (3, 3, 10),
        # Beside a longer one it goes round again.
        (1, 3, 0),
        (2, 4, 4),
        (3, 5, 8),
        (1, 4, 4),
        (3, 6, 10),
    ],
)
def test_a_batch_is_taken_back_only_where_it_came_last(
    given: int, num_batches: int, expected: int
) -> None:
    loader = BatchLoader(torch.arange(10), batch_size=4, shuffle=True, seed=0)
    batches = iter(loader)
    for _ in range(given):
        next(batches)
    loader.take_back(num_batches)
    assert loader.state_dict()["sample"] == expected
