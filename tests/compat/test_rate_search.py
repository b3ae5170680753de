"""Lightning's rate search runs with other classes, which it has only for that long."""

from typing import Any

import pytest
import pytorch_lightning as pl
from programs.traced import QUIET, Traced, loader
from pytorch_lightning.tuner import lr_finder

from lightning_kit.compat import (
    RateCurve,
    RateSearch,
    refuse_missing_search,
    search_rates,
    sets_rate,
)


class Search(RateSearch):
    """Lightning's, under another name."""


def test_other_classes_search_and_are_given_back() -> None:
    found: list[Any] = []

    class Searches(pl.Callback):
        def on_fit_start(self, trainer: pl.Trainer, *args: Any) -> None:
            found.append(search_rates(Search, RateCurve, trainer, num_training=4))

    before = lr_finder._LRFinder
    trainer = pl.Trainer(max_steps=1, callbacks=Searches(), **QUIET)
    trainer.fit(Traced(), loader(), loader())
    assert type(found[0]) is Search
    assert len(found[0].results["lr"]) == 4
    assert lr_finder._LRFinder is before


def test_a_lightning_without_the_search_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refuse_missing_search("keep_ratio")
    monkeypatch.delattr(lr_finder, "_lr_find")
    with pytest.raises(ValueError, match="keep_ratio must be left out.*_lr_find"):
        refuse_missing_search("keep_ratio")
    assert "has no _lr_find" in caplog.text


def test_who_sets_a_rate(caplog: pytest.LogCaptureFixture) -> None:
    finder = pl.callbacks.LearningRateFinder
    found = [finder(), finder(update_attr=False), pl.Callback()]
    assert [sets_rate(each) for each in found] == [True, False, False]
    del vars(found[1])["_update_attr"]
    assert sets_rate(found[1])
    assert "no _update_attr" in caplog.text
