"""Tell a peer that raised from a peer that died."""

import time
from datetime import timedelta

import torch.distributed as dist

from lightning_kit.compat import default_store

KEY = "lightning_kit/raised"
WAIT_S = 2.0
# What gloo and NCCL say when the other side is gone.
BROKEN_LINK = (
    "connection closed by peer",
    "connection reset by peer",
    "broken pipe",
    "socket closed",
    "gloo",
    "nccl",
    "timed out waiting",
)


def is_broken_link(error: BaseException) -> bool:
    """Say whether ``error`` is a collective that lost its peer rather than a fault of this rank."""
    if isinstance(error, dist.DistError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in BROKEN_LINK)


def announce(error: BaseException) -> None:
    """Write into the process group's store that this rank raised ``error``."""
    if (store := default_store()) is not None:
        try:
            store.set(KEY, f"{type(error).__name__}: {error}".splitlines()[0])
        except (RuntimeError, dist.DistError):
            return  # The store's host is gone, and with it everyone who could read this.


def announced(wait_s: float = WAIT_S) -> str | None:
    """Return what a peer announced within ``wait_s`` seconds, or None: then the peer died."""
    if (store := default_store()) is None:
        return None
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        try:
            store.wait([KEY], timedelta(seconds=min(0.2, wait_s)))
            return str(store.get(KEY).decode())
        except (RuntimeError, dist.DistError):
            time.sleep(0.05)
    return None
