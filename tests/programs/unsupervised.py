"""Programs that are no supervised loops: their parts, and LightningModules that train them."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional

from lightning_kit.callbacks import end_epoch, fire


def seeded(build: type[nn.Module], *args: Any) -> Any:
    torch.manual_seed(0)
    return build(*args)


class GAN(nn.Module):
    """Learn a normal distribution of two dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
        self.discriminator = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        self.noise = torch.Generator().manual_seed(5)

    def optimizers(self) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
        return (
            torch.optim.Adam(self.discriminator.parameters(), lr=2e-2, betas=(0.5, 0.999)),
            torch.optim.Adam(self.generator.parameters(), lr=1e-2, betas=(0.5, 0.999)),
        )

    def fake(self, num: int) -> Tensor:
        answer: Tensor = self.generator(torch.randn(num, 3, generator=self.noise))
        return answer

    def loss(self, rows: Tensor, truth: float) -> Tensor:
        score = self.discriminator(rows)
        return functional.binary_cross_entropy_with_logits(score, torch.full_like(score, truth))


class GANModule(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.gan: GAN = seeded(GAN)

    def configure_optimizers(self) -> Any:
        return self.gan.optimizers()

    def training_step(self, batch: Any, batch_idx: int) -> dict[str, Tensor]:
        (real,) = batch
        for_discriminator, for_generator = self.optimizers()  # type: ignore[attr-defined]
        fake = self.gan.fake(len(real))
        for_discriminator.zero_grad()
        err_d = self.gan.loss(real, 1.0) + self.gan.loss(fake.detach(), 0.0)
        self.manual_backward(err_d)
        for_discriminator.step()
        for_generator.zero_grad()
        err_g = self.gan.loss(fake, 1.0)
        self.manual_backward(err_g)
        for_generator.step()
        return {"err_d": err_d.detach(), "err_g": err_g.detach()}


class Corridor:
    """Five cells; the way out is at the right end. An action is 0, left, or 1, right."""

    cells = 5

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.at = 1

    def observe(self) -> Tensor:
        return functional.one_hot(torch.tensor(self.at), self.cells).float()

    def step(self, action: int) -> tuple[float, bool]:
        """Return the reward and whether the episode is over."""
        self.at = max(0, self.at + (1 if action else -1))
        done = self.at == self.cells - 1
        return (1.0 if done else -0.1), done


class Policy(nn.Module):
    """Draws actions, keeps an episode and says its loss."""

    solved_at = 0.5

    def __init__(self) -> None:
        super().__init__()
        self.affine = nn.Linear(Corridor.cells, 2)
        self.chance = torch.Generator().manual_seed(2)
        self.log_probs: list[Tensor] = []
        self.rewards: list[float] = []
        self.running_reward = 0.0

    def act(self, state: Tensor) -> int:
        log_probs = self.affine(state).log_softmax(dim=0)
        action = int(torch.multinomial(log_probs.exp().detach(), 1, generator=self.chance))
        self.log_probs.append(log_probs[action])
        return action

    def episode_loss(self) -> Tensor:
        returns: list[float] = []
        value = 0.0
        for reward in reversed(self.rewards):
            value = reward + 0.9 * value
            returns.insert(0, value)
        pairs = zip(self.log_probs, returns, strict=True)
        return torch.stack([-log_prob * value for log_prob, value in pairs]).sum()

    def end_episode(self) -> bool:
        """Forget the episode; return whether enough has been learnt."""
        self.running_reward = 0.8 * self.running_reward + 0.2 * sum(self.rewards)
        self.log_probs, self.rewards = [], []
        return self.running_reward > self.solved_at


class ReinforceModule(pl.LightningModule):
    """A batch is a time step, an epoch is an episode."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.policy: Policy = seeded(Policy)
        self.environment = Corridor()
        self.episodes: list[tuple[int, float]] = []

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=0.05)

    def on_train_epoch_start(self) -> None:
        self.environment.reset()

    def training_step(self, batch: Any, batch_idx: int) -> None:
        reward, done = self.environment.step(self.policy.act(self.environment.observe()))
        self.policy.rewards.append(reward)
        if done:
            end_epoch(self.trainer, validate=False)

    def on_train_epoch_end(self) -> None:
        optimizer: Any = self.optimizers()
        optimizer.zero_grad()
        loss = self.policy.episode_loss()
        self.manual_backward(loss)
        optimizer.step()
        self.episodes.append((len(self.policy.rewards), loss.item()))
        if self.policy.end_episode():
            fire(self.trainer, "solved")


class MeanTeacher(nn.Module):
    """A student that learns from labels and from its own average, the teacher."""

    def __init__(self) -> None:
        super().__init__()
        self.student = nn.Linear(3, 2)
        self.noise = torch.Generator().manual_seed(9)

    def loss(self, teacher: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        input, target = batch
        rough = input + 0.1 * torch.randn(input.shape, generator=self.noise)
        answer = self.student(input)
        with torch.no_grad():
            wanted = teacher(rough).softmax(dim=1)
        classification = functional.cross_entropy(answer, target)
        return classification, functional.mse_loss(answer.softmax(dim=1), wanted)


class MeanTeacherModule(pl.LightningModule):
    def __init__(self, momentum: float) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.momentum = momentum
        self.both: MeanTeacher = seeded(MeanTeacher)
        self.teacher: MeanTeacher = seeded(MeanTeacher).requires_grad_(False)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.both.parameters(), lr=0.1)

    def training_step(self, batch: Any, batch_idx: int) -> dict[str, Tensor]:
        optimizer: Any = self.optimizers()
        classification, consistency = self.both.loss(self.teacher.student, batch)
        optimizer.zero_grad()
        self.manual_backward(classification + consistency)
        optimizer.step()
        with torch.no_grad():
            pairs = zip(self.teacher.parameters(), self.both.parameters(), strict=True)
            for average, weight in pairs:
                average.mul_(1.0 - self.momentum).add_(weight, alpha=self.momentum)
        return {"classification": classification.detach(), "consistency": consistency.detach()}
