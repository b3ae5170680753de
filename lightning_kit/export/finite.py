"""What must be finite of an artefact: written into its manifest, and seen to be refused."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from lightning_kit.artefact.encoders import RawRows, RawRowsError
from lightning_kit.artefact.encoding import encode_inputs
from lightning_kit.artefact.folder import ONNX, Artefact
from lightning_kit.artefact.manifest import Manifest
from lightning_kit.artefact.tensor_spec import TensorSpec
from lightning_kit.export.extremes import extremes
from lightning_kit.export.not_finite import not_finite
from lightning_kit.export.samples import Samples
from lightning_kit.export.verdict import FormatVerdict, Verdict


def with_finite(folder: Path, manifest: Manifest, verdict: Verdict, samples: Samples) -> Manifest:
    """Return ``manifest`` with what the gate found must be finite, and write it.

    Where there is an ONNX file, rows are answered by it, so it alone decides what is refused. A
    line on each goes to the remarks of ``verdict``. Extreme rows are then answered as anybody will
    ask them; one that is answered all the same makes ``verdict`` a refusal.
    """
    formats = verdict.formats
    inputs = {
        name: [f for f in formats if name in formats[f].finite] for name in _all(formats, "finite")
    }
    outputs = _all(formats, "overflow")
    if not inputs and not outputs:
        return manifest
    refused = {name for name, which in inputs.items() if ONNX in which or ONNX not in formats}
    done = replace(
        manifest,
        inputs=_marked(manifest.inputs, refused),
        outputs=_marked(manifest.outputs, outputs),
    )
    done.write(folder)
    verdict.remarks += [
        f"input {name!r} must be finite{'' if name in refused else ' for these files'}: "
        f"{', '.join(which)} gives other answers than the model to rows with NaN or infinities"
        f"{', so they are refused' if name in refused else ''}"
        for name, which in inputs.items()
    ]
    verdict.remarks += [
        f"output {name!r} must be finite: rows so far out that the quantized file has no number "
        "for them are refused"
        for name in outputs
    ]
    for each in extremes(samples.rows, None) if refused else ():
        if set(not_finite(each.rows)) & refused and _answers(folder, done, each.rows):
            reason = f"{each.name}: must be refused, and is answered"
            formats["manifest"] = FormatVerdict(reason=reason)
            break
    return done


def _answers(folder: Path, manifest: Manifest, rows: RawRows) -> bool:
    try:
        if ONNX in manifest.formats:
            Artefact(folder, manifest).answer(rows)
        else:
            encode_inputs(rows, manifest.encoders, manifest.inputs)
    except RawRowsError:
        return False
    return True


def _all(formats: dict[str, FormatVerdict], key: str) -> list[str]:
    return sorted({name for each in formats.values() for name in getattr(each, key)})


def _marked(specs: Sequence[TensorSpec], names: Iterable[str]) -> tuple[TensorSpec, ...]:
    return tuple(replace(spec, finite=spec.name in set(names)) for spec in specs)
