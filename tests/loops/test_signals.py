"""A SIGTERM is heard without a collective, and acted on at once by one process alone."""

import os
import signal
from typing import Any

import pytest
import pytorch_lightning as pl
from programs.traced import QUIET, Traced, loader
from pytorch_lightning.utilities.exceptions import SIGTERMException
from torch._C._distributed_c10d import HashStore

from lightning_kit.loops import lean, signals


class Terminates(pl.Callback):
    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if batch_idx == 1:
            os.kill(os.getpid(), signal.SIGTERM)


def test_one_process_stops_after_the_batch() -> None:
    trainer = lean(pl.Trainer(max_epochs=1, callbacks=Terminates(), **QUIET))
    with pytest.raises(SIGTERMException):
        trainer.fit(Traced(), loader(), loader())
    assert trainer.global_step == 2


def test_the_next_run_has_heard_nothing() -> None:
    trainer = lean(pl.Trainer(max_epochs=1, callbacks=Terminates(), **QUIET))
    with pytest.raises(SIGTERMException):
        trainer.fit(Traced(), loader(), loader())
    trainer.callbacks = []  # type: ignore[attr-defined]
    trainer.fit(Traced(), loader(), loader())
    assert not trainer.received_sigterm


def test_of_several_ranks_nobody_stops_before_all_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    store = HashStore()
    monkeypatch.setattr(signals, "default_store", lambda: store)
    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    connector: Any = trainer._signal_connector
    connector.agree()
    connector._sigterm_notifier_fn(signal.SIGTERM, None)
    assert not trainer.received_sigterm
    # The second verdict is the third step's.
    connector.agree()
    with pytest.raises(SIGTERMException):
        connector.agree()
    assert trainer.received_sigterm


def test_without_a_store_each_goes_by_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "default_store", lambda: None)
    trainer = lean(pl.Trainer(max_epochs=1, **QUIET))
    connector: Any = trainer._signal_connector
    connector.agree()
    connector._sigterm_notifier_fn(signal.SIGTERM, None)
    connector.agree()
    assert trainer.received_sigterm


def test_another_trainers_run_reads_no_verdict_of_this_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = HashStore()
    monkeypatch.setattr(signals, "default_store", lambda: store)
    names = []
    for _ in range(2):
        connector: Any = lean(pl.Trainer(max_epochs=1, **QUIET))._signal_connector
        connector.agree()
        names.append(connector.agreement.name)
    assert names[0] != names[1]
