"""MODEL_CARD.md: what a manifest says, for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lightning_kit.artefact.manifest import Manifest
from lightning_kit.artefact.tensor_spec import TensorSpec

FILE = "MODEL_CARD.md"
MOST_CLASSES = 50


def model_card(manifest: Manifest) -> str:
    """Return the card as Markdown; it says nothing that the manifest does not hold."""
    sections = (
        _summary(manifest),
        _takes(manifest),
        _table("Answers", manifest.outputs),
        _classes(manifest.classes),
        _metrics(manifest.verification),
        _checked(manifest),
        _pairs("Left out", manifest.left_out),
        _pairs("Where it comes from", manifest.lineage),
        _pairs("Versions", manifest.versions),
    )
    return "\n".join(line for section in sections for line in section)


def _summary(manifest: Manifest) -> Iterator[str]:
    yield f"# {_text(manifest.name)}"
    yield ""
    yield f"Exported {manifest.created}. To answer raw rows, without the code it was trained with:"
    yield ""
    yield "```"
    yield "lightning-kit predict ARTEFACT --rows FILE"
    yield "```"
    yield ""


def _takes(manifest: Manifest) -> Iterator[str]:
    if manifest.encoders is None:
        yield from _table("Takes", manifest.inputs)
        return
    yield from ("## Takes", "", "| column | kind |", "| --- | --- |")
    for encoder in manifest.encoders:
        yield f"| {_text(encoder['column'])} | {_text(encoder['kind'])} |"
    yield ""


def _table(title: str, specs: Sequence[TensorSpec]) -> Iterator[str]:
    yield from (f"## {title}", "", "| name | type | shape |", "| --- | --- | --- |")
    for spec in specs:
        yield f"| {_text(spec.name)} | {spec.dtype} | {' x '.join(map(str, spec.shape))} |"
    yield ""


def _classes(classes: Sequence[str] | None) -> Iterator[str]:
    if classes:
        shown = ", ".join(_text(name) for name in classes[:MOST_CLASSES])
        more = f" and {len(classes) - MOST_CLASSES} more" if len(classes) > MOST_CLASSES else ""
        yield from ("## Classes", "", f"In order: {shown}{more}.", "")


def _metrics(verification: Mapping[str, Any]) -> Iterator[str]:
    if not (metrics := verification.get("metrics")):
        return
    samples = verification.get("samples")
    yield from ("## Measured", "", f"On {samples} validation samples; intervals are of 95 %.", "")
    yield from ("| metric | value | from | to |", "| --- | --- | --- | --- |")
    for name, found in metrics.items():
        numbers = (_number(found.get(key)) for key in ("value", "low", "high"))
        yield f"| {_text(name)} | {' | '.join(numbers)} |"
    yield ""


def _checked(manifest: Manifest) -> Iterator[str]:
    verification = manifest.verification
    yield from (
        "## Checked", "",
        f"Each file gave the model's own answers to {verification.get('samples')} samples, "
        f"{verification.get('one_by_one')} of them also one by one and two by two.", "",
        "| format | file | kB | us at batch 1 | us at batch 64 | share of what may differ |",
        "| --- | --- | --- | --- | --- | --- |",
    )  # fmt: skip
    for name, entry in manifest.formats.items():
        latency = entry.get("latency_us") or {}
        found = verification.get("formats", {}).get(name, {})
        shares = [value for value in found.get("batches", {}).values() if isinstance(value, float)]
        cells = [
            entry["file"], _number(entry.get("bytes", 0) / 1000), _number(latency.get("1")),
            _number(latency.get("64")), _number(max(shares, default=None)),
        ]  # fmt: skip
        yield f"| {_text(name)} | {' | '.join(map(str, cells))} |"
    yield ""
    for entry in manifest.formats.values():
        if quantized := entry.get("quantized"):
            yield f"{entry['file']} is quantized ({quantized}): its numbers differ from the model's"
            yield "own within the bound on the loss of its metrics."
            yield ""
    for remark in verification.get("remarks", ()):
        yield from (f"Note: {_text(remark)}.", "")


def _pairs(title: str, pairs: Mapping[str, Any]) -> Iterator[str]:
    known = {name: value for name, value in pairs.items() if value not in (None, "", {}, [])}
    if known:
        yield from (f"## {title}", "")
        yield from (f"- {_text(name)}: {_text(value)}" for name, value in known.items())
        yield ""


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else str(value or "-")


def _text(value: Any) -> str:
    """Keep a name from being read as Markdown, a cell's end or HTML."""
    line = " ".join(str(value).split())
    for sign in "\\`*_[]<>|#":
        line = line.replace(sign, f"\\{sign}")
    return line
