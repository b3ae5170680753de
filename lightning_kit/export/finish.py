"""What an artefact holds beside its files once they have passed: golden rows, card, verdict."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from lightning_kit.artefact import golden
from lightning_kit.artefact.encoding import columns_of, encode_inputs
from lightning_kit.artefact.folder import Artefact
from lightning_kit.artefact.hashes import sha256_of
from lightning_kit.artefact.manifest import Manifest
from lightning_kit.artefact.seals import seals_of
from lightning_kit.export import card
from lightning_kit.export.asking import ask
from lightning_kit.export.not_finite import finite_rows
from lightning_kit.export.parts import Parts
from lightning_kit.export.samples import take
from lightning_kit.export.verdict import Verdict

_logger = logging.getLogger(__name__)
GOLDEN_ROWS = 16
# Raw pictures are long as text.
MOST_GOLDEN_ELEMENTS = 500_000


def finish(folder: Path, manifest: Manifest, verdict: Verdict, parts: Parts) -> None:
    """Complete ``folder``, open it as anybody will, and replay its golden rows.

    Raises:
        ArtefactError: If it is not what it should be.
    """
    for name, entry in manifest.formats.items():
        entry["latency_us"] = verdict.formats[name].latency_us
        if bound := entry.get("quantized"):
            for metric, lost in verdict.formats[name].metrics.items():
                _logger.info(
                    "%s: %s %.4g, of the model itself %.4g", bound, metric, lost["file"],
                    lost["module"],
                )  # fmt: skip
    names = _write_golden(folder, manifest, parts)
    done = replace(manifest, verification=verdict.as_json())
    (folder / card.FILE).write_text(card.model_card(done), encoding="utf-8")
    names += [card.FILE]
    done = replace(done, files={**manifest.files, **{n: sha256_of(folder / n) for n in names}})
    done.write(folder)
    opened = Artefact.open(folder)
    if "onnx" in done.formats:
        opened.replay()


def _write_golden(folder: Path, manifest: Manifest, parts: Parts) -> list[str]:
    """Write rows with the answers of the file that will be asked, which the gate has passed."""
    samples = parts.samples
    size = max(sum(np.asarray(column[0]).size for column in samples.rows.values()), 1)
    count = min(GOLDEN_ROWS, max(1, MOST_GOLDEN_ELEMENTS // size))
    if any(spec.finite for spec in manifest.inputs):
        samples = samples.take(np.flatnonzero(finite_rows(samples.rows)))
    rows = take(samples.rows, samples.spread(count))
    rows = {name: rows[name] for name in columns_of(manifest.encoders, manifest.inputs)}
    if "onnx" in manifest.formats:
        answers = Artefact(folder, manifest).answer(rows)
    else:
        answers = ask(parts.pipeline.answers, rows, np.arange(len(samples.spread(count))), count)
    inputs = encode_inputs(rows, manifest.encoders, manifest.inputs)
    return golden.write_golden(folder, rows, inputs, answers, metadata=seals_of(manifest))
