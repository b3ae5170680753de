"""A fit that is resumed judges each score as one that was not interrupted.

The sweep: who logs the key, which callback judges it and when, how often validation runs, and in
which hook, ahead of the judges or behind them, the checkpoint was saved.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from origin.stock import QUIET
from programs.plain import PlainData, PlainModule

from lightning_kit.callbacks import model_checkpoint
from lightning_kit.callbacks.actions import Validate
from lightning_kit.callbacks.early_stopping import EarlyStopping
from lightning_kit.callbacks.model_checkpoint import ModelCheckpoint
from lightning_kit.callbacks.on_event import OnEvent

pytestmark = [
    pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* is not empty:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*could not find the monitored key"),
]

KEYS = [
    "val_step", "val_hook", "train_step", "train_epoch", "train_hook", "fork_epoch",
    "both_epoch", "both_hook", "other/val_step",
]  # fmt: skip
EPOCHS, BATCHES = 3, 4


class Module(PlainModule):
    """Log each key of ``KEYS`` by what its name says; no two scores are the same."""

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        self.log("train_step", self._score())
        # Lightning takes an epoch's mean over the batches behind a resume alone.
        of_epoch = 5.0 + self.trainer.current_epoch % 2
        for key in ("train_epoch", "both_epoch"):
            self.log(key, of_epoch, on_step=False, on_epoch=True)
        self.log("fork", of_epoch, on_step=True, on_epoch=True)
        return super().training_step(batch, batch_idx)

    def on_train_epoch_end(self) -> None:
        for key in ("train_hook", "both_hook"):
            self.log(key, self._score(0.2))

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        for key in ("val_step", "both_epoch"):
            self.log(key, self._score(0.4))

    def on_validation_epoch_end(self) -> None:
        for key in ("val_hook", "both_hook"):
            self.log(key, self._score(0.6))

    def _score(self, shift: float = 0.0) -> float:
        """Go up and down, by where the fit is alone."""
        return ((self.trainer.fit_loop.total_batch_idx + 1) * 7 % 13) + shift


class Saves(pl.Callback):
    """Save in the hooks of the first two epochs.

    Left out, for Lightning loses these itself: the end of a batch that a validation or the epoch's
    end follows, which a resumed fit goes on behind, and the end of the fit.

    Args:
        folder: For the files; None: save nothing.
        name: Ends their names.
        hooks: In which to save.
    """

    def __init__(self, folder: Path | None, name: str, hooks: str) -> None:
        self.folder, self.name, self.hooks = folder, name, hooks

    def on_fit_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self.val_loop = trainer.fit_loop.epoch_loop.val_loop

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        if (trainer.fit_loop.total_batch_idx + 1) % 2:
            self._save(trainer, "batch_end")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        # A validation on other loaders is an event's, which a resumed fit does not come to again.
        if trainer.fit_loop.epoch_loop.val_loop is self.val_loop:
            self._save(trainer, "validation_end")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self._save(trainer, "epoch_end")

    def _save(self, trainer: pl.Trainer, hook: str) -> None:
        skip = self.folder is None or trainer.sanity_checking or trainer.current_epoch > 1
        if not skip and hook in self.hooks:
            assert self.folder is not None
            batch = trainer.fit_loop.total_batch_idx + 1
            trainer.save_checkpoint(self.folder / f"{batch}_{hook}_{self.name}.ckpt")


class SavesLate(Saves, pl.callbacks.Checkpoint):
    """Come behind early stopping and behind the module's own hook, where Lightning puts it."""


def judges() -> Iterator[pl.Callback]:
    for key in KEYS:
        for check_on in ("validation", "epoch", "step"):
            yield EarlyStopping(key, patience=99, nan="count", check_on=check_on)
        options: dict[str, Any] = {"save_top_k": -1, "monitor": key}
        yield ModelCheckpoint("kept", mode="min", save_on_train_epoch_end=True, **options)
        yield ModelCheckpoint("kept", mode="max", save_on_train_epoch_end=False, **options)
        yield ModelCheckpoint("kept", every_n_train_steps=1, **options)


def told(judge: Any) -> Any:
    if isinstance(judge, EarlyStopping):
        return judge.num_checks, float(judge.best_score), judge.wait_count
    kept = judge.best_k_models.items()
    return {Path(path).name: round(float(score), 3) for path, score in kept}


def is_lost(name: str, key: str) -> bool:
    """Say whether Lightning has forgotten the mean of an epoch that all batches came in."""
    at_end = name.startswith(("4_validation", "8_validation"))
    return at_end and any(each in key for each in ("train_epoch", "fork_epoch", "both_epoch"))


def run(settings: dict[str, Any], folder: Path | None = None, path: Path | None = None) -> Any:
    every = [*judges()]
    loader = PlainData().val_dataloader
    acts = [
        OnEvent(Validate(loader, "other"), "iteration_completed", once=[2, 6]),
        OnEvent(Validate(), "iteration_completed", once=[5]),
    ]
    stops = [each for each in every if isinstance(each, EarlyStopping)]
    keeps = [each for each in every if isinstance(each, ModelCheckpoint)]
    # Ahead of the module's own end of an epoch, what it logs there is not in the file.
    ahead = Saves(folder, "ahead", "batch_end validation_end")
    between = SavesLate(folder, "between", "epoch_end")
    behind = SavesLate(folder, "behind", "batch_end validation_end epoch_end")
    callbacks = [*acts, ahead, *stops, between, *keeps, behind]
    options = {**QUIET, "enable_checkpointing": True, "limit_train_batches": BATCHES, **settings}
    trainer = pl.Trainer(**options, max_epochs=EPOCHS, callbacks=callbacks)
    trainer.fit(Module(), PlainData(), ckpt_path=path, weights_only=True)
    return {judge.state_key: told(judge) for judge in every}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"check_val_every_n_epoch": 2},
        {"val_check_interval": 0.5},
    ],
    ids=lambda settings: "-".join(settings) or "each epoch",
)
def test_a_resumed_fit_judges_as_one_that_was_not_interrupted(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_checkpoint, "save_whole", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    whole = run(settings, tmp_path)
    wrong = []
    for path in sorted(tmp_path.glob("*.ckpt")):
        rest = run(settings, path=path)
        wrong += [
            f"{path.stem}: {key}: {rest[key]}, not {found}"
            for key, found in whole.items()
            if rest[key] != found and not is_lost(path.stem, key)
        ]
    assert not wrong, "\n".join(wrong)


SAVES: list[tuple[dict[str, Any], dict[str, Any], int]] = [
    # Validation comes more often than the saves, which wait for it at an epoch's end.
    (
        {"monitor": "val_step", "every_n_train_steps": 4},
        {"val_check_interval": 2, "max_epochs": 3},
        4,
    ),
    # Several batches make one step of the optimizer.
    (
        {"monitor": "train_step", "every_n_train_steps": 2},
        {"accumulate_grad_batches": 2, "max_epochs": 4},
        2,
    ),
]


@pytest.mark.parametrize(("arguments", "options", "step"), SAVES)
def test_a_fit_that_a_file_of_its_own_resumes_saves_what_is_due_and_no_more(
    arguments: dict[str, Any], options: dict[str, Any], step: int, tmp_path: Path
) -> None:
    def fit(checkpoint: Path | None = None) -> dict[str, float]:
        saver = ModelCheckpoint(tmp_path, filename="{step}", save_top_k=-1, **arguments)
        torch.manual_seed(0)
        settings = {**QUIET, "limit_train_batches": BATCHES, "limit_val_batches": 1, **options}
        trainer = pl.Trainer(**{**settings, "enable_checkpointing": True}, callbacks=[saver])
        trainer.fit(Module(), PlainData(), ckpt_path=checkpoint)
        return {Path(path).name: float(score) for path, score in saver.best_k_models.items()}

    whole = fit()
    for path in tmp_path.glob("*.ckpt"):
        if int(path.stem.removeprefix("step=")) > step:
            path.unlink()
    assert fit(tmp_path / f"step={step}.ckpt") == whole
