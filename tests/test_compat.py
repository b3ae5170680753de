"""What the kit reads of protected state is there, and its absence is survived."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning.pytorch as twin
import pytest
import pytorch_lightning as pl
import torch
from programs.plain import PlainData, PlainModule

from lightning_kit import compat


def trained() -> pl.Trainer:
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(PlainModule(), datamodule=PlainData())
    return trainer


def test_a_rank_local_checkpoint_is_lightnings_own(tmp_path: Path) -> None:
    trainer = trained()
    assert compat.save_rank_local(trainer, tmp_path / "deep" / "local.ckpt")
    trainer.save_checkpoint(tmp_path / "stock.ckpt")
    local = torch.load(tmp_path / "deep" / "local.ckpt", weights_only=True)
    stock = torch.load(tmp_path / "stock.ckpt", weights_only=True)
    assert local.keys() == stock.keys()
    for name, weight in stock["state_dict"].items():
        assert torch.equal(weight, local["state_dict"][name])


def test_without_lightnings_dump_nothing_is_saved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = SimpleNamespace(strategy=pl.Trainer(accelerator="cpu", logger=False).strategy)
    assert not compat.save_rank_local(trainer, tmp_path / "a.ckpt")  # type: ignore[arg-type]
    assert "no dump_checkpoint" in caplog.text


def test_a_sharded_strategy_is_left_alone(tmp_path: Path) -> None:
    assert not compat.save_rank_local(SimpleNamespace(strategy=object()), tmp_path / "a")  # type: ignore[arg-type]


def test_the_observer_no_longer_sees_children() -> None:
    from lightning_fabric.strategies.launchers.subprocess_script import _ChildProcessObserver

    child = SimpleNamespace(poll=lambda: None, returncode=1, pid=1)
    observer = _ChildProcessObserver(main_pid=0, child_processes=[child], sleep_period=0)  # type: ignore[list-item]
    running = threading.enumerate
    try:
        threading.enumerate = lambda: [observer]
        compat.release_observer()
    finally:
        threading.enumerate = running
    assert observer._run(), "a released observer has nothing to watch, and kills nothing"


def test_a_twins_trainer_is_named() -> None:
    trainer = twin.Trainer(accelerator="cpu", logger=False)
    with pytest.raises(TypeError, match=r"lightning\.pytorch.*pytorch_lightning\.Trainer"):
        compat.refuse_twin(trainer, object())


def test_there_is_no_store_without_a_process_group() -> None:
    assert compat.default_store() is None


def test_rank_and_callbacks_are_read() -> None:
    assert compat.global_rank() == 0
    assert compat.callbacks_of(pl.Trainer(accelerator="cpu", logger=False))


def fetched(loader: object, take_away: int | None = None) -> list[str]:
    """Return what two watches said of two epochs; one is taken away after an epoch or never."""
    said: list[str] = []
    trainer = pl.Trainer(max_epochs=2, **SILENT)
    stops = []

    class Watch(pl.Callback):
        def on_train_start(self, trainer: pl.Trainer, *args: object) -> None:
            for name in ("a", "b"):
                stops.append(
                    compat.watch_fetches(
                        trainer,
                        lambda count, name=name: said.append(f"{name}{count}"),  # type: ignore[misc]
                        lambda count, name=name: said.append(f"{name}{count}!"),  # type: ignore[misc]
                    )
                )

        def on_train_epoch_end(self, trainer: pl.Trainer, *args: object) -> None:
            if take_away is not None and trainer.current_epoch == 0:
                stops[take_away]()

    trainer.callbacks = [Watch()]  # type: ignore[attr-defined]
    trainer.fit(PlainModule(), loader, loader)
    for stop in stops:
        stop()
        stop()
    loop = trainer.fit_loop.epoch_loop
    assert not {"_on_before_fetch", "_on_after_fetch"} & set(vars(loop))
    assert loop not in compat._fetch_watches
    return said


SILENT: dict[str, Any] = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}


def test_watches_of_fetches_coexist_and_go_in_any_order() -> None:
    data = PlainData(batch_size=20).train_dataloader()
    one = ["a1", "b1", "a1!", "b1!", "a2", "b2", "a2!", "b2!"]
    assert fetched(data) == [*one, *(s.translate(str.maketrans("12", "34")) for s in one)]
    assert fetched(data, take_away=0) == [*one, "b3", "b3!", "b4", "b4!"]
    assert fetched(data, take_away=1) == [*one, "a3", "a3!", "a4", "a4!"]


def test_a_fetch_that_raises_is_not_completed() -> None:
    class Torn(torch.utils.data.Dataset[torch.Tensor]):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> torch.Tensor:
            raise OSError("torn file")

    said: list[str] = []
    trainer = pl.Trainer(max_epochs=1, **SILENT)

    class Watch(pl.Callback):
        def on_train_start(self, *args: object) -> None:
            compat.watch_fetches(trainer, lambda n: said.append("?"), lambda n: said.append("!"))

    trainer.callbacks = [Watch()]  # type: ignore[attr-defined]
    module = PlainModule()
    with pytest.raises(OSError, match="torn file"):
        trainer.fit(module, torch.utils.data.DataLoader(Torn()), PlainData().val_dataloader())
    assert said == ["?"]


def test_without_the_loops_functions_nothing_is_watched(caplog: pytest.LogCaptureFixture) -> None:
    trainer = SimpleNamespace(fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace()))
    compat.watch_fetches(trainer, print, print)()  # type: ignore[arg-type]
    assert "no event around fetching a batch" in caplog.text


def test_a_batch_whose_values_lightning_logs(caplog: pytest.LogCaptureFixture) -> None:
    class Listen(pl.Callback):
        def __init__(self) -> None:
            self.said: list[bool] = []

        def on_train_batch_end(self, trainer: pl.Trainer, *args: object) -> None:
            self.said.append(compat.logs_this_batch(trainer))

    listen = Listen()
    trainer = pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        max_epochs=1,
        log_every_n_steps=2,
        callbacks=[listen],
    )
    trainer.fit(PlainModule(), PlainData())
    assert listen.said == [False, True, False, True, False]
    del trainer.fit_loop.epoch_loop._batches_that_stepped
    assert not compat.logs_this_batch(trainer)
    assert "does not count its log steps" in caplog.text


def test_the_weights_to_save_are_those_of_a_weights_only_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = trained()

    def mark(checkpoint: dict[str, Any]) -> None:
        checkpoint["state_dict"] = {"marked": torch.ones(1)}

    monkeypatch.setattr(trainer.lightning_module, "on_save_checkpoint", mark)
    trainer.save_checkpoint(tmp_path / "weights.ckpt", weights_only=True)
    stock = torch.load(tmp_path / "weights.ckpt", weights_only=True)["state_dict"]
    assert compat.weights_to_save(trainer).keys() == stock.keys() == {"marked"}

    monkeypatch.setattr(trainer, "_checkpoint_connector", object())
    assert compat.weights_to_save(trainer).keys() == trainer.lightning_module.state_dict().keys()
    assert "no dump_checkpoint" in caplog.text


def test_a_detour_holds_until_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    class Owner:
        def say(self) -> str:
            return "stock"

    owner = Owner()
    first = compat.detour(owner, "say", lambda method: lambda: method() + " first")
    second = compat.detour(owner, "say", lambda method: lambda: method() + " second")
    assert owner.say() == "stock first second"
    # Another lies around it: it lets calls pass, and goes with that one.
    first()
    assert owner.say() == "stock second"
    second()
    first()
    assert owner.say() == "stock"
    assert vars(owner) == {}
    compat.detour(owner, "sing", lambda method: method)()
    assert "Owner has no sing to listen to" in caplog.text


@pytest.mark.parametrize("raises", [True, False])
def test_after_an_interruption_but_not_after_a_fit(raises: bool) -> None:
    said: list[str] = []
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    undo = compat.after_interruption(trainer, lambda: said.append("interrupted"))
    if raises:
        with pytest.raises(RuntimeError, match="cursed"):
            trainer.fit(PlainModule(fail_at=2), PlainData())
    else:
        trainer.fit(PlainModule(), PlainData())
    assert said == ["interrupted"] * raises
    undo()
    assert "_teardown" not in vars(trainer)


def test_a_scaler_forgets_what_it_unscaled(caplog: pytest.LogCaptureFixture) -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    torch.autograd.backward(scaler.scale(weight.sum()))
    scaler.unscale_(optimizer)
    trainer: Any = SimpleNamespace(precision_plugin=SimpleNamespace(scaler=scaler))
    with pytest.raises(RuntimeError, match="already been called"):
        scaler.unscale_(optimizer)
    compat.forget_unscaled(trainer)
    scaler.unscale_(optimizer)

    trainer.precision_plugin.scaler = object()
    compat.forget_unscaled(trainer)
    assert "keeps no state that can be cleared" in caplog.text


def test_the_current_hook_comes_back() -> None:
    module = PlainModule()
    module._current_fx_name = "training_step"
    back = compat.remember_hook(module)
    module._current_fx_name = "optimizer_step"
    back()
    assert module._current_fx_name == "training_step"
