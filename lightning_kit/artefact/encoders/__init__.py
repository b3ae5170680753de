"""What a tensor graph cannot do with raw rows: text, dates and missing cells become numbers.

Encoders are plain data (they live in checkpoints and in an artefact's manifest), fitted on the
training rows and applied by this one implementation, in training and in serving.
"""

from lightning_kit.artefact.encoders.cells import RawRowsError
from lightning_kit.artefact.encoders.matrix import (
    KINDS,
    Encoder,
    RawRows,
    encode,
    feature_names,
    fit_encoders,
)

__all__ = [
    "KINDS",
    "Encoder",
    "RawRows",
    "RawRowsError",
    "encode",
    "feature_names",
    "fit_encoders",
]
