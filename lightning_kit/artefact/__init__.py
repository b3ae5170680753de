"""The artefact folder's contract. Numpy, and what a manifest asks for: no torch, no Lightning."""

from lightning_kit.artefact.encoding import encode_inputs
from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.folder import Artefact
from lightning_kit.artefact.manifest import Manifest
from lightning_kit.artefact.rows.read import read_rows
from lightning_kit.artefact.tensor_spec import TensorSpec

__all__ = ["Artefact", "ArtefactError", "Manifest", "TensorSpec", "encode_inputs", "read_rows"]
