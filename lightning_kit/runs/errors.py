"""What is raised where a run, or something in it, cannot be found or read."""

from typing import final


@final
class RunError(ValueError):
    """A run directory or checkpoint that is not what was asked for; one line with the way out."""
