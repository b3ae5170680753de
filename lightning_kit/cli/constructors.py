"""Name the class of a configuration whose constructor raised.

jsonargparse hands on what a constructor said, but not whose it was.
"""

import traceback
from collections.abc import Iterator

from lightning_fabric.utilities.exceptions import MisconfigurationException

from lightning_kit.cli.documents import Config
from lightning_kit.cli.messages import first_line
from lightning_kit.cli.places import addressed, walk
from lightning_kit.cli.plain_parts import refused

# Exceptions about an argument or a file speak for themselves; others need their class's name.
PLAIN = (ValueError, TypeError, ImportError, OSError, MisconfigurationException)


def of_constructor(error: BaseException, config: Config) -> str | None:
    """Return the one line for an exception of a constructor in ``config``, None for any other."""
    places = {entry["class_path"].rpartition(".")[2]: path for path, entry in walk(config)}
    for cause in _chain(error):
        if (place := refused(cause, config)) is not None:
            return f"{place}: {_said(cause)}"
        names = [
            type(frame.f_locals.get("self")).__name__
            for frame, _ in traceback.walk_tb(cause.__traceback__)
        ]
        for name in reversed(names):
            if name in places:
                place = addressed(places[name], config)
                where = place if name in place.split(".") else f"{place} ({name})"
                return f"{where}: {_said(cause)}"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _said(error: BaseException) -> str:
    line, name = first_line(error), type(error).__name__
    return line if isinstance(error, PLAIN) or line == name else f"{name}: {line}"
