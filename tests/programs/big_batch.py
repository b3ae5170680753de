"""Batches with uneven numbers of valid targets, and the gradient of them all as one big batch."""

from collections.abc import Callable, Iterator
from typing import Any

import pytorch_lightning as pl
import torch
import torch.distributed as dist
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

IGNORED = -100
#: Rows of each batch, and of each row's six tokens how many are valid.
BATCHES = ((4, 6), (4, 1), (4, 2), (3, 5), (4, 1), (4, 6), (2, 3))
Batch = tuple[Tensor, Tensor]


def batches(shape: Any = BATCHES, seed: int = 0) -> list[Batch]:
    generator = torch.Generator().manual_seed(seed)
    made = []
    for rows, valid in shape:
        input = torch.randn(rows, 6, 5, generator=generator)
        target = torch.randint(4, (rows, 6), generator=generator)
        target[:, valid:] = IGNORED
        made.append((input, target))
    return made


class Tokens(pl.LightningModule):
    """A classifier of tokens, which never heard of the kit.

    Args:
        weight: The weight to return, of a batch's targets; None: the bare loss.
    """

    def __init__(self, weight: Callable[[Tensor], Any] | None = None, lr: float = 0.5) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(
            torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 4)
        )
        self.weight, self.lr = weight, lr

    def loss(self, batch: Any) -> Tensor:
        input, target = batch
        logits = self.net(input.to(self.net[0].weight.dtype))
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        loss = self.loss(batch)
        return loss if self.weight is None else {"loss": loss, "weight": self.weight(batch[1])}

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=self.lr)


def num_valid(target: Tensor) -> Tensor:
    return (target != IGNORED).sum()


class Unsized(IterableDataset[Batch]):
    def __init__(self, made: list[Batch]) -> None:
        self.made = made

    def __iter__(self) -> Iterator[Batch]:
        return iter(self.made)


def loader(made: list[Batch], *, sized: bool = True) -> DataLoader[Any]:
    return DataLoader(made if sized else Unsized(made), batch_size=None)  # type: ignore[arg-type]


class Oracle(pl.Callback):
    """Compare gradients, before clipping, with those of the window's batches as one big batch.

    List it last.

    Args:
        loss: The mean loss of a batch.

    Attributes:
        windows: How many batches each window had.
        errors: The relative error of each step's gradient; NaN where it was dropped.
    """

    def __init__(self, loss: Callable[[Any, Batch], Tensor] = Tokens.loss) -> None:
        self.loss = loss
        self.seen: list[Batch] = []
        self.windows: list[int] = []
        self.errors: list[float] = []

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Lightning leaves what an epoch that is skipped has begun.
        self.seen = []

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self.batch = batch

    def on_before_backward(self, *_: Any) -> None:
        self.seen.append(self.batch)

    def on_batch_abandoned(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.seen = []

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        seen, self.seen = self.seen, []
        self.windows.append(len(seen))
        if dist.is_initialized():
            ranks: list[Any] = [None] * dist.get_world_size()
            dist.all_gather_object(ranks, seen)
            seen = [batch for rank in ranks for batch in rank]
        whole = (torch.cat([each[0] for each in seen]), torch.cat([each[1] for each in seen]))
        parameters = list(pl_module.parameters())
        with torch.enable_grad():
            expected = flat(torch.autograd.grad(self.loss(pl_module, whole), parameters))
        if parameters[0].grad is None:
            self.errors.append(float("nan"))
            return
        found = flat([parameter.grad for parameter in parameters])
        self.errors.append(float((found - expected).norm() / expected.norm()))


def flat(tensors: Any) -> Tensor:
    return torch.cat([tensor.detach().double().flatten() for tensor in tensors])
