"""Ranks, the group's store and the observer of children."""

import threading
from types import SimpleNamespace

from lightning_kit import compat


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


def test_there_is_no_store_without_a_process_group() -> None:
    assert compat.default_store() is None
