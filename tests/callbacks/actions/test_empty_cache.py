"""Garbage goes, and a machine without an accelerator does not complain."""

import gc
import weakref

import pytest
import torch

from lightning_kit.callbacks.actions import EmptyCache


class Cycle:
    def __init__(self) -> None:
        self.me = self


def test_garbage_is_collected() -> None:
    gc.disable()
    try:
        alive = weakref.ref(Cycle())
        assert alive() is not None
        EmptyCache()()
        assert alive() is None
    finally:
        gc.enable()


def test_the_accelerator_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "empty_cache", lambda: said.append("emptied"))
    EmptyCache()()
    assert said == ["emptied"]
    monkeypatch.delattr(torch.accelerator, "empty_cache")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: said.append("cuda"))
    EmptyCache()()
    assert said == ["emptied", "cuda"]
