"""An epoch that ends early ends as every epoch does."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.traced import QUIET, Traced, loader, stream
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.plugins.precision import MixedPrecision

from lightning_kit.callbacks.end_epoch import EndEpoch, end_epoch
from lightning_kit.callbacks.epoch_cut import EpochCut
from lightning_kit.callbacks.event_handlers import EventHandlers
from lightning_kit.callbacks.events import Events
from lightning_kit.callbacks.on_event import OnEvent
from lightning_kit.compat import EpochLoop, callbacks_of
from lightning_kit.meters import EventFilter


class Scheduled(Traced):
    """A rate for each optimizer step or epoch, and a note of every hook around a step."""

    def __init__(self, interval: str = "epoch") -> None:
        super().__init__()
        self.interval = interval
        self.noted: list[str] = []

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.5)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        return [optimizer], [{"scheduler": schedule, "interval": self.interval}]

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        self.noted.append("step")

    def on_validation_start(self) -> None:
        self.noted.append("validate")

    def on_train_epoch_end(self) -> None:
        self.noted.append("epoch")

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.noted.append(f"batch {batch_idx}")


def fit(
    callbacks: list[pl.Callback],
    module: pl.LightningModule,
    train: Any = None,
    ckpt_path: Any = None,
    **settings: Any,
) -> pl.Trainer:
    settings = {**QUIET, "max_epochs": 2, **settings}
    trainer = pl.Trainer(**settings, callbacks=callbacks)
    trainer.fit(module, loader() if train is None else train, loader(8), ckpt_path=ckpt_path)
    assert not any(isinstance(callback, EpochCut) for callback in callbacks_of(trainer))
    assert "_should_check_val_fx" not in vars(trainer.fit_loop.epoch_loop)
    return trainer


@pytest.mark.parametrize("batches", [1, 3, 4])
@pytest.mark.parametrize(
    ("kind", "event", "interval"),
    [
        (loader, "iteration_started", "epoch"),
        (loader, "iteration_started", "step"),
        (loader, "iteration_completed", "epoch"),
        (loader, "iteration_completed", "step"),
        (loader, "backward_started", "step"),
        (stream, "iteration_started", "epoch"),
        (stream, "iteration_completed", "step"),
    ],
)
def test_it_is_as_if_the_loader_ended_there(
    kind: Any, event: str, batches: int, interval: str
) -> None:
    """Six batches an epoch, cut after ``batches``, beside a loader of that many."""
    settings: dict[str, Any] = {"accumulate_grad_batches": 3, "gradient_clip_val": 0.5}
    cut, whole = Scheduled(interval), Scheduled(interval)
    # The counts go on over epochs: after the first epoch's cut the second begins at batches + 1.
    early = EndEpoch(EventFilter(once=[batches, 2 * batches]), event=event)
    trainer = fit([early], cut, kind(), **settings)
    reference = fit([], whole, kind(4 * batches), **settings)
    torch.testing.assert_close(cut.net.weight, whole.net.weight, rtol=0, atol=0)
    assert cut.noted == whole.noted
    assert trainer.global_step == reference.global_step
    assert trainer.fit_loop.total_batch_idx == reference.fit_loop.total_batch_idx
    rates = [t.optimizers[0].param_groups[0]["lr"] for t in (trainer, reference)]
    assert rates[0] == rates[1]


def test_the_open_window_is_unscaled_by_a_gradient_scaler() -> None:
    def scaled() -> dict[str, Any]:
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        plugins = [MixedPrecision("16-mixed", "cpu", scaler)]
        return {"plugins": plugins, "accumulate_grad_batches": 3, "gradient_clip_val": 0.5}

    cut, whole = Scheduled(), Scheduled()
    fit([EndEpoch(EventFilter(once=[2, 4]))], cut, **scaled())
    fit([], whole, loader(8), **scaled())
    assert cut.noted == whole.noted
    torch.testing.assert_close(cut.net.weight, whole.net.weight, rtol=0, atol=0)


def test_manual_optimization_has_no_window_to_step() -> None:
    class Manual(Scheduled):
        automatic_optimization = False

        def training_step(self, batch: Any, batch_idx: int) -> None:  # type: ignore[override]
            self.optimizers().zero_grad()  # type: ignore[union-attr]
            self.manual_backward(self.loss(batch))
            self.optimizers().step()  # type: ignore[union-attr]

    cut, whole = Manual(), Manual()
    cut.automatic_optimization = whole.automatic_optimization = False
    fit([EndEpoch(EventFilter(once=[2, 4]))], cut)
    fit([], whole, loader(8))
    assert cut.noted == whole.noted
    torch.testing.assert_close(cut.net.weight, whole.net.weight, rtol=0, atol=0)


VALIDATIONS: list[dict[str, Any]] = [
    {},
    {"check_val_every_n_epoch": 5},
    {"val_check_interval": 4, "check_val_every_n_epoch": None},
    {"val_check_interval": 5},
    {"val_check_interval": {"hours": 1}},
]


@pytest.mark.parametrize("settings", VALIDATIONS)
@pytest.mark.parametrize("event", ["iteration_started", "iteration_completed"])
def test_it_validates_whatever_the_settings_say(event: str, settings: dict[str, Any]) -> None:
    asked, not_asked = Scheduled(), Scheduled()
    fit([EndEpoch(EventFilter(once=2), event=event)], asked, max_epochs=1, **settings)
    fit([EndEpoch(EventFilter(once=2), False, event)], not_asked, max_epochs=1, **settings)
    assert asked.noted == ["step", "batch 0", "step", "batch 1", "validate", "epoch"]
    assert not_asked.noted == ["step", "batch 0", "step", "batch 1", "epoch"]


def test_the_next_epoch_validates_as_set() -> None:
    module = Scheduled()
    fit([EndEpoch(EventFilter(once=1))], module, check_val_every_n_epoch=2, max_epochs=3)
    assert [note for note in module.noted if "batch" not in note and note != "step"] == [
        "validate", "epoch", "validate", "epoch", "epoch",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "failing", ["on_validation_start", "on_train_epoch_end", "on_train_batch_end"]
)
def test_what_was_borrowed_is_given_back_after_an_exception(failing: str) -> None:
    class Failing(Traced):
        pass

    def fail(self: Any, *args: Any) -> None:
        raise RuntimeError("cursed")

    setattr(Failing, failing, fail)
    trainer = pl.Trainer(**QUIET, max_epochs=2, callbacks=[EndEpoch(EventFilter(once=1))])
    with pytest.raises(RuntimeError, match="cursed"):
        trainer.fit(Failing(), loader(), loader())
    assert "_should_check_val_fx" not in vars(trainer.fit_loop.epoch_loop)
    assert not any(isinstance(callback, EpochCut) for callback in callbacks_of(trainer))


def asked_at(event: Any, **settings: Any) -> list[str]:
    events = EventHandlers()
    events.add_event_handler(event, end_epoch)
    module = Scheduled()
    fit([events], module, max_epochs=2, **settings)
    return [note for note in module.noted if note != "step"]


def test_where_it_may_be_asked() -> None:
    cut = ["batch 0", "validate", "epoch"]
    rest = [*(f"batch {i}" for i in range(6)), "validate", "epoch"]
    assert asked_at(Events.EPOCH_STARTED(once=1)) == [*cut, *rest]
    assert asked_at(Events.GET_BATCH_STARTED(once=1)) == [*cut, *rest]
    assert asked_at(Events.GET_BATCH_COMPLETED(once=1)) == [*cut, *rest]
    assert asked_at(Events.OPTIMIZER_STEP_COMPLETED(once=1)) == [*cut, *rest]
    # The epoch is over anyway.
    assert asked_at(Events.EPOCH_COMPLETED(once=1)) == [*rest, *rest]
    assert asked_at(Events.VALIDATION_COMPLETED(once=1)) == [*rest, *rest]
    # Between the third batch and the fourth, which still runs.
    middle = ["batch 0", "batch 1", "batch 2", "validate", "batch 3", "validate", "epoch"]
    half = [*middle[:4], "batch 3", "batch 4", "batch 5", "validate", "epoch"]
    assert asked_at(Events.VALIDATION_COMPLETED(once=1), val_check_interval=3) == [*middle, *half]


def test_a_stop_beside_it_ends_the_fit_and_no_further_epoch() -> None:
    module = Scheduled()
    events = EventHandlers()

    @events.on(Events.ITERATION_COMPLETED(once=2))
    def both(trainer: pl.Trainer) -> None:
        end_epoch(trainer, validate=False)
        trainer.should_stop = True

    trainer = fit([events], module)
    assert [n for n in module.noted if n != "step"] == ["batch 0", "batch 1", "epoch"]
    assert trainer.current_epoch == 1


def test_outside_of_an_epoch_it_is_refused() -> None:
    with pytest.raises(RuntimeError, match="needs an epoch that is running"):
        end_epoch(pl.Trainer(**QUIET))
    events = EventHandlers()
    events.add_event_handler(Events.STARTED, end_epoch)
    with pytest.raises(RuntimeError, match="needs an epoch that is running"):
        fit([events], Traced())


def test_as_a_callback_it_needs_a_filter() -> None:
    with pytest.raises(ValueError, match="filter must say when to end an epoch"):
        fit([EndEpoch()], Traced())
    with pytest.raises(ValueError, match="did you mean iteration_completed"):
        EndEpoch(EventFilter(every=3), event="iteration_complete")


def test_as_an_action() -> None:
    module = Scheduled()
    fit([OnEvent(EndEpoch(validate=False), "iteration_completed", once=1)], module, max_epochs=1)
    assert module.noted == ["step", "batch 0", "epoch"]


def test_an_unknown_lightning_lets_the_epoch_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(EpochLoop, "NEEDED", ("_gone",))
    module = Scheduled()
    fit([EndEpoch(EventFilter(once=1))], module, max_epochs=1)
    assert module.noted.count("step") == 6
    assert "the epoch goes on: this Lightning's loop has no _gone" in caplog.text


@pytest.mark.parametrize(
    ("when", "settings"),
    [
        ({"save_on_train_epoch_end": True}, {}),
        ({"save_on_train_epoch_end": False}, {}),
        ({"save_on_train_epoch_end": False}, {"check_val_every_n_epoch": 5}),
        ({"every_n_train_steps": 2}, {}),
        ({"every_n_train_steps": 2}, {"check_val_every_n_epoch": 5}),
    ],
)
@pytest.mark.parametrize("event", ["iteration_started", "iteration_completed"])
@pytest.mark.filterwarnings("ignore:The dirpath has changed")
# Lightning guesses from the number of steps whether the epoch had ended.
@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before")
def test_a_checkpoint_of_the_cut_epoch_resumes_in_the_next(
    tmp_path: Path, event: str, when: dict[str, Any], settings: dict[str, Any]
) -> None:
    """Cut after batch 2; six batches follow, whether or not a restart lies between."""

    def callbacks(folder: str) -> list[pl.Callback]:
        saving = ModelCheckpoint(tmp_path / folder, "{epoch}-{step}", save_top_k=-1, **when)
        return [EndEpoch(EventFilter(once=2), event=event), saving]

    settings = {"max_epochs": 2, "enable_checkpointing": True, **settings}
    whole = Traced()
    trainer = fit(callbacks("whole"), whole, **settings)
    assert trainer.fit_loop.total_batch_idx == 7
    saved = tmp_path / "whole" / "epoch=0-step=2.ckpt"
    assert saved.exists()
    resumed = Traced()
    trainer = fit(callbacks("resumed"), resumed, ckpt_path=saved, **settings)
    torch.testing.assert_close(resumed.net.weight, whole.net.weight, rtol=0, atol=0)
    assert trainer.fit_loop.total_batch_idx == 7
    assert trainer.current_epoch == 2
    assert trainer.global_step == 8


@pytest.mark.parametrize(
    ("settings", "saved_at"),
    [
        ({"max_epochs": 3}, 6),  # a whole epoch's last batch
        ({"max_epochs": 3, "check_val_every_n_epoch": 2}, 6),
        ({"max_epochs": 4, "max_steps": 16}, 6),
    ],
)
@pytest.mark.parametrize("event", ["iteration_started", "iteration_completed"])
@pytest.mark.filterwarnings("ignore:Checkpoint directory")
@pytest.mark.filterwarnings("ignore:The dirpath has changed")
@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before")
def test_an_epoch_behind_anothers_last_batch_can_be_cut(
    tmp_path: Path, event: str, settings: dict[str, Any], saved_at: int
) -> None:
    """Six batches, a cut after the eighth, and whole epochs of six from there."""

    class Batches(pl.Callback):
        def __init__(self) -> None:
            self.noted: list[tuple[int, int]] = []

        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            self.noted.append((trainer.fit_loop.total_batch_idx + 1, trainer.fit_loop.batch_idx))

    def callbacks() -> list[pl.Callback]:
        saving = ModelCheckpoint(tmp_path, "{step}", save_top_k=-1, every_n_train_steps=6)
        return [EndEpoch(EventFilter(once=8), event=event), saving, Batches()]

    settings = {"enable_checkpointing": True, **settings}
    whole, resumed = callbacks(), callbacks()
    fit(whole, Traced(), **settings)
    fit(resumed, Traced(), ckpt_path=tmp_path / f"step={saved_at}.ckpt", **settings)
    for each in (whole[-1], resumed[-1]):
        assert isinstance(each, Batches)
        assert (9, 0) in each.noted
    assert vars(whole[-1])["noted"][saved_at:] == vars(resumed[-1])["noted"]
