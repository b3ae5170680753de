"""Two small networks against each other, driven by hand and by manual optimization."""

import csv
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from benchmarks.harness.same_work import Outcome
from benchmarks.programs.seed import (
    BATCH,
    EVERY_N_STEPS,
    Batches,
    Epochs,
    Seed,
    copied,
    read_scores,
)
from benchmarks.programs.with_lightning import trainer_for
from lightning_kit.loops import lean

WIDTH, HIDDEN = 64, 128
GAN_KEYS = ("loss/generator", "loss/discriminator", "score/real", "score/fake")


def networks() -> tuple[nn.Module, nn.Module]:
    """Return the generator and the discriminator."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return (
            nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH)),
            nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1)),
        )


def batches(seed: Seed, boundary: Callable[[], None]) -> Epochs:
    rows = torch.randn(BATCH * seed.train_batches, WIDTH, generator=torch.Generator())
    return Epochs(Batches(rows, torch.zeros(len(rows)), seed=1), boundary)


def losses_of_the_discriminator(
    discriminator: nn.Module, real: Tensor, fake: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the loss, and the mean scores of real and of made-up rows."""
    on_real, on_fake = discriminator(real), discriminator(fake.detach())
    loss = nn.functional.softplus(-on_real).mean() + nn.functional.softplus(on_fake).mean()
    return loss, on_real.detach().mean(), on_fake.detach().mean()


def loss_of_the_generator(discriminator: nn.Module, fake: Tensor) -> Tensor:
    return nn.functional.softplus(-discriminator(fake)).mean()


def gan_by_hand(seed: Seed, folder: Path, boundary: Callable[[], None]) -> Outcome:
    """Fit, as Lightning's manual optimization has it, without a trainer."""
    folder.mkdir(parents=True)
    generator, discriminator = networks()
    first, second = seed.adam(generator.parameters()), seed.adam(discriminator.parameters())
    noise = torch.Generator().manual_seed(0)
    step = 0
    with (folder / "metrics.csv").open("w", newline="") as file:
        log = csv.DictWriter(file, ("epoch", "step", *GAN_KEYS))
        log.writeheader()
        rows = batches(seed, boundary)
        for epoch in range(seed.epochs):
            for real, _ in rows:
                fake = generator(torch.randn(len(real), WIDTH, generator=noise))
                loss, on_real, on_fake = losses_of_the_discriminator(discriminator, real, fake)
                second.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                second.step()
                its_loss = loss_of_the_generator(discriminator, fake)
                first.zero_grad()
                its_loss.backward()  # type: ignore[no-untyped-call]
                first.step()
                step += 1
                if step % EVERY_N_STEPS == 0:
                    logged = (its_loss, loss, on_real, on_fake)
                    values = dict(zip(GAN_KEYS, (value.item() for value in logged), strict=True))
                    log.writerow({"epoch": epoch, "step": step, **values})
            file.flush()
    return _outcome(folder, generator, discriminator)


class GAN(pl.LightningModule):
    """What a user writes after reading Lightning's page on manual optimization."""

    def __init__(self, seed: Seed) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.adam = seed.adam
        self.generator, self.discriminator = networks()
        self.noise = torch.Generator().manual_seed(0)

    def training_step(self, batch: Any, batch_idx: int) -> None:
        first, second = self.optimizers()  # type: ignore[attr-defined]
        real, _ = batch
        fake = self.generator(torch.randn(len(real), WIDTH, generator=self.noise))
        loss, on_real, on_fake = losses_of_the_discriminator(self.discriminator, real, fake)
        second.zero_grad()
        self.manual_backward(loss)
        second.step()
        its_loss = loss_of_the_generator(self.discriminator, fake)
        first.zero_grad()
        self.manual_backward(its_loss)
        first.step()
        self.log("loss/generator", its_loss)
        self.log("loss/discriminator", loss)
        self.log("score/real", on_real)
        self.log("score/fake", on_fake)

    def configure_optimizers(self) -> Any:
        modules = self.generator, self.discriminator
        return [self.adam(module.parameters()) for module in modules], []


def _gan(seed: Seed, folder: Path, boundary: Callable[[], None], *, is_lean: bool) -> Outcome:
    trainer = trainer_for(seed, folder, [], enable_checkpointing=False)
    module = GAN(seed)
    (lean(trainer) if is_lean else trainer).fit(module, batches(seed, boundary))
    return _outcome(folder, module.generator, module.discriminator)


gan_stock = partial(_gan, is_lean=False)
gan_lean = partial(_gan, is_lean=True)


def _outcome(folder: Path, generator: nn.Module, discriminator: nn.Module) -> Outcome:
    scores = read_scores(folder / "metrics.csv", GAN_KEYS)
    return Outcome([*copied(generator), *copied(discriminator)], scores)
