"""Show what a part of the kit says in its log, once, on the console."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lightning_kit.compat import global_rank


@contextmanager
def shown(name: str) -> Iterator[None]:
    """Print the remarks of the logger ``name`` to stderr for a while, on rank 0 alone.

    A line that comes with every epoch or validation is printed the first time.
    """
    log = logging.getLogger(name)
    level, seen = log.level, set[str]()

    def is_new(record: logging.LogRecord) -> bool:
        line = record.getMessage()
        is_known = line in seen
        seen.add(line)
        return not is_known and global_rank() == 0

    console = logging.StreamHandler(sys.stderr)
    console.addFilter(is_new)
    log.addHandler(console)
    if level == logging.NOTSET:
        log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(console)
