"""The parts of a manifest that decide an answer, sealed beside the golden answers.

A manifest can be edited by hand, and its files' hashes would still hold. What was verified is that
manifest alone, so a hash of each such part lies in the metadata of ``golden.safetensors``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.golden import TENSORS, read_metadata
from lightning_kit.artefact.manifest import FILE, Manifest

PARTS = ("inputs", "outputs", "classes", "encoders")
PREFIX = "manifest."


def seals_of(manifest: Manifest) -> dict[str, str]:
    """Return the SHA-256 of the canonical JSON of each part, in hexadecimal.

    Of ``formats``, these are the file's name and its hash; sizes and latencies decide nothing.
    """
    plain = asdict(manifest)
    files = {name: entry["file"] for name, entry in manifest.formats.items()}
    parts: dict[str, Any] = {name: plain[name] for name in PARTS}
    parts["formats"] = {name: [file, manifest.files[file]] for name, file in files.items()}
    return {PREFIX + name: _digest(part) for name, part in parts.items()}


def check_seals(folder: Path, manifest: Manifest) -> None:
    """Refuse a manifest that is not the one whose answers were verified.

    Raises:
        ArtefactError: Naming what was changed, or that nothing was sealed.
    """
    found: Mapping[str, str] = read_metadata(folder)
    for key, seal in seals_of(manifest).items():
        name = key.removeprefix(PREFIX)
        if key not in found:
            raise ArtefactError(
                f"{folder / TENSORS}: must seal {name!r} of the manifest, and does not (another "
                "lightning_kit wrote it): export again"
            )
        if found[key] != seal:
            raise ArtefactError(
                f"{folder / FILE}: {name!r} was changed after the artefact was verified: take the "
                "change back, or export again"
            )


def _digest(part: Any) -> str:
    text = json.dumps(part, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
