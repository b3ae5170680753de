"""Batches gathered whole, by index, from tensors that lie in memory."""

import warnings
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, final

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import SequentialSampler

from lightning_kit.datamodules.exact import wrapped
from lightning_kit.datamodules.gather import pinned_rows, rows

Batch = tuple[Tensor, Tensor] | Tensor


@final
class BatchLoader:
    """Iterate over ``(input, target)`` batches, or bare ``input`` ones where there is no target.

    An epoch's order depends on ``seed`` and the epoch alone, and the global random state is left
    as it was. All ranks together take ``batch_size * world_size`` consecutive samples of it a
    batch, so two ranks at 16 see what one sees at 32. Every rank yields the same number of
    batches, no sample comes twice, and ranks differ by one row at most in any batch. For that,
    rows too few to go round move into the last two batches; only at ``batch_size=1`` may they
    make the last batch of some ranks one row larger.

    Like ``DistributedSampler``, it repeats an epoch until :meth:`set_epoch` names another.
    Lightning calls that through :attr:`sampler`, and keeps :meth:`state_dict` in checkpoints. An
    iterator reads the epoch and the position at its first batch: Lightning makes it earlier.

    Args:
        input: Shape ``(N, ...)``.
        target: Shape ``(N, ...)``, or None.
        batch_size: Rows of one rank's batch.
        shuffle: Take the samples in a new order each epoch, else in their own.
        seed: Not negative. Without ``shuffle`` nothing is drawn from it.
        rank: This process, in ``[0, world_size)``.
        world_size: Number of processes that share the samples.
        drop_last: Leave out the last batch where it would be smaller.
        exact: Hold each tensor in an :class:`.Exact`.
        pin: Put each batch into page-locked memory, from which a CUDA device copies while the
            program goes on; for tensors on the CPU.

    Raises:
        ValueError: If an argument is out of range, lengths differ, or a rank would get no batch.
    """

    def __init__(
        self,
        input: Tensor,
        target: Tensor | None = None,
        *,
        batch_size: int,
        shuffle: bool,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
        exact: bool = False,
        pin: bool = False,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1 row, got {batch_size}")
        if seed < 0:
            raise ValueError(f"seed must not be negative, got {seed}")
        if not 0 <= rank < world_size:
            raise ValueError(f"rank must be in [0, world_size={world_size}), got {rank}")
        if target is not None and len(target) != len(input):
            raise ValueError(f"target must have the {len(input)} rows of input, got {len(target)}")
        self.input = input
        self.target = target
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.drop_last = drop_last
        self.exact = exact
        self._gather = pinned_rows if pin else rows
        self.epoch = 0
        self._sample = 0  # of all ranks together
        self._resuming = False
        self._saved_order: dict[str, int] = {}
        # Lightning's `overfit_batches` takes any other kind of sampler for a shuffling one.
        self.sampler = self if shuffle else _InOrder(self)
        # Its DeepSpeed strategy reads the batch size there.
        self.batch_sampler = self
        self._num_batches = len(self._global_sizes(len(input)))
        if not self._num_batches:
            least = self.batch_size * world_size if drop_last else world_size
            raise ValueError(
                f"input must have at least {least} rows for {world_size} process(es) at"
                f" batch_size {batch_size} and drop_last {drop_last}, got {len(input)}"
            )

    def __len__(self) -> int:
        return self._num_batches

    def __iter__(self) -> Iterator[Batch]:
        if not self._resuming:
            self._sample = 0
        elif self._sample and self._saved_order != self._order():
            self._warn_of_other_order()
        self._resuming = False
        start, order, gather = self._sample, self._permutation(), self._gather
        for size in self._global_sizes(len(self.input) - start):
            first, last = (start + size * r // self.world_size for r in (self.rank, self.rank + 1))
            index = order[first:last]
            start = self._sample = start + size
            input = gather(self.input, index)
            batch = input if self.target is None else (input, gather(self.target, index))
            yield wrapped(batch) if self.exact else batch

    def set_epoch(self, epoch: int) -> None:
        """Take the order of ``epoch`` (0-based); one that differs begins at its first sample."""
        if epoch != self.epoch:
            self.epoch, self._sample, self._resuming = epoch, 0, False

    def state_dict(self) -> dict[str, int]:
        """Say the epoch, and how many of its samples all ranks together have been given."""
        return {"epoch": self.epoch, "sample": self._sample, **self._order()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Let the next iterator go on from there, if it is for the same epoch."""
        saved = dict(state_dict)
        self.epoch, self._sample = saved.pop("epoch"), saved.pop("sample")
        self._saved_order, self._resuming = saved, True

    def take_back(self, num_batches: int) -> None:
        """Give the batch behind the epoch's first ``num_batches`` again, if it came last.

        For a resume behind a batch that was broken off: the position counts it as given. Beside a
        longer loader this one may have gone round within the epoch.
        """
        ends = [0, *accumulate(self._global_sizes(len(self.input)))]
        if self._num_batches > 1:
            num_batches %= self._num_batches
        if ends[num_batches + 1 : num_batches + 2] == [self._sample]:
            self._sample = ends[num_batches]

    def _global_sizes(self, rows: int) -> list[int]:
        """Return the rows of each batch, all ranks together, for the last ``rows`` samples."""
        step = self.batch_size * self.world_size
        full, rest = divmod(max(rows, 0), step)
        if rest == 0 or self.drop_last:
            return [step] * full
        if rest >= self.world_size:
            return [step] * full + [rest]
        if not full:
            return []
        if self.batch_size == 1:
            return [step] * (full - 1) + [step + rest]
        return [step] * (full - 1) + [step + rest - self.world_size, self.world_size]

    def _permutation(self) -> Tensor:
        if not self.shuffle:
            return torch.arange(len(self.input), device=self.input.device)
        # A plain `seed + epoch` would give seed 0 at epoch 1 the order of seed 1 at epoch 0.
        mixed = np.random.SeedSequence([self.seed, self.epoch]).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(mixed[0]))
        return torch.randperm(len(self.input), generator=generator).to(self.input.device)

    def _order(self) -> dict[str, int]:
        """Return what an epoch's order and its cuts depend on, beside the epoch."""
        step = self.batch_size * self.world_size
        return {"num_samples": len(self.input), "seed": self.seed, "global_batch_size": step}

    def _warn_of_other_order(self) -> None:
        if self.rank == 0:
            warnings.warn(
                f"epoch {self.epoch} was left at sample {self._sample} with {self._saved_order} and"
                f" goes on with {self._order()}: some samples come twice or not at all in it;"
                " set these back, or resume from a checkpoint at the end of an epoch",
                stacklevel=3,
            )


@final
class _InOrder(SequentialSampler):
    """Pass on the epoch to a loader that does not shuffle."""

    def __init__(self, loader: BatchLoader) -> None:
        super().__init__(loader.input)
        self.set_epoch = loader.set_epoch
