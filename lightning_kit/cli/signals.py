"""Exit codes for Ctrl-C and SIGTERM, also where Lightning does not listen or has its own."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pytorch_lightning.utilities.exceptions import SIGTERMException

from lightning_kit.cli import PROGRAM
from lightning_kit.compat import global_rank

CTRL_C = 128 + signal.SIGINT
# Nothing was saved that a later run could go on from.
TERMINATED = 1


def with_exit_code(run: Callable[[], int], *, at_once: bool = False) -> int:
    """Return what ``run`` returns, or the code of the signal that ended it.

    Args:
        run: What to do.
        at_once: Whether SIGTERM ends it also where Lightning listens, which waits for the end of a
            batch, or does not heed it at all. For what saves nothing.
    """
    try:
        with _raised(at_once):
            return run()
    except SIGTERMException:
        say_terminated()
        return TERMINATED
    except SystemExit as ended:
        # Lightning makes of Ctrl-C an exit with 1, as of nothing else.
        if isinstance(ended.__context__, KeyboardInterrupt):
            return CTRL_C
        raise


def say_terminated(more: str = "") -> None:
    """Say in one line that SIGTERM ended the command."""
    if global_rank() == 0:
        print(f"{PROGRAM}: terminated{more}", file=sys.stderr)


@contextmanager
def _raised(at_once: bool) -> Iterator[None]:
    """Make SIGTERM an exception before training begins, as it is one while Lightning trains."""
    before = signal.getsignal(signal.SIGTERM)
    if before != signal.SIG_DFL or threading.current_thread() is not threading.main_thread():
        yield
        return
    own = os.getpid()

    def handle(number: int, _: FrameType | None) -> None:
        if os.getpid() != own:
            # A process that user code forked ends as it would without this.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        # Lightning's handler calls the one that was there before, and ends the fit by itself.
        elif at_once or signal.getsignal(number) is handle:
            raise SIGTERMException

    signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
