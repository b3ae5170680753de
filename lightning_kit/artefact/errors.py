"""The error about an artefact folder, or about what one is asked."""

from typing import final


@final
class ArtefactError(ValueError):
    """What is wrong with an artefact, or with the question: one line, with the way out."""
