"""MODEL_CARD.md: what a manifest says, for people."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lightning_kit.artefact.manifest import Manifest
from lightning_kit.artefact.tensor_spec import TensorSpec

FILE = "MODEL_CARD.md"
MOST_CLASSES = 50
_OF_NUMBERS = ("mean", "std", "min", "max", "missing")


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
        _statistics(manifest.statistics),
        _pairs("Where it comes from", dict(_flat(manifest.lineage)), words=True),
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
        "| format | file | size in kB | microseconds for 1 row | microseconds for 64 rows |",
        "| --- | --- | --- | --- | --- |",
    )  # fmt: skip
    for name, entry in manifest.formats.items():
        latency = entry.get("latency_us") or {}
        cells = [
            _text(entry["file"]), _number(entry.get("bytes", 0) / 1000), _number(latency.get("1")),
            _number(latency.get("64")),
        ]  # fmt: skip
        yield f"| {_text(name)} | {' | '.join(cells)} |"
    yield ""
    yield from _differences(verification)
    for entry in manifest.formats.values():
        if quantized := entry.get("quantized"):
            yield f"{entry['file']} is quantized ({quantized}): its numbers differ from the model's"
            yield "own within the bound on the loss of its metrics."
            yield ""
    for remark in verification.get("remarks", ()):
        yield from (f"Note: {_text(remark)}.", "")


def _differences(verification: Mapping[str, Any]) -> Iterator[str]:
    """Tell how far each output of each file is from the model's own, and what was allowed."""
    lines = [
        f"| {_text(name)} | {_text(output)} | {_number(found.get('largest'))} "
        f"| {_number(found.get('p99'))} |"
        for name, each in verification.get("formats", {}).items()
        for output, found in (each.get("outputs") or {}).items()
    ]
    if not lines:
        return
    yield from ("| format | answer | largest difference | 99 % differ by at most |",)
    yield from ("| --- | --- | --- | --- |", *lines, "")
    if allowed := verification.get("tolerance"):
        relative, absolute = (_number(allowed.get(key)) for key in ("relative", "absolute"))
        yield f"Allowed is {absolute} and {relative} of the value itself."
        yield ""


def _statistics(found: Mapping[str, Any]) -> Iterator[str]:
    if not found:
        return
    yield from ("## What its inputs looked like", "")
    yield f"Of {_number(found.get('rows'))} {_text(found.get('of'))}; manifest.json has all."
    yield ""
    tables = found.get("columns") or found.get("inputs") or {}
    lines = [
        f"| {_text(name)} | {' | '.join(_number(table[key]) for key in _OF_NUMBERS)} |"
        for name, table in tables.items()
        if all(not isinstance(table.get(key, []), list) for key in _OF_NUMBERS)
    ]
    if lines:
        yield from ("| name | mean | deviation | smallest | largest | missing |",)
        yield from ("| --- | --- | --- | --- | --- | --- |", *lines, "")


def _flat(pairs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what lies in mappings by names that say where, and lists as people write them."""
    for name, value in pairs.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}, {inner}", each) for inner, each in _flat(value))
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name, value


def _pairs(title: str, pairs: Mapping[str, Any], *, words: bool = False) -> Iterator[str]:
    known = {name: value for name, value in pairs.items() if value not in (None, "", {}, [])}
    if known:
        yield from (f"## {title}", "")
        yield from (
            f"- {_text(name.replace('_', ' ') if words else name)}: {_text(value)}"
            for name, value in known.items()
        )
        yield ""


def _number(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value or "-")


def _text(value: Any) -> str:
    """Keep a name from being read as Markdown, a cell's end or HTML."""
    line = " ".join(str(value).split())
    for sign in "\\`*[]<>|#":
        line = line.replace(sign, f"\\{sign}")
    # Within a word an underscore is one.
    return re.sub(r"(?<![^\W_])_+|_+(?![^\W_])", lambda found: r"\_" * len(found[0]), line)
