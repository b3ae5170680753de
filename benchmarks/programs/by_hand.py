"""The seed program as a careful engineer writes it, without any trainer."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from benchmarks.harness.same_work import Outcome
from benchmarks.programs.seed import EVERY_N_STEPS, KEYS, Seed, copied, metrics, read_scores


class BestTwo:
    """The two best checkpoints, each with all that a run can go on from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: list[tuple[float, Path]] = []

    def save(self, score: float, epoch: int, state: Callable[[], dict[str, Any]]) -> None:
        if len(self.kept) == 2 and score <= min(self.kept)[0]:
            return
        path = self.folder / f"epoch={epoch}.pt"
        torch.save({"epoch": epoch, **state()}, path)
        self.kept.append((score, path))
        if len(self.kept) > 2:
            worst = min(self.kept)
            self.kept.remove(worst)
            worst[1].unlink()


class Stopper:
    """Early stopping."""

    def __init__(self, patience: int) -> None:
        self.patience, self.best, self.waited = patience, float("-inf"), 0

    def stops(self, score: float) -> bool:
        better = score > self.best
        self.best = max(score, self.best)
        self.waited = 0 if better else self.waited + 1
        return self.waited >= self.patience


def by_hand(seed: Seed, folder: Path, boundary: Callable[[], None]) -> Outcome:
    """Fit; over several processes through torch's DDP."""
    folder.mkdir(parents=True)
    is_first = seed.rank == 0
    net = seed.model()
    model = DistributedDataParallel(net) if seed.world_size > 1 else net
    optimizer = seed.adam(model.parameters())
    train, val = seed.loaders(boundary)
    (train_accuracy, train_f1), (val_accuracy, val_f1) = metrics(), metrics()
    best, stopper = BestTwo(folder), Stopper(seed.epochs)
    step = 0

    def state() -> dict[str, Any]:
        return {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step}

    with (folder / "metrics.csv").open("w", newline="") as file:
        log = csv.DictWriter(file, ("epoch", "step", *KEYS))
        log.writeheader()
        for epoch in range(seed.epochs):
            model.train()
            total, rows = torch.zeros(()), 0
            for input, target in train:
                logits = model(input)
                loss = nn.functional.cross_entropy(logits, target)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                step += 1
                logits, loss = logits.detach(), loss.detach()
                total.add_(loss, alpha=len(target))
                rows += len(target)
                train_accuracy.update(logits, target)
                train_f1.update(logits, target)
                if is_first and step % EVERY_N_STEPS == 0:
                    log.writerow({"epoch": epoch, "step": step, "train/loss_step": loss.item()})
            val_loss = validate(model, val, val_accuracy, val_f1)
            scores = {
                "train/loss": mean_over_ranks(total, rows),
                "train/accuracy": train_accuracy.compute().item(),
                "train/f1": train_f1.compute().item(),
                "val/loss": val_loss,
                "val/accuracy": val_accuracy.compute().item(),
                "val/f1": val_f1.compute().item(),
            }
            for metric in (train_accuracy, train_f1, val_accuracy, val_f1):
                metric.reset()
            if is_first:
                log.writerow({"epoch": epoch, "step": step, **scores})
                file.flush()
                best.save(scores["val/f1"], epoch, state)
            if stopper.stops(scores["val/f1"]):
                break
    kept = sorted(int(path.stem.partition("=")[2]) for _, path in best.kept)
    return Outcome(copied(net), read_scores(folder / "metrics.csv"), kept)


def mean_over_ranks(total: Tensor, rows: int) -> float:
    """Return the mean over the rows of all ranks; torchmetrics' values are of all ranks, too."""
    sums = torch.stack([total, torch.tensor(float(rows))])
    if dist.is_initialized():
        dist.all_reduce(sums)
    return (sums[0] / sums[1]).item()


def validate(model: nn.Module, val: Any, accuracy: Any, f1: Any) -> float:
    """Update the metrics, and return the mean loss."""
    model.eval()
    total, rows = torch.zeros(()), 0
    with torch.inference_mode():
        for input, target in val:
            logits = model(input)
            total += nn.functional.cross_entropy(logits, target) * len(target)
            rows += len(target)
            accuracy.update(logits, target)
            f1.update(logits, target)
    return mean_over_ranks(total, rows)
