"""The seed program with Ignite's engines, handlers and metrics."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events, create_supervised_evaluator
from ignite.handlers import Checkpoint, DiskSaver, EarlyStopping, global_step_from_engine
from ignite.metrics import Accuracy, Average, Fbeta, Loss
from torch import nn

from benchmarks.harness.same_work import Outcome
from benchmarks.programs.seed import EVERY_N_STEPS, KEYS, Seed, copied, read_scores


def with_ignite(seed: Seed, folder: Path, boundary: Callable[[], None]) -> Outcome:
    """Fit."""
    folder.mkdir(parents=True)
    model = seed.model()
    optimizer = seed.adam(model.parameters())
    train, val = seed.loaders(boundary)

    def update(_: Engine, batch: Any) -> dict[str, Any]:
        model.train()
        input, target = batch
        logits = model(input)
        loss = nn.functional.cross_entropy(logits, target)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return {"loss": loss.detach(), "y_pred": logits.detach(), "y": target}

    def compared(output: Any) -> tuple[Any, Any]:
        return output["y_pred"], output["y"]

    trainer = Engine(update)
    Average(lambda output: output["loss"].item()).attach(trainer, "loss")
    Accuracy(compared).attach(trainer, "accuracy")
    Fbeta(1, output_transform=compared).attach(trainer, "f1")
    evaluator = create_supervised_evaluator(
        model, {"loss": Loss(nn.CrossEntropyLoss()), "accuracy": Accuracy(), "f1": Fbeta(1)}
    )

    def f1(engine: Engine) -> float:
        score: float = engine.state.metrics["f1"]
        return score

    saver = Checkpoint(
        {"model": model, "optimizer": optimizer},
        DiskSaver(str(folder), require_empty=False),
        score_function=f1,
        score_name="val_f1",
        n_saved=2,
        global_step_transform=global_step_from_engine(trainer),
    )
    evaluator.add_event_handler(Events.COMPLETED, saver)
    evaluator.add_event_handler(Events.COMPLETED, EarlyStopping(seed.epochs, f1, trainer))

    with (folder / "metrics.csv").open("w", newline="") as file:
        log = csv.DictWriter(file, ("epoch", "step", *KEYS))
        log.writeheader()

        @trainer.on(Events.ITERATION_COMPLETED(every=EVERY_N_STEPS))
        def note_step(engine: Engine) -> None:
            output: Any = engine.state.output
            step, loss = engine.state.iteration, output["loss"].item()
            log.writerow({"epoch": engine.state.epoch, "step": step, "train/loss_step": loss})

        @trainer.on(Events.EPOCH_COMPLETED)
        def validate(engine: Engine) -> None:
            evaluator.run(val)
            scores = {
                f"{stage}/{name}": value
                for stage, of in (("train", engine), ("val", evaluator))
                for name, value in of.state.metrics.items()
            }
            log.writerow({"epoch": engine.state.epoch, "step": engine.state.iteration, **scores})
            file.flush()

        trainer.run(train, max_epochs=seed.epochs)
    # Ignite counts epochs from 1.
    kept = sorted(int(path.name.split("_")[1]) - 1 for path in folder.glob("*.pt"))
    return Outcome(copied(model), read_scores(folder / "metrics.csv"), kept)
