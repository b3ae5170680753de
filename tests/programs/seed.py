"""The article's program, through Ignite and through Lightning with the kit's task and callbacks."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events, create_supervised_evaluator
from ignite.handlers import Checkpoint, DiskSaver, global_step_from_engine
from ignite.handlers import EarlyStopping as IgniteEarlyStopping
from ignite.metrics import Accuracy, Fbeta, Loss
from programs.traced import QUIET
from torch import Tensor, nn

from lightning_kit.callbacks import EarlyStopping, ModelCheckpoint
from lightning_kit.callbacks.step_loss import step_loss
from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.tasks import ClassificationTask


@dataclass
class Trace:
    """What a run did, step by step and epoch by epoch."""

    losses: list[float] = field(default_factory=list)
    scores: list[dict[str, float]] = field(default_factory=list)
    weights: list[list[Tensor]] = field(default_factory=list)
    files: dict[str, list[Tensor]] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """What is varied."""

    batches: int = 10
    epochs: int = 5
    accumulate: int = 1
    bf16: bool = False
    clip: float | None = None
    seed: int = 13
    rank: int = 0
    world_size: int = 1


def loaders(options: Options) -> tuple[BatchLoader, BatchLoader]:
    """Return rows without anything to learn, so that the score soon stops getting better."""
    generator = torch.Generator().manual_seed(options.seed)
    train = 32 * options.batches * options.world_size
    input = torch.randn(train + 100, 784, generator=generator)
    target = torch.randint(0, 10, (train + 100,), generator=generator)
    common: dict[str, Any] = {
        "batch_size": 32, "seed": 1, "rank": options.rank, "world_size": options.world_size
    }  # fmt: skip
    return (
        BatchLoader(input[:train], target[:train], shuffle=True, **common),
        BatchLoader(input[train:], target[train:], shuffle=False, **common),
    )


def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(28 * 28, 10)


def copied(model: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def through_ignite(options: Options, folder: Path) -> Trace:
    trace, net = Trace(), linear()
    train, val = loaders(options)
    model = nn.parallel.DistributedDataParallel(net) if options.world_size > 1 else net
    # The kit takes torch's fused kernel where it is safe; another one rounds otherwise.
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def update(engine: Engine, batch: Any) -> float:
        model.train()
        input, target = batch
        if (engine.state.iteration - 1) % options.accumulate == 0:
            optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            loss = nn.functional.cross_entropy(model(input), target)
        (loss / options.accumulate).backward()  # type: ignore[no-untyped-call]
        if engine.state.iteration % options.accumulate == 0:
            if options.clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), options.clip)
            optimizer.step()
        return loss.item()

    trainer = Engine(update)
    evaluator = create_supervised_evaluator(
        model, {"loss": Loss(nn.CrossEntropyLoss()), "f1": Fbeta(1), "accuracy": Accuracy()}
    )

    @trainer.on(Events.EPOCH_STARTED)
    def shuffle(engine: Engine) -> None:
        train.set_epoch(engine.state.epoch - 1)

    @trainer.on(Events.ITERATION_COMPLETED)
    def record(engine: Engine) -> None:
        output: Any = engine.state.output
        trace.losses.append(output)

    @trainer.on(Events.EPOCH_COMPLETED)
    def validate(engine: Engine) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            evaluator.run(val)
        trace.scores.append(dict(evaluator.state.metrics))
        trace.weights.append(copied(model))

    def f1(engine: Engine) -> float:
        score: float = engine.state.metrics["f1"]
        return score

    saver = Checkpoint(
        {"model": net},
        DiskSaver(str(folder), require_empty=False),
        score_function=f1,
        score_name="val_f1",
        n_saved=2,
        global_step_transform=global_step_from_engine(trainer),
    )
    evaluator.add_event_handler(Events.COMPLETED, saver)
    evaluator.add_event_handler(Events.COMPLETED, IgniteEarlyStopping(3, f1, trainer))
    trainer.run(train, max_epochs=options.epochs)
    trace.files = saved(folder)
    return trace


class Record(pl.Callback):
    """Fill a trace."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *args: Any
    ) -> None:
        loss = step_loss(trainer, pl_module, outputs)
        assert loss is not None
        self.trace.losses.append(loss.item())

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        names = ("loss", "f1", "accuracy")
        logged = {name: trainer.callback_metrics[f"val/{name}"].item() for name in names}
        self.trace.scores.append(logged)
        self.trace.weights.append(copied(pl_module.model))


def through_the_kit(options: Options, folder: Path, *callbacks: pl.Callback) -> Trace:
    trace = Trace()
    train, val = loaders(options)

    def adam(parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=1e-3)

    trainer = pl.Trainer(
        **{**QUIET, "enable_checkpointing": True},
        max_epochs=options.epochs,
        precision="bf16-mixed" if options.bf16 else "32-true",
        accumulate_grad_batches=options.accumulate,
        gradient_clip_val=options.clip,
        devices=options.world_size if options.world_size > 1 else 1,
        strategy="ddp" if options.world_size > 1 else "auto",
        use_distributed_sampler=False,
        default_root_dir=folder,
        callbacks=[
            Record(trace),
            EarlyStopping("val/f1", mode="max", patience=3),
            ModelCheckpoint(
                folder, monitor="val/f1", mode="max", save_top_k=2, modules=["model"],
                filename_style="ignite",
            ),
            *callbacks,
        ],
    )  # fmt: skip
    trainer.fit(ClassificationTask(linear(), 10, optimizer=adam), train, val)
    trace.files = saved(folder)
    return trace


def saved(folder: Path) -> dict[str, list[Tensor]]:
    """Return the weights in each file, by the file's name."""
    found = {}
    for path in sorted(folder.glob("*.pt")):
        state = torch.load(path, weights_only=True)
        # Ignite writes a single object bare (https://github.com/pytorch/ignite/issues/770).
        found[path.name] = list(state.get("model", state).values())
    return found
