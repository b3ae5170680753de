"""Every fetch of a batch is heard of, by each that watches."""

from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.plain import PlainData, PlainModule

from lightning_kit import compat
from lightning_kit.compat import fetch_watches

SILENT: dict[str, Any] = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}


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
    assert loop not in fetch_watches._fetch_watches
    return said


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
