"""A module that is interrupted in its third batch, as by Ctrl-C."""

from programs.raising import Raising


class Interrupted(Raising):
    def __init__(self) -> None:
        super().__init__(at=(3,), error=KeyboardInterrupt())
