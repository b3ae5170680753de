"""The processes of a run: their ranks, their group, who watches over them."""

import logging
import threading
from typing import Any

import torch.distributed as dist
from lightning_utilities.core.rank_zero import rank_zero_only

log = logging.getLogger(__name__)


def forks(strategy: object) -> bool:
    """Say whether a Trainer's ``strategy``, a name or an object, trains in children of its own."""
    if isinstance(strategy, str):
        return strategy.endswith(("_spawn", "_fork", "_forkserver", "_notebook"))
    return getattr(strategy, "_start_method", "popen") not in ("popen", None)


def global_rank() -> int:
    """Return this process's rank as its environment says, before there is a process group."""
    return int(getattr(rank_zero_only, "rank", None) or 0)


def release_observer() -> None:
    """Keep Lightning's observer thread from killing this process while it writes its ending.

    The observer sends SIGKILL to the main process within 5 s of a child's death.
    """
    for thread in threading.enumerate():
        if thread.name == "child-process-observer" and hasattr(thread, "_child_processes"):
            thread._child_processes = []


def default_store() -> Any | None:
    """Return the process group's store, which outlives a broken collective, if there is one."""
    if not (dist.is_available() and dist.is_initialized()):
        return None
    get = getattr(dist.distributed_c10d, "_get_default_store", None)
    if get is None:
        log.warning("a rank's exception cannot be announced: this torch has no default store")
        return None
    return get()
