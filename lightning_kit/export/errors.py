"""What stops an export, each in one line."""

from pathlib import Path
from typing import final


class ExportError(ValueError):
    """Something that is wrong with what was asked of an export."""


@final
class GateRefused(ExportError):
    """An exported file does not give the module's own answers, so no artefact was written.

    Args:
        reason: The first disagreement: format, output, row, what was expected and found.
        report: The file that says all.
    """

    def __init__(self, reason: str, report: Path) -> None:
        self.reason, self.report = reason, report
        super().__init__(f"{reason}; no artefact was written, the report is {report}")
