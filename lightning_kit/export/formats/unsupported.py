"""A model that a format cannot take."""

from typing import final

from lightning_kit.export.errors import ExportError


@final
class Unsupported(ExportError):
    """A format cannot hold this model, and is left out of the artefact.

    Args:
        reason: One line that names the operation.
    """

    def __init__(self, reason: str) -> None:
        self.reason = " ".join(reason.split())
        super().__init__(self.reason)
